meso_proto(proto_inventory ROOT ${CMAKE_SOURCE_DIR}/proto
  FILES meso/inventory/v1/product.proto meso/inventory/v1/scan.proto meso/inventory/v1/lot.proto
        meso/inventory/v1/reservation.proto meso/inventory/v1/administration.proto
        meso/inventory/v1/recall.proto meso/inventory/v1/storage_unit.proto
        meso/inventory/v1/container.proto meso/inventory/v1/stock.proto
        meso/inventory/v1/transfer.proto meso/inventory/v1/stock_count.proto
        meso/inventory/v1/cold_chain.proto meso/inventory/v1/planning.proto
        meso/inventory/v1/exchange.proto meso/inventory/v1/events.proto
  GRPC meso/inventory/v1/inventory_service.proto
  DEPS proto_google proto_options proto_events)
