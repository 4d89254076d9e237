// From the operations' values to responses. Pure; each function fills an empty message.
#ifndef MESO_SERVICES_INVENTORY_RPC_INVENTORY_ANSWER_H_
#define MESO_SERVICES_INVENTORY_RPC_INVENTORY_ANSWER_H_

#include "meso/inventory/v1/administration.pb.h"
#include "meso/inventory/v1/lot.pb.h"
#include "meso/inventory/v1/product.pb.h"
#include "meso/inventory/v1/recall.pb.h"
#include "meso/inventory/v1/reservation.pb.h"
#include "meso/inventory/v1/storage_unit.pb.h"
#include "services/inventory/inventory_operations.h"

namespace meso::inventory {

void ToProto(const EventPosition& in, events::v1::Position* out);
void ToProto(const Product& in, v1::Product* out);
void ToProto(const Cocktail& in, v1::Cocktail* out);
void ToProto(const Lot& in, v1::Lot* out);
void ToProto(const StockLevel& in, v1::StockLevel* out);
void ToProto(const ReceiptAnswer& in, v1::ReceiveStockResponse* out);
void ToProto(const Movement& in, v1::Movement* out);
void ToProto(const StorageUnit& in, v1::StorageUnit* out);
void ToProto(const Reservation& in, v1::Reservation* out);
void ToProto(const AsOf<Reservation>& in, v1::Reservation* out);
void ToProto(const DrawnLot& in, v1::DrawnLot* out);
void ToProto(const DrawAnswer& in, v1::DrawStockResponse* out);
void ToProto(const Administration& in, v1::Administration* out);
void ToProto(const Recall& in, v1::Recall* out);
void ToProto(const EmergencyKit& in, v1::EmergencyKit* out);
void ToProto(const LotTrace& in, v1::LotTrace* out);
void ToProto(const PatientTrace& in, v1::PatientTrace* out);
void ToProto(const LedgerReport& in, v1::LedgerReport* out);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_INVENTORY_ANSWER_H_
