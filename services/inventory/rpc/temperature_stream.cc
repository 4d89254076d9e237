#include "services/inventory/rpc/temperature_stream.h"

#include <utility>

#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/status_to_grpc.h"
#include "services/inventory/rpc/cold_chain_convert.h"

namespace meso::inventory {
namespace {

constexpr absl::string_view kMethod = "meso.inventory.v1.InventoryService/RecordTemperatures";
// An answer shows at most so many excursions; ListExcursions has them all.
constexpr size_t kExcursionsShownMax = 1000;

}  // namespace

TemperatureStream::TemperatureStream(CallServer& calls, const ColdChainOperations& operations,
                                     KnownSites& sites, grpc::CallbackServerContext& context,
                                     v1::RecordTemperaturesResponse& response)
    : calls_(calls),
      operations_(operations),
      sites_(sites),
      context_(context),
      response_(response) {
  StartRead(&request_);
}

void TemperatureStream::OnReadDone(bool ok) {
  if (!ok) return calls_.RunOnSagaPool([this] { Close(); });
  if (batches_ > 0) return calls_.RunOnSagaPool([this] { TakeBatch(); });
  // Only the first message begins work that the server may be too busy for.
  if (!calls_.TryRunOnSagaPool([this] { TakeBatch(); })) {
    End(Overloaded(absl::Milliseconds(100)));
  }
}

void TemperatureStream::TakeBatch() {
  ++batches_;
  const absl::Status status = RunBatch();
  if (!status.ok()) return End(status);
  request_.Clear();
  StartRead(&request_);
}

absl::Status TemperatureStream::RunBatch() {
  TemperatureBatch batch;
  const auto convert = [&]() -> absl::Status {
    MESO_ASSIGN_OR_RETURN(batch, FromProto(request_));
    return absl::OkStatus();
  };
  MESO_ASSIGN_OR_RETURN(call_, calls_.Admit(context_, kMethod, request_, convert));
  const absl::Status known = sites_.Ensure(SiteName(SiteOf(request_.storage_unit())));
  if (!known.ok()) {
    const absl::Status recorded = calls_.RecordCall(call_, known);
    return recorded.ok() ? known : recorded;
  }
  // What is kept as the batch's reply: its counts, and the names of the excursions it changed.
  v1::RecordTemperaturesResponse reply;
  MESO_RETURN_IF_ERROR(calls_.RunMessage(
      call_, request_, &reply, [&](Transaction& tx, const CallContext& call) -> absl::Status {
        MESO_ASSIGN_OR_RETURN(const TemperatureAnswer answer,
                              operations_.RecordTemperatures(tx, call, batch));
        reply.set_recorded(answer.recorded);
        reply.set_duplicates(answer.duplicates);
        for (const ExcursionName& name : answer.excursions) {
          reply.add_excursions()->set_name(name.value());
        }
        return absl::OkStatus();
      }));
  response_.set_recorded(response_.recorded() + reply.recorded());
  response_.set_duplicates(response_.duplicates() + reply.duplicates());
  for (const v1::Excursion& excursion : reply.excursions()) {
    if (changed_.size() < kExcursionsShownMax) changed_.emplace(excursion.name());
  }
  return absl::OkStatus();
}

void TemperatureStream::Close() {
  if (context_.IsCancelled()) return End(absl::CancelledError("the caller has gone"));
  if (batches_ > 0) return End(Answer());
  // A stream without a message is a request without any of its fields.
  const absl::Status refused = calls_.Admit(context_, kMethod, request_).status();
  FieldErrors errors;
  errors.Required("readings");
  End(refused.ok() ? errors.ToStatus() : refused);
}

absl::Status TemperatureStream::Answer() {
  return calls_.options().database->Read(
      [&](Transaction& tx) -> absl::Status {
        response_.clear_excursions();
        for (const ExcursionName& name : changed_) {
          const absl::StatusOr<Excursion> excursion = operations_.GetExcursion(tx, call_, name);
          // Batches of one stream may be of several sites: the last one's rights count.
          if (absl::IsNotFound(excursion.status())) continue;
          MESO_RETURN_IF_ERROR(excursion.status());
          ToProto(*excursion, response_.add_excursions());
        }
        return absl::OkStatus();
      },
      call_.deadline);
}

void TemperatureStream::End(const absl::Status& status) {
  Finish(StatusToGrpc(PublicStatus(status, call_.correlation_id), calls_.options().service));
}

}  // namespace meso::inventory
