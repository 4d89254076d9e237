meso_proto(proto_screening ROOT ${CMAKE_SOURCE_DIR}/proto
  FILES meso/screening/v1/questionnaire.proto meso/screening/v1/condition.proto
        meso/screening/v1/rule_set.proto meso/screening/v1/assessment.proto
        meso/screening/v1/clearance.proto meso/screening/v1/events.proto
  GRPC meso/screening/v1/screening_service.proto
  DEPS proto_google proto_options proto_events)
