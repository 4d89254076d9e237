#include "services/scheduling/booking_steps.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/codec.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/database/pending_work_table.h"
#include "services/scheduling/booking_operations.h"
#include "services/scheduling/domain/errors.h"
#include "services/scheduling/store/risk_store.h"
#include "services/scheduling/store/scheduling_store.h"

namespace meso::scheduling {
namespace {

constexpr int kRepeatsOfAmbiguous = 3;
// How often a booking asks for the clearance anew because a fact overtook the answer.
constexpr int kRoundsMax = 3;

// One run of a row's handler.
struct Booking {
  const SchedulingEnvironment& env;
  const PendingWork& work;
  CallContext call;
  BookingPayload payload;
  Appointment held;  // as it stood when the run began, with the cocktail
  // True when stock may be reserved: only the first run in the process that began the row knows
  // that it is not.
  bool may_hold_stock = true;
};

enum class Commit { kBooked, kClearanceStale, kRefused };

// A step whose outcome is unknown is repeated with the same request id until it is known.
template <typename Answer, typename Ask>
absl::StatusOr<Answer> AskUntilKnown(Ask ask) {
  absl::StatusOr<Answer> answer = ask();
  for (int i = 1; i < kRepeatsOfAmbiguous && absl::IsDeadlineExceeded(answer.status()); ++i) {
    answer = ask();
  }
  return answer;
}

// Whether inventory's refusal to release says that nothing is kept (of another site, drawn). Any
// other, a right lost or a conflict, says nothing about the stock.
bool NothingToRelease(const absl::Status& refusal) {
  return absl::IsNotFound(refusal) || absl::IsFailedPrecondition(refusal);
}

// Gives the reservation back and ends the row. An error leaves the row for later.
absl::Status FinishUndo(const Booking& booking) {
  MESO_FAILPOINT("booking.before_release");
  absl::Status released = absl::DeadlineExceededError("");
  for (int i = 0; i < kRepeatsOfAmbiguous && absl::IsDeadlineExceeded(released); ++i) {
    released = booking.env.peers->ReleaseReservation(booking.call, ReservationOf(booking.work.id),
                                                     booking.held.site(),
                                                     Uuid5(booking.work.id, "release"));
  }
  if (IsSilence(released)) return PeerFailure("inventory", released);
  if (!released.ok()) {
    // A person should know, also when nothing is kept under this id that could be given back.
    Log(Severity::kWarning, "a reservation was not released",
        {{"reservation", ReservationOf(booking.work.id).value()}, {"reason", ReasonOf(released)}});
    if (!NothingToRelease(released)) return released;
  }
  MESO_FAILPOINT("booking.after_release");
  return booking.env.database->Transact(
      [&](Transaction& tx) { return DeletePendingWork(tx, booking.work.id); });
}

// Frees what the booking took of the slot: a hold that was there before is only unpinned.
absl::Status FreeSlot(Transaction& tx, const Booking& booking, absl::Time now) {
  MESO_ASSIGN_OR_RETURN(Appointment held, LoadAppointment(tx, booking.held.name));
  // Somebody who met it lapsed has expired it already.
  if (held.attempt != booking.work.id || held.state != AppointmentState::kHeld) {
    return absl::OkStatus();
  }
  held.attempt.clear();
  Touch(held, now);
  if (!booking.payload.from_hold) {
    held.state = AppointmentState::kCancelled;
    held.cancel_time = now;
    MESO_RETURN_IF_ERROR(FreeTime(tx, held.name));
  }
  return UpdateAppointment(tx, held);
}

// Ends the booking without success and answers `refusal`. The slot is free at once; stock that may
// be reserved is given back now or, when inventory is silent, by the row that stays.
absl::Status Abandon(const Booking& booking, const absl::Status& refusal) {
  MESO_FAILPOINT("booking.before_undo");
  const absl::Time now = booking.env.clock->Now();
  MESO_RETURN_IF_ERROR(booking.env.database->Transact([&](Transaction& tx) -> absl::Status {
    MESO_RETURN_IF_ERROR(FreeSlot(tx, booking, now));
    if (!booking.may_hold_stock) return DeletePendingWork(tx, booking.work.id);
    return UpdatePendingWork(tx, booking.work.id, kStepUndo, booking.work.payload);
  }));
  MESO_FAILPOINT("booking.after_slot_freed");
  if (!booking.may_hold_stock || IsSilence(refusal)) return refusal;
  const absl::Status undone = FinishUndo(booking);
  if (!undone.ok()) {
    Log(Severity::kInfo, "a booking's undo waits for inventory",
        {{"reservation", ReservationOf(booking.work.id).value()}});
  }
  return refusal;
}

// The facts that overtook the peers' answers, as risks.
absl::StatusOr<std::vector<Risk>> ListOvertaking(Transaction& tx, const Appointment& booked,
                                                 const std::vector<std::string>& objects,
                                                 const Position& as_of) {
  MESO_ASSIGN_OR_RETURN(const std::vector<Invalidation> facts,
                        ListInvalidations(tx, objects, booked.site(), as_of));
  std::vector<Risk> risks;
  for (const Invalidation& fact : facts) {
    risks.push_back({fact.at.source, fact.reason, fact.object, absl::InfinitePast()});
  }
  return risks;
}

// Transaction 2. On kBooked everything is written; otherwise nothing.
absl::StatusOr<Commit> CommitInTransaction(const Booking& booking, Transaction& tx,
                                           const Clearance& clearance, const StockAnswer& stock,
                                           absl::Status* refusal) {
  const absl::Time now = booking.env.clock->Now();
  MESO_ASSIGN_OR_RETURN(const std::optional<PendingWork> row, LoadPendingWork(tx, booking.work.id));
  if (!row || row->step != kStepForward) {
    return absl::AbortedError("another run has ended this booking");
  }
  MESO_ASSIGN_OR_RETURN(Appointment booked, LoadAppointment(tx, booking.held.name));
  if (StateAt(booked, now) != AppointmentState::kHeld || booked.attempt != booking.work.id) {
    *refusal = HoldExpired(booked.name);
    return Commit::kRefused;
  }
  std::vector<std::string> stock_objects = {stock.reservation.value()};
  for (const LotName& lot : stock.lots) stock_objects.push_back(lot.value());
  MESO_ASSIGN_OR_RETURN(const std::vector<Risk> lost,
                        ListOvertaking(tx, booked, stock_objects, stock.as_of));
  // Beyond inventory's horizon stock is promised; its lots come, or turn the appointment at_risk.
  if (!lost.empty() ||
      (stock.state != "RESERVED" && stock.state != "CONFIRMED" && stock.state != "PROMISED")) {
    *refusal = StockLost(
        stock.reservation,
        lost.empty() ? absl::StrCat("it is ", stock.state) : "a lot was taken out of use meanwhile",
        lost);
    return Commit::kRefused;
  }
  MESO_ASSIGN_OR_RETURN(
      const std::vector<Risk> stale,
      ListOvertaking(tx, booked, ClearanceObjects(clearance, booked.patient), clearance.as_of));
  if (!stale.empty()) return Commit::kClearanceStale;

  booked.state = AppointmentState::kBooked;
  booked.expire_time = absl::InfiniteFuture();
  booked.attempt.clear();
  booked.cocktail = booking.payload.cocktail;
  booked.reservation = stock.reservation;
  booked.lots = stock.lots;
  booked.stock_as_of = stock.as_of;
  booked.clearance = RecordOf(clearance);
  Touch(booked, now);
  MESO_RETURN_IF_ERROR(UpdateAppointment(tx, booked));
  MESO_RETURN_IF_ERROR(SaveReliance(tx, booked));
  MESO_RETURN_IF_ERROR(TellBooked(tx, OriginOf(booking.env, booking.call, now), booked));
  MESO_RETURN_IF_ERROR(EndSaga(booking.env, tx, booking.call, booked, now));
  MESO_RETURN_IF_ERROR(DeletePendingWork(tx, booking.work.id));
  return Commit::kBooked;
}

absl::StatusOr<Commit> CommitBooking(const Booking& booking, const Clearance& clearance,
                                     const StockAnswer& stock, absl::Status* refusal) {
  Commit commit = Commit::kRefused;
  MESO_RETURN_IF_ERROR(booking.env.database->Transact([&](Transaction& tx) -> absl::Status {
    *refusal = absl::OkStatus();
    booking.call.audit = AuditDraft();
    MESO_ASSIGN_OR_RETURN(commit, CommitInTransaction(booking, tx, clearance, stock, refusal));
    return absl::OkStatus();
  }));
  return commit;
}

absl::Status RunForward(Booking& booking) {
  const SchedulingEnvironment& env = booking.env;
  const ClearanceQuestion question = QuestionAbout(booking.held);
  const StockWish wish = WishFor(booking.held, booking.work.id);
  std::optional<StockAnswer> stock;
  for (int round = 0; round < kRoundsMax; ++round) {
    const absl::StatusOr<Clearance> clearance =
        AskUntilKnown<Clearance>([&] { return env.peers->CheckClearance(booking.call, question); });
    if (!clearance.ok()) {
      return Abandon(booking, PeerFailure("screening", clearance.status()));
    }
    if (const absl::Status bookable = DecideBookable(*clearance); !bookable.ok()) {
      return Abandon(booking, bookable);
    }
    MESO_FAILPOINT("booking.after_clearance");
    if (!stock) {
      const bool knew_none = !booking.may_hold_stock;
      booking.may_hold_stock = true;
      int asked = 0;
      const absl::StatusOr<StockAnswer> answer = AskUntilKnown<StockAnswer>([&] {
        ++asked;
        return env.peers->ReserveStock(booking.call, wish);
      });
      if (!answer.ok()) {
        // Refused at the first asking of a fresh attempt: nothing is reserved, now or later.
        booking.may_hold_stock = !(knew_none && asked == 1 && !IsSilence(answer.status()));
        return Abandon(booking, StockRefusal(booking.held, answer.status()));
      }
      stock = *answer;
    }
    MESO_FAILPOINT("booking.after_reserve");
    absl::Status refusal;
    MESO_ASSIGN_OR_RETURN(const Commit commit,
                          CommitBooking(booking, *clearance, *stock, &refusal));
    MESO_FAILPOINT("booking.after_transaction_2");
    if (commit == Commit::kBooked) return absl::OkStatus();
    if (commit == Commit::kRefused) return Abandon(booking, refusal);
  }
  return Abandon(
      booking,
      PeerFailure("screening", absl::UnavailableError("its answers change while it is asked")));
}

}  // namespace

std::string EncodeBooking(const BookingPayload& payload) {
  return Encoder()
      .Int(1)
      .String(payload.cocktail.value())
      .Int(payload.from_hold)
      .String(payload.instance)
      .Take();
}

absl::StatusOr<BookingPayload> DecodeBooking(absl::string_view bytes) {
  Decoder in(bytes);
  BookingPayload payload;
  const int64_t version = in.Int();
  payload.cocktail = CocktailRevisionName(in.String());
  payload.from_hold = in.Int() != 0;
  payload.instance = in.String();
  if (!in.done() || version != 1) return absl::DataLossError("a booking's row can't be read");
  return payload;
}

ClearanceQuestion QuestionAbout(const Appointment& appointment) {
  return {appointment.patient, appointment.site(), appointment.session.treatment_type,
          appointment.cocktail, appointment.session.when().begin};
}

std::vector<std::string> ClearanceObjects(const Clearance& clearance, const PatientName& patient) {
  std::vector<std::string> objects = clearance.assessments;
  objects.push_back(patient.value());
  objects.push_back(kAnyRuleSet);
  return objects;
}

StockWish WishFor(const Appointment& appointment, const std::string& attempt) {
  StockWish wish;
  wish.reservation = ReservationOf(attempt);
  wish.site = appointment.site();
  wish.cocktail = appointment.cocktail;
  wish.use_time = appointment.session.when().end;
  wish.appointment = appointment.name;
  wish.request_id = Uuid5(attempt, "reserve");
  return wish;
}

ReservationName ReservationOf(const std::string& attempt) {
  return ReservationName(absl::StrCat("reservations/", attempt));
}

bool IsSilence(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || absl::IsInternal(status) ||
         absl::IsResourceExhausted(status) || absl::IsUnknown(status);
}

absl::Status PeerFailure(const char* service, const absl::Status& failure) {
  if (!IsSilence(failure)) return failure;
  if (ReasonOf(failure) == "DEPENDENCY_DOWN") return failure;
  return DependencyDown(
      service, absl::IsDeadlineExceeded(failure) ? "no answer in time" : "it refuses to work");
}

absl::Status StockRefusal(const Appointment& appointment, const absl::Status& refusal) {
  if (absl::IsFailedPrecondition(refusal)) {
    return StockNotAvailable(appointment.site(), appointment.cocktail, refusal);
  }
  return PeerFailure("inventory", refusal);
}

absl::Status RunBooking(const SchedulingEnvironment& env, const PendingWork& work) {
  MESO_ASSIGN_OR_RETURN(CallContext call, DecodeCaller(work.caller));
  MESO_ASSIGN_OR_RETURN(BookingPayload payload, DecodeBooking(work.payload));
  Booking booking{env, work, std::move(call), std::move(payload), Appointment(), true};
  const bool fresh = env.fresh_attempts->Take(work.id);
  booking.may_hold_stock = !fresh || work.tries > 0 || booking.payload.instance != env.instance;
  MESO_RETURN_IF_ERROR(env.database->Read([&](Transaction& tx) -> absl::Status {
    MESO_ASSIGN_OR_RETURN(booking.held, LoadAppointment(tx, AppointmentName(work.subject)));
    return absl::OkStatus();
  }));
  booking.held.cocktail = booking.payload.cocktail;
  if (work.step == kStepUndo) return FinishUndo(booking);
  return RunForward(booking);
}

}  // namespace meso::scheduling
