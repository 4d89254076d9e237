// A recall while its lot is in use at two sites: real processes, real connections, no Redis. No
// draw is committed after the recall, and whoever drew before is in its reach and in the trace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <map>
#include <set>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
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
using ::testing::IsEmpty;

constexpr const char* kSites[] = {"sites/par-1", "sites/syd-1"};
constexpr size_t kCallers = 4 * std::size(kSites);
constexpr int kUnits = 5000;
// Every caller's draws that have succeeded before the lot is called back, and those it tries after.
constexpr int kDrawsBefore = 6;
constexpr int kTriesAfter = 5;

// What the callers of a site do; the others draw units and record nothing.
constexpr int kOfVolumes = 0;
constexpr int kWhoRecords = 1;
constexpr int kOfReservations = 2;

enum class Redis { kNeverThere, kKilled };

// One draw that succeeded.
struct Drawn {
  std::string appointment;
  uint64_t as_of = 0;          // inventory's position in the draw's own transaction
  std::string administration;  // empty = not recorded
};

// What one caller met.
struct Met {
  int caller = 0;
  std::vector<Drawn> drawn;
  std::map<std::string, int> refusals;
  int begun_after = 0;  // draws begun when the recall's answer was there
  int drawn_after = 0;  // of these, succeeded
};

