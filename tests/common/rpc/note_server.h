// A service of a few lines served for the tests of common/rpc: notes in a table, and hooks that let
// a test decide what happens inside a stage. Hooks are set before calls are made.
#ifndef MESO_TESTS_COMMON_RPC_NOTE_SERVER_H_
#define MESO_TESTS_COMMON_RPC_NOTE_SERVER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "meso/test/v1/note_service.grpc.pb.h"
#include "tests/support/test_server.h"

namespace meso {

inline constexpr char kPatient[] = "patients/P-secret-17";
inline constexpr char kText[] = "a sentence nobody else may read";
inline constexpr char kRequestId[] = "0198f2c4-7d1e-7c3a-8f00-0123456789ab";

struct NoteHooks {
  std::function<void()> in_convert;
  std::function<absl::Status(Transaction&, const CallContext&)> in_create;
  std::function<absl::Status(const CallContext&)> in_move;
};

class NoteService final : public test::v1::NoteService::CallbackService {
 public:
  explicit NoteService(CallServer& calls) : calls_(calls) {}

  NoteHooks hooks;
  std::atomic<int> creations = 0;

  grpc::ServerUnaryReactor* CreateNote(grpc::CallbackServerContext* context,
                                       const test::v1::CreateNoteRequest* request,
                                       test::v1::Note* response) override;
  grpc::ServerUnaryReactor* GetNote(grpc::CallbackServerContext* context,
                                    const test::v1::GetNoteRequest* request,
                                    test::v1::Note* response) override;
  grpc::ServerUnaryReactor* CountNotes(grpc::CallbackServerContext* context,
                                       const test::v1::CountNotesRequest* request,
                                       test::v1::CountNotesResponse* response) override;
  grpc::ServerUnaryReactor* MoveNotes(grpc::CallbackServerContext* context,
                                      const test::v1::MoveNotesRequest* request,
                                      test::v1::CountNotesResponse* response) override;
  grpc::ServerUnaryReactor* AskNotes(grpc::CallbackServerContext* context,
                                     const test::v1::GetNoteRequest* request,
                                     test::v1::Note* response) override;

 private:
  CallServer& calls_;
};

// A served NoteService and one caller per role.
class NoteServer {
 public:
  using Stub = test::v1::NoteService::Stub;

  explicit NoteServer(const std::function<void(CallServerOptions&)>& adjust = nullptr);
  // The service goes before the server: no call may arrive in between.
  ~NoteServer() { server.Stop(); }

  TestServer server;
  NoteService service;
  std::unique_ptr<Stub> stub;
  const std::string front_desk;   // front_desk@par-1
  const std::string doctor;       // doctor@*
  const std::string chain_admin;  // chain_admin@*

  test::v1::CreateNoteRequest NewNote(const std::string& request_id = kRequestId) const;
  absl::Status Create(const test::v1::CreateNoteRequest& request, test::v1::Note* response);
  absl::Status Create(const std::string& token, const test::v1::CreateNoteRequest& request,
                      test::v1::Note* response);
  absl::Status Get(const std::string& token, const std::string& name, test::v1::Note* response);
  int64_t CountRows(const std::string& table);
};

}  // namespace meso

#endif  // MESO_TESTS_COMMON_RPC_NOTE_SERVER_H_
