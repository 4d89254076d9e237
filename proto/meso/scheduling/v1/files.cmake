meso_proto(proto_scheduling ROOT ${CMAKE_SOURCE_DIR}/proto
  FILES meso/scheduling/v1/working_hours.proto meso/scheduling/v1/site.proto
        meso/scheduling/v1/practitioner.proto meso/scheduling/v1/room.proto
        meso/scheduling/v1/device.proto meso/scheduling/v1/treatment_type.proto
        meso/scheduling/v1/availability.proto meso/scheduling/v1/appointment.proto
        meso/scheduling/v1/events.proto
  GRPC meso/scheduling/v1/scheduling_admin_service.proto
       meso/scheduling/v1/scheduling_service.proto
  DEPS proto_google proto_options proto_events)
