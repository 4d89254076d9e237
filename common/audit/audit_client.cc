#include "common/audit/audit_client.h"

#include <memory>
#include <utility>

#include "common/audit/audit_draft.h"
#include "common/base/call_context.h"
#include "common/base/status_macros.h"
#include "meso/audit/v1/audit_service.grpc.pb.h"

namespace meso {
namespace {

using audit::v1::AuditService;

constexpr size_t kRequestBytesMax = 700'000;  // of the server's 1 MB
constexpr int kRequestEntriesMax = 1000;

class AuditClient {
 public:
  AuditClient(const Peer& peer, absl::Duration timeout)
      : peer_(peer), timeout_(timeout), stub_(AuditService::NewStub(peer.channel())) {}

  absl::Status Deliver(const AuditSource& source, const std::vector<AuditRecord>& records) {
    audit::v1::BatchAppendEntriesRequest request;
    size_t bytes = 0;
    for (const AuditRecord& record : records) {
      audit::v1::EntryDraft draft = DraftOf(record);
      const size_t size = draft.ByteSizeLong();
      if (request.entries_size() > 0 &&
          (bytes + size > kRequestBytesMax || request.entries_size() == kRequestEntriesMax)) {
        MESO_RETURN_IF_ERROR(Send(source, &request));
        bytes = 0;
      }
      bytes += size;
      *request.add_entries() = std::move(draft);
    }
    return request.entries_size() == 0 ? absl::OkStatus() : Send(source, &request);
  }

 private:
  absl::Status Send(const AuditSource& source, audit::v1::BatchAppendEntriesRequest* request) {
    request->set_source(source.service);
    request->set_epoch(source.epoch);
    request->set_newest_sequence(static_cast<uint64_t>(source.newest_sequence));
    audit::v1::BatchAppendEntriesResponse response;
    absl::Status status =
        CallPeer(peer_, *stub_, &AuditService::Stub::BatchAppendEntries,
                 ServiceContext(source.service, "audit_relay"), timeout_, *request, &response);
    const uint64_t last = request->entries(request->entries_size() - 1).sequence();
    request->Clear();
    if (!status.ok()) return status;
    if (response.last_sequence() < last) {
      return absl::InternalError("the audit service answered for fewer entries than were sent");
    }
    return absl::OkStatus();
  }

  const Peer& peer_;
  const absl::Duration timeout_;
  const std::unique_ptr<AuditService::Stub> stub_;
};

}  // namespace

AuditDelivery DeliverToAuditService(const Peer& peer, absl::Duration timeout) {
  auto client = std::make_shared<AuditClient>(peer, timeout);
  return [client](const AuditSource& source, const std::vector<AuditRecord>& records) {
    return client->Deliver(source, records);
  };
}

}  // namespace meso