class RecallRaceTest : public ::testing::TestWithParam<Redis> {
 protected:
  RecallRaceTest() : clinic_(suite_) {
    if (GetParam() == Redis::kKilled) suite_.StartRedis();
    for (const char* service : {"audit", "inventory", "screening", "scheduling"}) {
      suite_.Start(service);
    }
    clinic_.Load();
    for (const char* site : kSites) {
      lot_ = ReceiveAt(site);
      // The rest of the recipe.
      clinic_.Receive(kUnits, 300, site, {"AMP-HA1", "AMP-COE"});
    }
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

  absl::Status Draw(inventory::v1::DrawStockRequest request, Met& met) {
    request.set_request_id(clinic_.NewRequestId());
    inventory::v1::DrawStockResponse response;
    const absl::Status status = Call(&InventoryService::Stub::DrawStock, desk_, request, &response);
    if (status.ok()) {
      met.drawn.push_back({request.appointment(), response.as_of().sequence(), ""});
    }
    return status;
  }

  // A whole unit, off the shelf.
  absl::Status DrawUnit(const std::string& appointment, Met& met) {
    inventory::v1::DrawStockRequest request;
    request.set_appointment(appointment);
    request.add_items()->set_lot(lot_);
    request.mutable_items(0)->set_ampoules(1);
    return Draw(std::move(request), met);
  }

  absl::StatusOr<std::string> ReserveFor(const std::string& site, const std::string& appointment) {
    inventory::v1::ReserveStockRequest request;
    request.set_reservation_id(clinic_.NewRequestId());
    request.set_site(site);
    request.set_cocktail(clinic_.cocktail());
    ToProto(SystemClock().Now() + absl::Minutes(1), request.mutable_use_time());
    request.set_appointment(appointment);
    request.set_request_id(clinic_.NewRequestId());
    inventory::v1::Reservation kept;
    const absl::Status status = Call(&InventoryService::Stub::ReserveStock, desk_, request, &kept);
    if (!status.ok()) return status;
    return kept.name();
  }

  absl::StatusOr<std::string> OpenFor(const std::string& site, const std::string& appointment) {
    inventory::v1::OpenContainerRequest request;
    request.set_site(site);
    request.set_lot(lot_);
    request.set_appointment(appointment);
    request.set_request_id(clinic_.NewRequestId());
    inventory::v1::OpenedContainer container;
    const absl::Status status =
        Call(&InventoryService::Stub::OpenContainer, desk_, request, &container);
    if (!status.ok()) return status;
    return container.name();
  }

  // Every unit of a recipe that is kept for the visit.
  absl::Status DrawKept(const std::string& appointment, const std::string& reservation, Met& met) {
    inventory::v1::DrawStockRequest request;
    request.set_appointment(appointment);
    request.set_reservation(reservation);
    return Draw(std::move(request), met);
  }

  absl::Status DrawOutOf(const std::string& appointment, const std::string& container, Met& met) {
    inventory::v1::DrawStockRequest request;
    request.set_appointment(appointment);
    inventory::v1::DrawItem* item = request.add_items();
    item->set_container(container);
    item->set_microlitres(500);
    return Draw(std::move(request), met);
  }

  // The recall may come between the two steps.
  absl::Status DrawReserved(const std::string& site, const std::string& appointment, Met& met) {
    const auto kept = ReserveFor(site, appointment);
    return kept.ok() ? DrawKept(appointment, *kept, met) : kept.status();
  }
  absl::Status DrawVolume(const std::string& site, const std::string& appointment, Met& met) {
    const auto opened = OpenFor(site, appointment);
    return opened.ok() ? DrawOutOf(appointment, *opened, met) : opened.status();
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

  absl::Status DrawAs(int caller, const std::string& site, const std::string& appointment,
                      Met& met) {
    if (caller == kOfVolumes) return DrawVolume(site, appointment, met);
    if (caller == kOfReservations) return DrawReserved(site, appointment, met);
    return DrawUnit(appointment, met);
  }

  // Draws until the recall's answer is there, and some times after.
  Met DrawAt(const std::string& site, int caller, std::atomic<int>& succeeded) {
    Met met;
    met.caller = caller;
    while (met.begun_after < kTriesAfter) {
      const std::string appointment = absl::StrCat(site, "/appointments/", clinic_.NewRequestId());
      const bool after = recalled_.load();
      met.begun_after += after ? 1 : 0;
      const absl::Status status = DrawAs(caller, site, appointment, met);
      if (status.ok()) {
        ++succeeded;
        met.drawn_after += after ? 1 : 0;
        if (caller == kWhoRecords) Record(met.drawn.back());
        continue;
      }
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
    std::vector<Met> met(kCallers);
    std::array<std::atomic<int>, kCallers> succeeded{};
    const auto each_has = [&](int draws) {
      return WaitUntil([&] {
        return std::all_of(succeeded.begin(), succeeded.end(),
                           [&](const std::atomic<int>& one) { return one >= draws; });
      });
    };
    std::vector<std::thread> callers;
    for (size_t i = 0; i < met.size(); ++i) {
      callers.emplace_back([&, i] {
        met[i] = DrawAt(kSites[i % std::size(kSites)], static_cast<int>(i / std::size(kSites)),
                        succeeded[i]);
      });
    }
    EXPECT_TRUE(each_has(kDrawsBefore / 2));
    if (GetParam() == Redis::kKilled) suite_.KillRedis(true);
    EXPECT_TRUE(each_has(kDrawsBefore));
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

  // A reservation was invalidated, or finds nothing to keep; a lot is refused for what it is.
  static std::vector<std::string> Refusals(const Met& met) {
    if (met.caller != kOfReservations) return {"FAILED_PRECONDITION/LOT_RECALLED"};
    return {"FAILED_PRECONDITION/STATE_NOT_ALLOWED", "FAILED_PRECONDITION/INSUFFICIENT_STOCK"};
  }

  Suite suite_;
  Clinic clinic_;
  std::string lot_, manager_, desk_;
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
  for (const Met& one : met) {
    EXPECT_EQ(one.drawn_after, 0);
    EXPECT_GE(one.drawn.size(), static_cast<size_t>(kDrawsBefore));
    for (const auto& [refusal, times] : one.refusals) EXPECT_THAT(Refusals(one), Contains(refusal));
    for (const Drawn& draw : one.drawn) {
      EXPECT_LT(draw.as_of, recalled_at) << draw.appointment << " drew after the recall";
      // The recall's own answer has it, as a visit that holds units or as a record.
      EXPECT_TRUE(reached.count(draw.appointment) == 1 || records.count(draw.administration) == 1)
          << draw.appointment << " is missed by the recall";
      (draw.administration.empty() ? drawn : recorded).insert(draw.appointment);
    }
  }

  const inventory::v1::LotTrace trace = Trace();
  std::set<std::string> open, given;
  for (const auto& one : trace.open_draws()) open.insert(one.appointment());
  for (const auto& one : trace.administrations()) given.insert(one.appointment());
  EXPECT_EQ(open, drawn);
  EXPECT_EQ(given, recorded);
  const auto report = clinic_.CheckLedger();
  EXPECT_TRUE(report.consistent()) << report.DebugString();
}

// What was opened or kept before the recall, and not drawn yet, stays where it is.
TEST_P(RecallRaceTest, WhatWasOpenedOrKeptBeforeIsNotDrawnAfter) {
  std::map<std::string, std::string> opened, kept;  // by their appointments
  for (const char* site : kSites) {
    for (auto* prepared : {&opened, &kept}) {
      const std::string visit = absl::StrCat(site, "/appointments/", clinic_.NewRequestId());
      const auto name = prepared == &opened ? OpenFor(site, visit) : ReserveFor(site, visit);
      ASSERT_TRUE(name.ok()) << name.status();
      (*prepared)[visit] = *name;
    }
  }
  if (GetParam() == Redis::kKilled) suite_.KillRedis(true);
  const inventory::v1::Recall recall = CallBack();
  Met met;
  for (const auto& [visit, container] : opened) {
    const absl::Status status = DrawOutOf(visit, container, met);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_EQ(ReasonOf(status), "LOT_RECALLED");
    EXPECT_THAT(recall.reach().opened_containers(), Contains(container));
  }
  for (const auto& [visit, reservation] : kept) {
    const absl::Status status = DrawKept(visit, reservation, met);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_EQ(ReasonOf(status), "STATE_NOT_ALLOWED");
    EXPECT_TRUE(absl::StrContains(status.message(), "LOT_RECALLED")) << status;
    EXPECT_THAT(recall.reach().appointments(), Contains(visit));
    EXPECT_THAT(recall.reach().reservations(), Contains(reservation));
  }
  EXPECT_THAT(Trace().open_draws(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Redis, RecallRaceTest,
                         ::testing::Values(Redis::kNeverThere, Redis::kKilled),
                         [](const auto& info) {
                           return info.param == Redis::kKilled ? "Killed" : "NeverThere";
                         });

}  // namespace
}  // namespace meso
