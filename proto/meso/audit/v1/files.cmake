meso_proto(proto_audit ROOT ${CMAKE_SOURCE_DIR}/proto
  FILES meso/audit/v1/log_leaf.proto meso/audit/v1/bundle.proto meso/audit/v1/checkpoint.proto
        meso/audit/v1/control.proto meso/audit/v1/entry.proto meso/audit/v1/grant.proto
        meso/audit/v1/retention.proto meso/audit/v1/source.proto
        meso/audit/v1/verification.proto
  GRPC meso/audit/v1/audit_service.proto
  DEPS proto_google proto_options)
