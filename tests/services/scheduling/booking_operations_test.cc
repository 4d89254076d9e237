#include "services/scheduling/booking_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error.h"
#include "tests/services/scheduling/scheduling_clinic.h"

namespace meso::scheduling {
namespace {

using Step = ScriptedSchedulingPeers::Step;
using testing::ElementsAre;

std::string Patient(int number) { return absl::StrFormat("patients/PT-%04d", number); }

// Nothing of a booking is left: no time taken, no row, no stock.
void ExpectNothingLeft(SchedulingClinic& clinic) {
  EXPECT_EQ(clinic.Count("occupation WHERE active = 1"), 0);
  EXPECT_EQ(clinic.Count("meso_pending_work"), 0);
  EXPECT_EQ(clinic.Count("appointment WHERE state = 'BOOKED'"), 0);
  EXPECT_EQ(clinic.peers.kept(), 0);
}

// Exactly one booking with its stock, event, entry and reply, and nothing else.
void ExpectOneBooking(SchedulingClinic& clinic) {
  EXPECT_EQ(clinic.Count("appointment WHERE state = 'BOOKED'"), 1);
  EXPECT_EQ(clinic.Count("appointment WHERE state = 'HELD'"), 0);
  EXPECT_EQ(clinic.Count("meso_pending_work"), 0);
  EXPECT_EQ(clinic.peers.kept(), 1);
  EXPECT_THAT(clinic.EventTypes(), ElementsAre("AppointmentBooked"));
  EXPECT_EQ(clinic.Count("meso_audit"), 1);
}

TEST(BookingOperationsTest, BooksFromAnOffer) {
  SchedulingClinic clinic;
  const Appointment booked = clinic.Booked();
  EXPECT_EQ(booked.state, AppointmentState::kBooked);
  EXPECT_EQ(booked.cocktail.value(), kCocktail);
  EXPECT_EQ(booked.clearance.state, "CLEARED");
  EXPECT_EQ(booked.lots, clinic.peers.lots);
  EXPECT_TRUE(booked.attempt.empty());
  EXPECT_EQ(clinic.peers.StateOf(booked.reservation.value()), "RESERVED");
  ExpectOneBooking(clinic);
}

TEST(BookingOperationsTest, BooksOnAPromiseOfStockWithoutLots) {
  SchedulingClinic clinic;
  clinic.peers.promises = true;
  BookingRequest trial = clinic.FromOffer(kPatientOne);
  trial.validate_only = true;
  EXPECT_TRUE(BookAppointment(clinic.env, clinic.Call(9), trial).ok());
  const Appointment booked = clinic.Booked();
  EXPECT_EQ(booked.state, AppointmentState::kBooked);
  EXPECT_THAT(booked.lots, ::testing::IsEmpty());
  EXPECT_TRUE(booked.risks.empty());
  EXPECT_EQ(clinic.peers.StateOf(booked.reservation.value()), "PROMISED");
  ExpectOneBooking(clinic);
}

TEST(BookingOperationsTest, BooksFromAHoldAndOnlyForItsPatient) {
  SchedulingClinic clinic;
  const auto held = clinic.Hold(kPatientOne);
  ASSERT_TRUE(held.ok()) << held.status();
  BookingRequest request;
  request.site = SiteName(kSite);
  request.hold = held->name;
  request.patient = PatientName("patients/PT-0002");
  request.cocktail = CocktailRevisionName(kCocktail);
  EXPECT_EQ(ReasonOf(BookAppointment(clinic.env, clinic.Call(1), request).status()),
            "FIELD_INVALID");
  request.patient = PatientName(kPatientOne);
  ASSERT_TRUE(BookAppointment(clinic.env, clinic.Call(1), request).ok());
  ExpectOneBooking(clinic);
  EXPECT_EQ(ReasonOf(BookAppointment(clinic.env, clinic.Call(2), request).status()),
            "STATE_NOT_ALLOWED");
}

TEST(BookingOperationsTest, ALapsedHoldCannotBeBookedAndGivesWayToTheNextCaller) {
  SchedulingClinic clinic;
  const auto held = clinic.Hold(kPatientOne);
  ASSERT_TRUE(held.ok());
  clinic.database.clock().Advance(kHoldDefault);
  BookingRequest request;
  request.site = SiteName(kSite);
  request.hold = held->name;
  request.patient = PatientName(kPatientOne);
  request.cocktail = CocktailRevisionName(kCocktail);
  EXPECT_EQ(ReasonOf(BookAppointment(clinic.env, clinic.Call(1), request).status()),
            "HOLD_EXPIRED");
  ASSERT_TRUE(clinic.Book(2, Patient(2)).ok());
  EXPECT_EQ(clinic.Get(held->name)->state, AppointmentState::kExpired);
}

TEST(BookingOperationsTest, SixtyFourCallersForOneSlot) {
  for (const int stock : {1000, 1, 0}) {
    SchedulingClinic clinic;
    clinic.peers.stock = stock;
    constexpr int kCallers = 64;
    std::vector<BookingRequest> requests;
    for (int i = 0; i < kCallers; ++i) requests.push_back(clinic.FromOffer(Patient(i)));
    std::atomic<int> booked{0}, refused{0}, other{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < kCallers; ++i) {
      callers.emplace_back([&, i] {
        const auto answer = BookAppointment(clinic.env, clinic.Call(i + 1), requests[i]);
        const std::string reason = ReasonOf(answer.status());
        if (answer.ok()) {
          ++booked;
        } else if (reason == "SLOT_TAKEN" || reason == "STOCK_NOT_AVAILABLE") {
          ++refused;
        } else {
          ++other;
          ADD_FAILURE() << answer.status();
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
    clinic.RunPending();
    EXPECT_EQ(booked, stock == 0 ? 0 : 1);
    EXPECT_EQ(refused, stock == 0 ? kCallers : kCallers - 1);
    if (stock == 0) {
      ExpectNothingLeft(clinic);
    } else {
      ExpectOneBooking(clinic);
      EXPECT_EQ(clinic.peers.calls(Step::kReserve), 1) << "losers touched the stock";
    }
  }
}

TEST(BookingOperationsTest, AHundredCopiesOfOneRequestHaveOneEffectAndOneAnswer) {
  SchedulingClinic clinic;
  const BookingRequest request = clinic.FromOffer(kPatientOne);
  std::vector<std::string> answers(100);
  std::vector<std::thread> callers;
  for (std::string& answer : answers) {
    callers.emplace_back([&] {
      const auto booked = BookAppointment(clinic.env, clinic.Call(1), request);
      answer = booked.ok() ? booked->stored_reply : booked.status().ToString();
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const std::string& answer : answers) EXPECT_EQ(answer, answers[0]);
  ExpectOneBooking(clinic);
  CallContext other_body = clinic.Call(1);
  other_body.reply_key.body_hash = std::string(32, 'x');
  EXPECT_EQ(ReasonOf(BookAppointment(clinic.env, other_body, request).status()),
            "REQUEST_ID_REUSED");
}

TEST(BookingOperationsTest, ARefusedClearanceLeavesNothing) {
  SchedulingClinic clinic;
  clinic.peers.clearance.state = "CONTRAINDICATED";
  clinic.peers.clearance.findings = {{"MS-12", "CONTRAINDICATED", "Allergy", "why", "label"}};
  const absl::Status status = clinic.Book(1, kPatientOne).status();
  EXPECT_EQ(ReasonOf(status), "CLEARANCE_REQUIRED");
  ASSERT_EQ(DetailsOf(status).violations.size(), 1u);
  EXPECT_EQ(DetailsOf(status).violations[0].reason, "MS-12");
  ExpectNothingLeft(clinic);
  clinic.peers.clearance.state = "PROVISIONAL";
  EXPECT_TRUE(clinic.Book(1, kPatientOne).ok()) << "a refusal is evaluated again";
}

TEST(BookingOperationsTest, MissingStockLeavesNothingAndCarriesInventorysReason) {
  SchedulingClinic clinic;
  clinic.peers.stock = 0;
  const absl::Status status = clinic.Book(1, kPatientOne).status();
  EXPECT_EQ(ReasonOf(status), "STOCK_NOT_AVAILABLE");
  ASSERT_EQ(DetailsOf(status).causes.size(), 1u);
  EXPECT_EQ(DetailsOf(status).causes[0].reason, "INSUFFICIENT_STOCK");
  ExpectNothingLeft(clinic);
  EXPECT_EQ(clinic.peers.calls(Step::kRelease), 0);
}

TEST(BookingOperationsTest, ADeadPeerAtEachStepLeavesNothingOnceItIsBack) {
  struct Case {
    Step step;
    bool takes_effect;
    bool timeout;
  };
  for (const Case& c : {Case{Step::kClearance, false, false}, Case{Step::kReserve, false, false},
                        Case{Step::kReserve, true, false}, Case{Step::kReserve, true, true},
                        Case{Step::kClearance, false, true}}) {
    SchedulingClinic clinic;
    const absl::Status silence =
        c.timeout ? absl::DeadlineExceededError("") : DependencyDown("inventory", "no connection");
    clinic.peers.Fail(c.step, {silence, c.takes_effect}, 10);
    clinic.peers.TakeDown(Step::kRelease);
    EXPECT_EQ(ReasonOf(clinic.Book(1, kPatientOne).status()), "DEPENDENCY_DOWN");
    EXPECT_EQ(clinic.Count("occupation WHERE active = 1"), 0) << "the slot is free at once";
    clinic.peers.Restore();
    clinic.RunPending();
    ExpectNothingLeft(clinic);
    EXPECT_TRUE(clinic.Book(1, kPatientOne).ok());
    ExpectOneBooking(clinic);
  }
}

TEST(BookingOperationsTest, TheSameRequestFinishesAnEarlierUndoAndThenBooks) {
  SchedulingClinic clinic;
  const BookingRequest request = clinic.FromOffer(kPatientOne);
  clinic.peers.Fail(Step::kReserve, {DependencyDown("inventory", "gone"), true});
  clinic.peers.TakeDown(Step::kRelease);
  EXPECT_EQ(ReasonOf(BookAppointment(clinic.env, clinic.Call(1), request).status()),
            "DEPENDENCY_DOWN");
  EXPECT_EQ(clinic.peers.kept(), 1);
  EXPECT_EQ(ReasonOf(BookAppointment(clinic.env, clinic.Call(1), request).status()),
            "DEPENDENCY_DOWN")
      << "inventory is still down";
  clinic.peers.Restore();
  ASSERT_TRUE(BookAppointment(clinic.env, clinic.Call(1), request).ok());
  ExpectOneBooking(clinic);
}

TEST(BookingOperationsTest, ALostAnswerIsRepeatedWithTheSameRequestId) {
  SchedulingClinic clinic;
  clinic.peers.Fail(Step::kReserve, {absl::DeadlineExceededError(""), true}, 2);
  ASSERT_TRUE(clinic.Book(1, kPatientOne).ok());
  EXPECT_EQ(clinic.peers.calls(Step::kReserve), 3);
  ExpectOneBooking(clinic);
}

TEST(BookingOperationsTest, ARecallBetweenThePeersAnswerAndTheCommitIsNeverBookedGreen) {
  for (const bool site_elsewhere : {false, true}) {
    SchedulingClinic clinic;
    clinic.peers.AfterNext(Step::kReserve, [&] {
      EXPECT_TRUE(clinic
                      .Do([&](Transaction& tx) {
                        return TakeInLotHeld(clinic.env, tx, clinic.At("inventory", 1),
                                             {clinic.peers.lots[0], "hold-1", "LOT_RECALLED",
                                              site_elsewhere ? "sites/syd-1" : ""});
                      })
                      .ok());
    });
    const absl::Status status = clinic.Book(1, kPatientOne).status();
    if (site_elsewhere) {
      EXPECT_TRUE(status.ok()) << status;
      continue;
    }
    EXPECT_EQ(ReasonOf(status), "STOCK_NOT_AVAILABLE");
    EXPECT_EQ(DetailsOf(status).metadata["cause"], "LOT_RECALLED");
    ExpectNothingLeft(clinic);
  }
}

TEST(BookingOperationsTest, AFactTheAnswerAlreadyKnewDoesNotCount) {
  SchedulingClinic clinic;
  ASSERT_TRUE(clinic
                  .Do([&](Transaction& tx) {
                    return TakeInLotHeld(clinic.env, tx, clinic.At("inventory", 0),
                                         {clinic.peers.lots[0], "hold-1", "LOT_RECALLED", ""});
                  })
                  .ok());
  EXPECT_TRUE(clinic.Book(1, kPatientOne).ok());
}

TEST(BookingOperationsTest, AnswersChangedMeanwhileAreAskedForAgain) {
  SchedulingClinic clinic;
  clinic.peers.AfterNext(Step::kReserve, [&] {
    EXPECT_TRUE(clinic
                    .Do([&](Transaction& tx) {
                      return TakeInAssessmentInvalidated(clinic.env, tx, clinic.At("screening", 1),
                                                         clinic.peers.clearance.assessments[0]);
                    })
                    .ok());
    clinic.peers.clearance.state = "INCOMPLETE";
    clinic.peers.clearance.as_of.sequence += 1;
  });
  EXPECT_EQ(ReasonOf(clinic.Book(1, kPatientOne).status()), "CLEARANCE_REQUIRED");
  EXPECT_EQ(clinic.peers.calls(Step::kClearance), 2);
  EXPECT_EQ(clinic.peers.kept(), 0);
  EXPECT_EQ(clinic.Count("occupation WHERE active = 1"), 0);
}

TEST(BookingOperationsTest, AFailingDatabaseAtAnyPlaceBooksOnceOrLeavesNothing) {
  enum class Plant { kStatement, kCommit, kAnswer };
  for (const Plant plant : {Plant::kStatement, Plant::kCommit, Plant::kAnswer}) {
    bool fired = true;
    for (int n = 1; fired && n < 200; ++n) {
      SchedulingClinic clinic;
      const BookingRequest request = clinic.FromOffer(kPatientOne);
      if (plant == Plant::kStatement) clinic.faulty.FailStatement(n);
      if (plant == Plant::kCommit) clinic.faulty.FailCommit(n);
      if (plant == Plant::kAnswer) clinic.faulty.LoseAnswer(n);
      const auto first = BookAppointment(clinic.env, clinic.Call(1), request);
      fired = clinic.faulty.fired();
      EXPECT_EQ(first.ok(), !fired) << n << " " << first.status();
      clinic.faulty.Heal();
      // The process that resumes is another one: it can't know what its predecessor had reserved.
      clinic.env.instance = "instance-2";
      const auto again = BookAppointment(clinic.env, clinic.Call(1), request);
      EXPECT_TRUE(again.ok()) << n << " " << again.status();
      ExpectOneBooking(clinic);
    }
  }
}

TEST(BookingOperationsTest, TheResumerFinishesWhatACrashLeft) {
  SchedulingClinic clinic;
  const BookingRequest request = clinic.FromOffer(kPatientOne);
  clinic.faulty.FailCommit(2);  // transaction 2
  EXPECT_EQ(ReasonOf(BookAppointment(clinic.env, clinic.Call(1), request).status()),
            "STORAGE_UNAVAILABLE");
  clinic.faulty.Heal();
  clinic.env.instance = "instance-2";
  clinic.RunPending();
  ExpectOneBooking(clinic);
  const auto again = BookAppointment(clinic.env, clinic.Call(1), request);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->stored_reply.empty());
}

TEST(BookingOperationsTest, ARunThatCouldNotEvenBePostponedIsRememberedAsHavingReserved) {
  SchedulingClinic clinic;
  clinic.faulty.FailCommit(2);  // transaction 2
  EXPECT_EQ(ReasonOf(clinic.Book(1, kPatientOne).status()), "STORAGE_UNAVAILABLE");
  EXPECT_EQ(clinic.peers.kept(), 1);
  clinic.faulty.Heal();
  // As if the disk had refused to count the try, too.
  ASSERT_TRUE(clinic
                  .Do([](Transaction& tx) {
                    return tx.Execute("UPDATE meso_pending_work SET tries = 0", {});
                  })
                  .ok());
  clinic.peers.clearance.state = "CONTRAINDICATED";
  clinic.RunPending();
  ExpectNothingLeft(clinic);
}

TEST(BookingOperationsTest, AnUndoThatInventoryRefusesIsKeptUnlessNothingIsLeftToRelease) {
  struct Case {
    absl::StatusCode code;
    bool ends;
  };
  for (const Case& c :
       {Case{absl::StatusCode::kNotFound, true}, Case{absl::StatusCode::kFailedPrecondition, true},
        Case{absl::StatusCode::kPermissionDenied, false},
        Case{absl::StatusCode::kUnauthenticated, false},
        Case{absl::StatusCode::kInvalidArgument, false}, Case{absl::StatusCode::kAborted, false}}) {
    SchedulingClinic clinic;
    clinic.peers.AfterNext(Step::kReserve,
                           [&] { clinic.database.clock().Advance(absl::Minutes(6)); });
    clinic.peers.Fail(Step::kRelease, {absl::Status(c.code, ""), false});
    EXPECT_EQ(ReasonOf(clinic.Book(1, kPatientOne).status()), "HOLD_EXPIRED");
    EXPECT_EQ(clinic.Count("meso_pending_work"), c.ends ? 0 : 1)
        << absl::StatusCodeToString(c.code);
    clinic.RunPending();
    EXPECT_EQ(clinic.Count("meso_pending_work"), 0);
    EXPECT_EQ(clinic.peers.kept(), c.ends ? 1 : 0);
  }
}

TEST(BookingOperationsTest, AnAttemptThatOutlivesItsHoldIsUndone) {
  SchedulingClinic clinic;
  clinic.peers.AfterNext(Step::kReserve,
                         [&] { clinic.database.clock().Advance(absl::Minutes(6)); });
  EXPECT_EQ(ReasonOf(clinic.Book(1, kPatientOne).status()), "HOLD_EXPIRED");
  EXPECT_EQ(clinic.peers.kept(), 0);
  EXPECT_EQ(clinic.Count("meso_pending_work"), 0);
}

TEST(BookingOperationsTest, AnUndoneBookingLeavesTheCallersHoldAsItWas) {
  SchedulingClinic clinic;
  const auto held = clinic.Hold(kPatientOne);
  ASSERT_TRUE(held.ok());
  BookingRequest request;
  request.site = SiteName(kSite);
  request.hold = held->name;
  request.patient = PatientName(kPatientOne);
  request.cocktail = CocktailRevisionName(kCocktail);
  clinic.peers.stock = 0;
  clinic.peers.AfterNext(Step::kClearance, [&] {
    const absl::Status released = clinic.Do([&](Transaction& tx) {
      return ReleaseHold(clinic.env, tx, clinic.Call(9), {held->name, ""}).status();
    });
    EXPECT_EQ(ReasonOf(released), "STATE_NOT_ALLOWED") << "it is being booked";
  });
  EXPECT_EQ(ReasonOf(BookAppointment(clinic.env, clinic.Call(1), request).status()),
            "STOCK_NOT_AVAILABLE");
  EXPECT_EQ(clinic.Get(held->name)->state, AppointmentState::kHeld);
  EXPECT_TRUE(clinic.Get(held->name)->attempt.empty());
  clinic.peers.stock = 1;
  EXPECT_TRUE(BookAppointment(clinic.env, clinic.Call(1), request).ok());
}

TEST(BookingOperationsTest, ValidateOnlyChangesNothing) {
  SchedulingClinic clinic;
  BookingRequest request = clinic.FromOffer(kPatientOne);
  request.validate_only = true;
  const auto planned = BookAppointment(clinic.env, clinic.Call(1), request);
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_EQ(planned->appointment.state, AppointmentState::kBooked);
  EXPECT_TRUE(planned->appointment.name.empty());
  ExpectNothingLeft(clinic);
  EXPECT_EQ(clinic.Count("appointment"), 0);
}

TEST(BookingOperationsTest, TheDatabaseItselfRefusesADoubleBooking) {
  SchedulingClinic clinic;
  const Appointment booked = clinic.Booked();
  Appointment twin = booked;
  twin.name = AppointmentName("sites/par-1/appointments/ffffffff-0000-7000-8000-000000000001");
  twin.patient = PatientName(Patient(2));
  twin.state = AppointmentState::kHeld;
  const absl::Status status = clinic.Do([&](Transaction& tx) -> absl::Status {
    Site site;
    site.name = SiteName(kSite);
    site.time_zone = "Europe/Paris";
    return InsertAppointment(tx, twin, site);
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "SLOT_TAKEN");
}

}  // namespace
}  // namespace meso::scheduling
