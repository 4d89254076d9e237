// One call that streams a bundle: reads the log in steps and writes the bundle in chunks, as fast
// as the reader takes them. What is in the bundle is the derived class's: export_stream.h,
// prove_stream.h.
//
// At most one step's bytes are held, so a slow reader costs memory for itself only and never delays
// others. The call is recorded before its first byte leaves, and again at its end with the patients
// it named. Steps run on the saga pool; gRPC's threads only hand over. Deletes itself when gRPC is
// done with it.
#ifndef MESO_SERVICES_AUDIT_RPC_BUNDLE_STREAM_H_
#define MESO_SERVICES_AUDIT_RPC_BUNDLE_STREAM_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "common/rpc/serve_call.h"
#include "meso/audit/v1/audit_service.pb.h"
#include "services/audit/domain/bundle.h"

namespace meso::audit {

class BundleStream : public grpc::ServerWriteReactor<v1::ExportEntriesResponse> {
 public:
  void OnWriteDone(bool ok) override;
  void OnCancel() override { cancelled_.store(true, std::memory_order_relaxed); }
  void OnDone() override { delete this; }

 protected:
  // `method`, `context` and `request` live as long as the call.
  BundleStream(CallServer& calls, absl::string_view method, grpc::CallbackServerContext& context,
               const google::protobuf::Message& request)
      : calls_(calls), method_(method), context_(context), request_(request) {}
  // Starts the call; the last thing a derived class's constructor does.
  void Start();

  // Fixes what is sent and writes the bundle's head, in one read.
  virtual absl::Status Open(Transaction& tx) = 0;
  // Reads the next step in one read, then puts it into the bundle.
  virtual absl::Status ReadStep(Transaction& tx) = 0;
  virtual absl::Status WriteStep() = 0;
  // Of the bundle that Open began.
  virtual bool done() const = 0;
  virtual uint64_t entries() const = 0;
  virtual BundleWriter& writer() = 0;

  const CallContext& call() const { return call_; }
  // A further access entry, of the patients touched since the last one.
  absl::Status RecordPart();

 private:
  void Begin();
  absl::Status OpenAndRecord();
  // Fills the buffer from the log, then writes its first chunk; or ends.
  void Pump();
  absl::Status Fill();
  void WriteChunk();
  void End(const absl::Status& status);

  CallServer& calls_;
  const absl::string_view method_;
  grpc::CallbackServerContext& context_;
  const google::protobuf::Message& request_;
  std::atomic<bool> cancelled_{false};
  CallContext call_;
  bool opened_ = false;
  std::string buffer_;
  size_t sent_ = 0;  // of the buffer
  v1::ExportEntriesResponse message_;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_RPC_BUNDLE_STREAM_H_
