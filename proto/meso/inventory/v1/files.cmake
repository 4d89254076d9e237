meso_proto(proto_inventory ROOT ${CMAKE_SOURCE_DIR}/proto
  FILES meso/inventory/v1/product.proto meso/inventory/v1/scan.proto meso/inventory/v1/lot.proto
        meso/inventory/v1/reservation.proto meso/inventory/v1/administration.proto
        meso/inventory/v1/recall.proto meso/inventory/v1/storage_unit.proto
        meso/inventory/v1/events.proto
  GRPC meso/inventory/v1/inventory_service.proto
  DEPS proto_google proto_options proto_events)
