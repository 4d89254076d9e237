// SIGKILL of every service, again and again, at any moment of a day's work: after each restart
// nothing is double, lost, negative or left behind, and everything that was acknowledged is there.
//
// MESO_KILLS=50 kills each service that often (12 without); MESO_SEED repeats a run's choices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "tests/faults/mixed_load.h"
#include "tests/support/clinic.h"
#include "tests/support/invariants.h"

namespace meso {
namespace {

using inventory::v1::InventoryService;
using ::meso::scheduling::v1::Appointment;
using ::testing::IsEmpty;

constexpr int kKillsOfEach = 12;
constexpr int kWorkers = 6;

unsigned NumberFrom(const char* variable, unsigned otherwise) {
  const char* text = ::getenv(variable);
  unsigned number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

unsigned SeedOfTheRun() {
  const unsigned seed = NumberFrom("MESO_SEED", std::random_device()());
  std::printf("MESO_SEED=%u repeats what this run asks for\n", seed);
  return seed;
}

class RandomKillTest : public ::testing::Test {
 protected:
  RandomKillTest() : clinic_(suite_), seed_(SeedOfTheRun()) {
    suite_.StartAll();
    clinic_.Load(/*practitioners=*/4);
    load_ = std::make_unique<MixedLoad>(clinic_, kWorkers, seed_);
  }

  // A killed process's callers find the new one within a moment, each channel for itself.
  void WaitForAnswers() {
    ASSERT_TRUE(WaitUntil([&] {
      inventory::v1::ListRecallsResponse recalls;
      audit::v1::Checkpoint checkpoint;
      ::meso::scheduling::v1::ListAppointmentsRequest list;
      list.set_parent("sites/-");
      list.set_page_size(1);
      ::meso::scheduling::v1::ListAppointmentsResponse appointments;
      return suite_
                 .Call<InventoryService>(clinic_.inventory(), &InventoryService::Stub::ListRecalls,
                                         clinic_.manager(), inventory::v1::ListRecallsRequest(),
                                         &recalls)
                 .ok() &&
             suite_
                 .Call<audit::v1::AuditService>(
                     clinic_.audit(), &audit::v1::AuditService::Stub::GetCheckpoint,
                     clinic_.auditor(), audit::v1::GetCheckpointRequest(), &checkpoint)
                 .ok() &&
             suite_
                 .Call<::meso::scheduling::v1::SchedulingService>(
                     clinic_.scheduling(),
                     &::meso::scheduling::v1::SchedulingService::Stub::ListAppointments,
                     clinic_.desk(), list, &appointments)
                 .ok();
    }));
  }

  // Waits until `find` finds nothing more: undo work and events may still be on their way.
  template <typename Find>
  void ExpectSoon(const char* what, Find find) {
    Sentences found;
    EXPECT_TRUE(WaitUntil([&] {
      found = find();
      return found.empty();
    })) << what
        << ":\n"
        << ::testing::PrintToString(found);
  }

  // Everything acknowledged is there, as it was acknowledged.
  Sentences FindLost(const std::vector<Appointment>& appointments) {
    std::map<std::string, Appointment::State> states;
    for (const Appointment& appointment : appointments) {
      states[appointment.name()] = appointment.state();
    }
    const Acknowledged& said = load_->acknowledged();
    Sentences lost;
    for (const auto& [name, request_id] : said.booked) {
      const auto it = states.find(name);
      const bool cancelled = said.cancelled.count(name) > 0;
      const auto wanted = cancelled ? Appointment::STATE_CANCELLED : Appointment::STATE_BOOKED;
      if (it == states.end()) {
        lost.push_back(absl::StrCat(name, " was booked and is gone"));
      } else if (it->second != wanted) {
        lost.push_back(absl::StrCat(name, " is ", Appointment::State_Name(it->second), ", not ",
                                    Appointment::State_Name(wanted)));
      }
    }
    return lost;
  }

  // The draws of the ledger against those acknowledged, and every recall.
  Sentences FindLostStock() {
    Sentences lost;
    std::map<std::string, int64_t> drawn;
    inventory::v1::ListMovementsRequest list;
    list.set_parent("sites/par-1");
    list.set_page_size(500);
    list.set_filter("kind = DRAW");
    do {
      inventory::v1::ListMovementsResponse lines;
      const absl::Status status =
          suite_.Call<InventoryService>(clinic_.inventory(), &InventoryService::Stub::ListMovements,
                                        clinic_.manager(), list, &lines);
      if (!status.ok()) return {std::string(status.message())};
      for (const auto& line : lines.movements()) drawn[line.appointment()] += line.ampoules();
      list.set_page_token(lines.next_page_token());
    } while (!list.page_token().empty());
    if (drawn != load_->acknowledged().drawn) {
      lost.push_back(absl::StrCat(drawn.size(), " draws in the ledger, ",
                                  load_->acknowledged().drawn.size(), " acknowledged"));
    }
    std::set<std::string> recalls;
    inventory::v1::ListRecallsRequest recall_list;
    recall_list.set_page_size(500);
    inventory::v1::ListRecallsResponse page;
    const absl::Status status =
        suite_.Call<InventoryService>(clinic_.inventory(), &InventoryService::Stub::ListRecalls,
                                      clinic_.manager(), recall_list, &page);
    if (!status.ok()) return {std::string(status.message())};
    for (const auto& recall : page.recalls()) recalls.insert(recall.name());
    for (const auto& [name, lot] : load_->acknowledged().recalled) {
      if (recalls.count(name) == 0) lost.push_back(absl::StrCat(name, " is gone"));
    }
    return lost;
  }

  // What may still be on its way, undo work and events: found in one look at every list.
  Sentences FindUnsettled() {
    const auto appointments = clinic_.ListAppointments();
    const auto reservations = clinic_.ListReservations();
    std::set<std::string> bad_lots;
    for (const auto& [recall, lot] : load_->acknowledged().recalled) bad_lots.insert(lot);
    Sentences found = FindOrphans(appointments, reservations);
    for (const Sentences& more : {FindStockErrors(clinic_.ListStockLevels(), reservations),
                                  FindGreenOnLots(appointments, bad_lots)}) {
      found.insert(found.end(), more.begin(), more.end());
    }
    return found;
  }

  void ExpectSound() {
    WaitForAnswers();
    EXPECT_THAT(load_->unexpected(), IsEmpty());
    const auto appointments = clinic_.ListAppointments();
    EXPECT_THAT(FindLost(appointments), IsEmpty());
    EXPECT_THAT(FindDoubleBookings(appointments), IsEmpty());
    EXPECT_THAT(FindLostStock(), IsEmpty());
    ExpectSoon("orphans, stock and recalled lots", [this] { return FindUnsettled(); });
    EXPECT_TRUE(clinic_.CheckLedger().consistent());
  }

  // Sources push what they have; then the log is whole, each acknowledged change is in it once and
  // no acknowledged search without its entry.
  void ExpectWholeLog() {
    std::map<std::string, std::set<std::string>> request_ids;
    for (const auto& [request_id, method] : load_->acknowledged().changes) {
      request_ids[method].insert(request_id);
    }
    ExpectSoon("audit", [&] {
      const std::vector<audit::v1::Entry> entries = clinic_.Entries();
      Sentences found;
      for (const auto& [method, ids] : request_ids) {
        const Sentences more = FindAuditGaps(entries, ids, method);
        found.insert(found.end(), more.begin(), more.end());
      }
      const auto searches =
          std::count_if(entries.begin(), entries.end(), [](const audit::v1::Entry& entry) {
            return absl::EndsWith(entry.leaf().method(), "/SearchAvailability") &&
                   entry.leaf().outcome() == audit::v1::OUTCOME_OK;
          });
      if (searches < load_->acknowledged().searches) {
        found.push_back(absl::StrCat(searches, " searches in the log, ",
                                     load_->acknowledged().searches, " acknowledged"));
      }
      return found;
    });
    ExpectSoon("sources", [this] { return FindSourceErrors(); });
  }

  // Nothing on its way, and every source's heartbeats, written at each start, agree with its
  // entries.
  Sentences FindSourceErrors() {
    audit::v1::ListSourcesResponse sources;
    const absl::Status listed = suite_.Call<audit::v1::AuditService>(
        clinic_.audit(), &audit::v1::AuditService::Stub::ListSources, clinic_.auditor(),
        audit::v1::ListSourcesRequest(), &sources);
    if (!listed.ok()) return {std::string(listed.message())};
    Sentences found;
    if (sources.sources_size() != 4) found.push_back("there are four sources");
    for (const auto& source : sources.sources()) {
      if (source.gaps_size() > 0 || source.hash_mismatch() || !source.has_last_heartbeat_time()) {
        found.push_back(source.ShortDebugString());
      }
    }
    return found;
  }

  // The same for the bookings since the last look, each by its own search: the whole log is the
  // longest list there is.
  void ExpectNewBookingsInLog() {
    std::set<std::string> fresh;
    for (const auto& [name, request_id] : load_->acknowledged().booked) {
      if (in_log_.insert(request_id).second) fresh.insert(request_id);
    }
    ExpectSoon("new bookings in the audit log", [&] {
      Sentences missing;
      for (const std::string& request_id : fresh) {
        const auto entries =
            clinic_.Entries(absl::StrCat("request_id = \"", request_id, "\" AND outcome = OK"));
        if (entries.size() != 1) {
          missing.push_back(absl::StrCat(request_id, " has ", entries.size(), " entries"));
        }
      }
      return missing;
    });
  }

  void LoadFor(std::chrono::milliseconds time) {
    load_->Resume();
    absl::Notification nobody;
    nobody.WaitForNotificationWithTimeout(absl::FromChrono(time));
  }

  Suite suite_;
  Clinic clinic_;
  const unsigned seed_;
  std::unique_ptr<MixedLoad> load_;
  std::set<std::string> in_log_;  // request ids of bookings found there
};

TEST_F(RandomKillTest, NothingAcknowledgedIsLostWhoeverIsKilledWhenever) {
  std::vector<std::string> victims;
  const unsigned times = NumberFrom("MESO_KILLS", kKillsOfEach);
  for (unsigned i = 0; i < times; ++i) {
    for (const char* service : {"audit", "inventory", "screening", "scheduling"}) {
      victims.push_back(service);
    }
  }
  std::mt19937 chance(seed_);
  std::shuffle(victims.begin(), victims.end(), chance);
  for (size_t i = 0; i < victims.size(); ++i) {
    SCOPED_TRACE(absl::StrCat("kill ", i + 1, " of ", victims.size(), ": ", victims[i]));
    LoadFor(std::chrono::milliseconds(std::uniform_int_distribution<int>(20, 400)(chance)));
    suite_.Kill(victims[i]);
    suite_.Start(victims[i]);
    load_->Pause();
    ExpectSound();
    ExpectNewBookingsInLog();
    // Whenever the log has about doubled.
    if (((i + 1) & i) == 0) ExpectWholeLog();
    if (HasFailure()) break;
  }
  ExpectWholeLog();
  const Acknowledged& said = load_->acknowledged();
  std::printf(
      "%zu kills under %d calls (%d repeated): %zu bookings, %zu cancelled, %zu draws, %zu "
      "recalls\n",
      victims.size(), load_->calls(), load_->repeated(), said.booked.size(), said.cancelled.size(),
      said.drawn.size(), said.recalled.size());
  EXPECT_GT(said.booked.size(), 10u);
  EXPECT_GT(said.cancelled.size(), 5u);
  EXPECT_GT(said.drawn.size(), 10u);
  EXPECT_GT(load_->repeated(), 0) << "nobody noticed the kills";
}

}  // namespace
}  // namespace meso
