#include <memory>

#include "absl/strings/str_cat.h"
#include "meso/test/v1/note_service.grpc.pb.h"
#include "tests/bench/async_call.h"
#include "tests/bench/scenarios.h"
#include "tests/support/test_server.h"

namespace meso {
namespace {

using test::v1::CountNotesRequest;
using test::v1::CountNotesResponse;
using test::v1::NoteService;

class EmptyService final : public NoteService::WithCallbackMethod_CountNotes<NoteService::Service> {
 public:
  explicit EmptyService(CallServer& calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* CountNotes(grpc::CallbackServerContext* context,
                                       const CountNotesRequest* request,
                                       CountNotesResponse* response) override {
    return ServeRead(
        calls_, "meso.test.v1.NoteService/CountNotes", context, request, response,
        [](const CountNotesRequest&) -> absl::StatusOr<int> { return 0; },
        [](Transaction&, const CallContext&, int) -> absl::StatusOr<int> { return 0; },
        [](int, CountNotesResponse*) {});
  }

 private:
  CallServer& calls_;
};

}  // namespace

Scenario RunEmpty(const BenchSettings& settings) {
  Scenario scenario;
  scenario.name = "empty";
  Cell cell;
  cell.name = "empty call";
  const int calls = settings.calls * 5;
  const auto run = [&](const Arrival& arrival) {
    TestServer server("empty");
    EmptyService service(server.calls());
    server.Serve({&service});
    auto stub = NoteService::NewStub(server.channel());
    const std::string token = server.keys().Token("users/desk", {"front_desk@*"});
    const LoadResult result =
        RunLoad(arrival, calls, [&](int, std::function<void(std::string)> done) {
          auto call = std::make_shared<AsyncCall<CountNotesRequest, CountNotesResponse>>();
          call->request.set_parent("sites/par-1");
          TestServer::Prepare(token, &call->context);
          stub->async()->CountNotes(&call->context, &call->request, &call->response,
                                    EndOf(call, std::move(done)));
        });
    server.Stop();
    return result;
  };
  RunCells(settings, cell, run, &scenario);
  return scenario;
}

}  // namespace meso
