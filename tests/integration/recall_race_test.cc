// A recall while its lot is in use at two sites: real processes, real connections, no Redis. No
// draw is committed after the recall, and whoever drew before is in its reach and in the trace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/rpc/proto_values.h"
#include "meso/events/v1/events.grpc.pb.h"
#include "tests/support/clinic.h"

namespace meso {
namespace {

using inventory::v1::InventoryService;
using ::testing::Contains;
using ::testing::SizeIs;

constexpr const char* kSites[] = {"sites/par-1", "sites/syd-1"};
constexpr int kDrawersPerSite = 4;
constexpr int kUnits = 5000;
// Draws that must have succeeded before the lot is called back, and those tried after a refusal.
constexpr int kDrawsBefore = 40;
constexpr int kTriesAfter = 5;

enum class Redis { kNeverThere, kKilled };

// One draw that succeeded.
struct Drawn {
  std::string appointment;
  uint64_t as_of = 0;          // inventory's position in the draw's own transaction
  std::string administration;  // empty = not recorded
};

// What one caller met.
struct Met {
  std::vector<Drawn> drawn;
  std::map<std::string, int> refusals;
  int begun_after = 0;    // draws begun when the recall's answer was there
  int drawn_after = 0;    // of these, succeeded
  std::string container;  // opened, and nothing drawn from it
};

class RecallRaceTest : public ::testing::TestWithParam<Redis> {
 protected:
  RecallRaceTest() : clinic_(suite_) {
    if (GetParam() == Redis::kKilled) suite_.StartRedis();
    for (const char* service : {"audit", "inventory", "screening", "scheduling"}) {
      suite_.Start(service);
    }
    clinic_.Load();
    for (const char* site : kSites) lot_ = ReceiveAt(site);
    manager_ = clinic_.manager();
    desk_ = clinic_.desk();
  }

  // The same lot at either site.
  std::string ReceiveAt(const char* site) {
    inventory::v1::ReceiveStockRequest request;
    request.set_site(site);
    request.set_product("products/AMP-VC");
    request.set_lot_number("VC-1");
    request.set_expiry_date(absl::FormatTime("%Y-%m-%d", clinic_.Tomorrow() + absl::Hours(24 * 300),
                                             absl::UTCTimeZone()));
    request.set_ampoules(kUnits);
    request.set_document("DN-1");
    request.set_second_reader("users/second");
    request.set_request_id(clinic_.NewRequestId());
    inventory::v1::ReceiveStockResponse response;
    const absl::Status status =
        Call(&InventoryService::Stub::ReceiveStock, clinic_.manager(), request, &response);
    EXPECT_TRUE(status.ok()) << status;
    return response.lot().name();
  }

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (InventoryService::Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Response*),
                    const std::string& token, const Request& request, Response* response) {
    return suite_.Call<InventoryService>(clinic_.inventory(), method, token, request, response);
  }

  absl::Status Draw(const std::string& appointment, const inventory::v1::DrawItem& item, Met& met) {
    inventory::v1::DrawStockRequest request;
    request.set_appointment(appointment);
    *request.add_items() = item;
    request.set_request_id(clinic_.NewRequestId());
    inventory::v1::DrawStockResponse response;
    const absl::Status status = Call(&InventoryService::Stub::DrawStock, desk_, request, &response);
    if (status.ok()) met.drawn.push_back({appointment, response.as_of().sequence(), ""});
    return status;
  }

  // A whole unit, off the shelf.
  absl::Status DrawUnit(const std::string& appointment, Met& met) {
    inventory::v1::DrawItem item;
    item.set_lot(lot_);
    item.set_ampoules(1);
    return Draw(appointment, item, met);
  }

  // A volume, out of a unit that is opened first: the recall may come between the two.
  absl::Status DrawVolume(const std::string& site, const std::string& appointment, Met& met) {
    inventory::v1::OpenContainerRequest open;
    open.set_site(site);
    open.set_lot(lot_);
    open.set_appointment(appointment);
    open.set_request_id(clinic_.NewRequestId());
    inventory::v1::OpenedContainer container;
    const absl::Status opened =
        Call(&InventoryService::Stub::OpenContainer, desk_, open, &container);
    if (!opened.ok()) return opened;
    inventory::v1::DrawItem item;
    item.set_container(container.name());
    item.set_microlitres(500);
    const absl::Status drawn = Draw(appointment, item, met);
    if (!drawn.ok()) met.container = container.name();
    return drawn;
  }

  // What was drawn is given: a fact, whatever has become of the lot.
  void Record(Drawn& drawn) {
    inventory::v1::RecordAdministrationRequest request;
    auto* record = request.mutable_administration();
    record->set_appointment(drawn.appointment);
    record->set_patient("patients/RECALL-1");
    record->set_practitioner("practitioners/pr-01");
    ToProto(SystemClock().Now(), record->mutable_occurred_time());
    auto* line = record->add_lots();
    line->set_lot(lot_);
    line->set_ampoules(1);
    request.set_request_id(clinic_.NewRequestId());
    inventory::v1::Administration response;
    const absl::Status status =
        Call(&InventoryService::Stub::RecordAdministration, desk_, request, &response);
    ASSERT_TRUE(status.ok()) << status;
    drawn.administration = response.name();
  }

  // Draws until the lot is refused, and some more. Caller 0 draws volumes, caller 1 records.
  Met DrawAt(const std::string& site, int caller) {
    Met met;
    int tries_after = 0;
    for (int n = 0; n < kUnits / kDrawersPerSite && tries_after < kTriesAfter; ++n) {
      const std::string appointment = absl::StrCat(site, "/appointments/", clinic_.NewRequestId());
      const bool after = recalled_.load();
      met.begun_after += after ? 1 : 0;
      const absl::Status status =
          caller == 0 ? DrawVolume(site, appointment, met) : DrawUnit(appointment, met);
      if (status.ok()) {
        ++succeeded_;
        met.drawn_after += after ? 1 : 0;
        if (caller == 1) Record(met.drawn.back());
        continue;
      }
      ++tries_after;
      ++met.refusals[absl::StrCat(absl::StatusCodeToString(status.code()), "/", ReasonOf(status))];
    }
    return met;
  }

