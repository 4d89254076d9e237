// Chapter 4: many callers, one slot.
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <functional>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/barrier.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/admin.h"
#include "services/mesoctl/story_chapters.h"

namespace meso::mesoctl {
namespace {

namespace inv = meso::inventory::v1;
namespace sch = meso::scheduling::v1;

constexpr int kRacers = 64;

struct Racer {
  std::string patient;
  std::unique_ptr<Caller> desk;
  sch::Offer offer;
  absl::Status outcome;
  sch::Appointment booked;
};

// Runs `work` for every racer, each on its own thread; the first error, if any.
absl::Status ForAll(std::vector<Racer>& racers, const std::function<absl::Status(Racer&)>& work) {
  std::vector<absl::Status> results(racers.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < racers.size(); ++i) {
    threads.emplace_back([&, i] { results[i] = work(racers[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  for (absl::Status& result : results) MESO_RETURN_IF_ERROR(std::move(result));
  return absl::OkStatus();
}

bool IsSameSlot(const sch::Offer& a, const sch::Offer& b) {
  if (a.segments_size() != b.segments_size()) return false;
  for (int i = 0; i < a.segments_size(); ++i) {
    if (!google::protobuf::util::MessageDifferencer::Equals(a.segments(i), b.segments(i))) {
      return false;
    }
  }
  return true;
}

// The names of the site's reservations that keep stock.
absl::StatusOr<std::set<std::string>> LiveReservations(const Stage& stage) {
  std::set<std::string> names;
  // RESERVED before CONFIRMED: one that is confirmed in between is seen in both, not in neither.
  for (const char* state : {"RESERVED", "CONFIRMED"}) {
    inv::ListReservationsRequest request;
    request.set_parent(stage.home.name);
    request.set_page_size(500);
    request.set_filter(absl::StrCat("state = ", state));
    do {
      MESO_ASSIGN_OR_RETURN(const auto page, stage.As("stock").Call<inv::ListReservationsResponse>(
                                                 "InventoryService.ListReservations", request));
      for (const inv::Reservation& reservation : page.reservations()) {
        names.insert(reservation.name());
      }
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
  }
  return names;
}

// Everybody gets a patient with answers, a token and an offer of the very same slot.
absl::Status Prepare(const Stage& stage, std::vector<Racer>& racers) {
  const absl::Time morning = LocalMidnight(stage, stage.home, 1);
  const absl::Time evening = LocalMidnight(stage, stage.home, 2);
  for (int i = 0; i < kRacers; ++i) {
    TokenSpec spec;
    spec.subject = absl::StrFormat("users/desk-%02d", i + 1);
    spec.roles = {
        absl::StrCat("front_desk@", stage.home.name.substr(stage.home.name.find('/') + 1))};
    MESO_ASSIGN_OR_RETURN(std::string token,
                          MakeToken(stage.options->keys_dir, spec, stage.clock->Now()));
    Racer racer;
    racer.patient = stage.Patient("R", i + 1);
    racer.desk = std::make_unique<Caller>(stage.As("admin").client(), std::move(token));
    racers.push_back(std::move(racer));
  }
  MESO_RETURN_IF_ERROR(ForAll(racers, [&](Racer& racer) {
    return RecordAnswers(stage, *racer.desk, stage.home.name, racer.patient, NothingToReport());
  }));
  return ForAll(racers, [&](Racer& racer) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(const auto offers, Search(stage, *racer.desk, stage.home, racer.patient,
                                                    morning, evening, 1));
    if (offers.empty()) return NotAsTold("there is no free slot tomorrow");
    racer.offer = offers[0];
    return absl::OkStatus();
  });
}

void Race(const Stage& stage, std::vector<Racer>& racers) {
  absl::Barrier* start = new absl::Barrier(kRacers);  // the last one through deletes it
  const absl::Status done = ForAll(racers, [&](Racer& racer) {
    sch::BookAppointmentRequest book;
    book.set_parent(stage.home.name);
    book.set_offer_token(racer.offer.offer_token());
    book.set_patient(racer.patient);
    book.set_cocktail(stage.cocktail.name());
    book.set_request_id(stage.ids->NewId());
    if (start->Block()) delete start;
    racer.outcome = racer.desk->Call("SchedulingService.BookAppointment", book, &racer.booked);
    return absl::OkStatus();
  });
  (void)done;  // the outcomes are in the racers
}

absl::StatusOr<const Racer*> OnlyWinner(const std::vector<Racer>& racers) {
  const Racer* winner = nullptr;
  for (const Racer& racer : racers) {
    if (racer.outcome.ok()) {
      if (winner != nullptr) return NotAsTold("two callers were booked into one slot");
      winner = &racer;
    } else if (ReasonOf(racer.outcome) != "SLOT_TAKEN") {
      return NotAsTold(absl::StrCat("a caller was answered ", racer.outcome.ToString(),
                                    " instead of SLOT_TAKEN"));
    }
  }
  if (winner == nullptr) return NotAsTold("nobody was booked");
  return winner;
}

absl::StatusOr<int> CountIn(const Stage& stage, const char* state, const sch::Offer& slot) {
  sch::ListAppointmentsRequest request;
  request.set_parent(stage.home.name);
  request.set_page_size(500);
  request.set_filter(absl::StrCat(
      "state = ", state, " AND start_time = \"",
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", FromTimestamp(slot.start_time()), absl::UTCTimeZone()),
      "\""));
  MESO_ASSIGN_OR_RETURN(const auto page, stage.Desk(stage.home)
                                             .Call<sch::ListAppointmentsResponse>(
                                                 "SchedulingService.ListAppointments", request));
  int count = 0;
  for (const sch::Appointment& appointment : page.appointments()) {
    for (const sch::Segment& segment : appointment.segments()) {
      if (!segment.room().empty() && segment.room() == slot.segments(0).room()) {
        ++count;
        break;
      }
    }
  }
  return count;
}

}  // namespace

absl::Status TellRace(Stage& stage) {
  stage.story->Chapter(4, absl::StrCat(kRacers, " callers race for one slot"));
  std::vector<Racer> racers;
  MESO_RETURN_IF_ERROR(Prepare(stage, racers));
  for (const Racer& racer : racers) {
    if (!IsSameSlot(racer.offer, racers[0].offer)) {
      return NotAsTold("the callers were not offered the same slot");
    }
  }
  const sch::Offer& slot = racers[0].offer;
  stage.story->Say(absl::StrCat(kRacers, " people at ", kRacers,
                                " desks, each with a patient of their own, were all offered ",
                                LocalTime(slot.start_time(), stage.home), " in ",
                                slot.segments(0).room(), ", and book it at the same moment."));
  MESO_ASSIGN_OR_RETURN(const std::set<std::string> before, LiveReservations(stage));
  const SystemClock stopwatch;
  const absl::Time begin = stopwatch.Now();
  Race(stage, racers);
  const absl::Duration took = stopwatch.Now() - begin;
  MESO_ASSIGN_OR_RETURN(const Racer* winner, OnlyWinner(racers));
  stage.story->Good(absl::StrFormat("1 booked, %d answered SLOT_TAKEN, none anything else; %.0f ms",
                                    kRacers - 1, absl::ToDoubleMilliseconds(took)));
  for (const Racer& racer : racers) {
    if (racer.outcome.ok()) continue;
    stage.story->Refused(std::string(racer.outcome.message()));
    break;
  }
  MESO_ASSIGN_OR_RETURN(const std::set<std::string> after, LiveReservations(stage));
  std::vector<std::string> made;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                      std::back_inserter(made));
  if (made.size() != 1 || made[0] != winner->booked.reservation()) {
    return NotAsTold(absl::StrCat(made.size(), " reservations are left instead of the winner's"));
  }
  MESO_ASSIGN_OR_RETURN(const int booked, CountIn(stage, "BOOKED", slot));
  MESO_ASSIGN_OR_RETURN(const int held, CountIn(stage, "HELD", slot));
  if (booked != 1 || held != 0) {
    return NotAsTold(absl::StrCat(booked, " appointments and ", held, " holds are in the slot"));
  }
  stage.won = winner->booked;
  stage.story->Good(
      "left behind: one appointment, one reservation, no hold; the losers never touched "
      "stock");
  return absl::OkStatus();
}

}  // namespace meso::mesoctl