  inventory::v1::Recall CallBack() {
    inventory::v1::CreateRecallRequest request;
    request.mutable_recall()->add_lots(lot_);
    request.mutable_recall()->set_reason(inventory::v1::HOLD_REASON_SUPPLIER_NOTICE);
    request.mutable_recall()->set_severity(inventory::v1::Recall::SEVERITY_CLASS_1);
    request.mutable_recall()->set_reference("N-7");
    request.set_request_id(clinic_.NewRequestId());
    inventory::v1::Recall recall;
    const absl::Status status =
        Call(&InventoryService::Stub::CreateRecall, manager_, request, &recall);
    EXPECT_TRUE(status.ok()) << status;
    return recall;
  }

  // Callers at both sites; the lot is called back in the middle of it.
  std::vector<Met> Race() {
    std::vector<Met> met(std::size(kSites) * kDrawersPerSite);
    std::vector<std::thread> callers;
    for (size_t i = 0; i < met.size(); ++i) {
      callers.emplace_back([&, i] {
        met[i] = DrawAt(kSites[i % std::size(kSites)], static_cast<int>(i / std::size(kSites)));
      });
    }
    EXPECT_TRUE(WaitUntil([&] { return succeeded_ >= kDrawsBefore / 2; }));
    if (GetParam() == Redis::kKilled) suite_.KillRedis(true);
    EXPECT_TRUE(WaitUntil([&] { return succeeded_ >= kDrawsBefore; }));
    recall_ = CallBack();
    recalled_ = true;
    for (std::thread& caller : callers) caller.join();
    return met;
  }

  // The number of the event in whose transaction the lot was called back.
  uint64_t PositionOfRecall() {
    auto stub = events::v1::EventService::NewStub(suite_.Channel("inventory"));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    context.AddMetadata("authorization", absl::StrCat("Bearer ", clinic_.admin()));
    events::v1::PullEventsRequest request;
    request.add_types("meso.inventory.v1.LotRecalled");
    events::v1::PullEventsResponse response;
    const grpc::Status status = stub->PullEvents(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.events_size(), 1);
    return response.events_size() == 1 ? response.events(0).sequence() : 0;
  }

  inventory::v1::LotTrace Trace() {
    inventory::v1::TraceLotRequest request;
    request.set_name(lot_);
    inventory::v1::LotTrace trace;
    const absl::Status status = Call(&InventoryService::Stub::TraceLot, manager_, request, &trace);
    EXPECT_TRUE(status.ok()) << status;
    return trace;
  }

  Suite suite_;
  Clinic clinic_;
  std::string lot_, manager_, desk_;
  std::atomic<int> succeeded_{0};
  std::atomic<bool> recalled_{false};
  inventory::v1::Recall recall_;
};

TEST_P(RecallRaceTest, NoDrawIsCommittedAfterTheRecallAndItReachesWhoDrewBefore) {
  const std::vector<Met> met = Race();
  const uint64_t recalled_at = PositionOfRecall();
  const std::set<std::string> reached(recall_.reach().appointments().begin(),
                                      recall_.reach().appointments().end());
  const std::set<std::string> records(recall_.reach().administrations().begin(),
                                      recall_.reach().administrations().end());
  std::set<std::string> drawn, recorded;
  std::map<std::string, int> sites;
  for (const Met& one : met) {
    EXPECT_GT(one.begun_after, 0);
    EXPECT_EQ(one.drawn_after, 0);
    EXPECT_THAT(one.refusals, SizeIs(1));
    EXPECT_EQ(one.refusals.count("FAILED_PRECONDITION/LOT_RECALLED"), 1u)
        << ::testing::PrintToString(one.refusals);
    for (const Drawn& draw : one.drawn) {
      EXPECT_LT(draw.as_of, recalled_at) << draw.appointment << " drew after the recall";
      // The recall's own answer has it, as a visit that holds units or as a record.
      EXPECT_TRUE(reached.count(draw.appointment) == 1 || records.count(draw.administration) == 1)
          << draw.appointment << " is missed by the recall";
      (draw.administration.empty() ? drawn : recorded).insert(draw.appointment);
      ++sites[draw.appointment.substr(0, draw.appointment.find("/appointments"))];
    }
    if (!one.container.empty()) {
      EXPECT_THAT(recall_.reach().opened_containers(), Contains(one.container));
    }
  }
  EXPECT_GE(drawn.size() + recorded.size(), static_cast<size_t>(kDrawsBefore));
  for (const char* site : kSites) EXPECT_GT(sites[site], 0) << site;

  const inventory::v1::LotTrace trace = Trace();
  std::set<std::string> open, given;
  for (const auto& one : trace.open_draws()) open.insert(one.appointment());
  for (const auto& one : trace.administrations()) given.insert(one.appointment());
  EXPECT_EQ(open, drawn);
  EXPECT_EQ(given, recorded);
  const auto report = clinic_.CheckLedger();
  EXPECT_TRUE(report.consistent()) << report.DebugString();
}

INSTANTIATE_TEST_SUITE_P(Redis, RecallRaceTest,
                         ::testing::Values(Redis::kNeverThere, Redis::kKilled),
                         [](const auto& info) {
                           return info.param == Redis::kKilled ? "Killed" : "NeverThere";
                         });

}  // namespace
}  // namespace meso
