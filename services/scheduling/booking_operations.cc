#include "services/scheduling/booking_operations.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "common/base/codec.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "services/scheduling/availability_operations.h"
#include "services/scheduling/booking_steps.h"
#include "services/scheduling/domain/errors.h"

namespace meso::scheduling {
namespace {

// A repeated request may meet an earlier attempt's undo, then needs one of its own; more often than
// this somebody else is at work on the same request.
constexpr int kAttemptsMax = 4;
// The runner leaves a row alone that a call is driving anyway; after a crash it comes soon.
constexpr absl::Duration kRunnerDelay = absl::Seconds(2);

// What transaction 1 found or began.
struct Begun {
  bool answered = false;
  SagaAnswer answer;
  std::string pending_id;
};

absl::StatusOr<Appointment> PinHold(Transaction& tx, const BookingRequest& request,
                                    const std::string& attempt, absl::Time now) {
  MESO_ASSIGN_OR_RETURN(Appointment hold, LoadAppointment(tx, request.hold));
  if (hold.patient != request.patient) {
    FieldErrors errors;
    errors.Invalid("patient", "is not the one the slot is held for");
    return errors.ToStatus();
  }
  MESO_RETURN_IF_ERROR(DecidePin(hold, now));
  hold.attempt = attempt;
  hold.expire_time = std::max(hold.expire_time, now + kPinMin);
  Touch(hold, now);
  MESO_RETURN_IF_ERROR(UpdateAppointment(tx, hold));
  return hold;
}

absl::Status BeginInTransaction(const SchedulingEnvironment& env, Transaction& tx,
                                const CallContext& call, const BookingRequest& request,
                                const std::string& attempt, Begun* begun) {
  const absl::Time now = env.clock->Now();
  *begun = Begun();
  MESO_ASSIGN_OR_RETURN(begun->answered,
                        FindSagaAnswer(tx, call, request.patient, now, &begun->answer));
  if (begun->answered) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(const std::optional<PendingWork> pending,
                        FindPendingWork(tx, call.reply_key));
  if (pending) {
    begun->pending_id = pending->id;
    return absl::OkStatus();
  }
  Appointment held;
  if (request.hold.empty()) {
    MESO_ASSIGN_OR_RETURN(const Session session, ReadOffer(env, call, request.site, request.patient,
                                                           request.offer_token, now));
    MESO_ASSIGN_OR_RETURN(
        held, TakeSlot(env, tx, session, request.patient, now + kHoldDefault, attempt, now));
  } else {
    MESO_ASSIGN_OR_RETURN(held, PinHold(tx, request, attempt, now));
  }
  PendingWork work;
  work.id = attempt;
  work.kind = kBookingWork;
  work.key = call.reply_key;
  work.caller = EncodeCaller(call);
  work.subject = held.name.value();
  work.step = kStepForward;
  work.payload = EncodeBooking({request.cocktail, !request.hold.empty(), env.instance});
  work.due = now + kRunnerDelay;
  MESO_RETURN_IF_ERROR(InsertPendingWork(tx, work));
  begun->pending_id = attempt;
  return absl::OkStatus();
}

// The runner's answer for a row that has ended, which is no refusal of ours.
bool IsGone(const absl::Status& status, const std::string& pending_id) {
  if (!absl::IsNotFound(status)) return false;
  const ErrorDetails details = DetailsOf(status);
  const auto name = details.metadata.find("name");
  return name != details.metadata.end() && name->second == pending_id;
}

// With validate_only: every question asked, nothing kept.
absl::StatusOr<SagaAnswer> TryBooking(const SchedulingEnvironment& env, const CallContext& call,
                                      const BookingRequest& request) {
  Appointment planned;
  MESO_RETURN_IF_ERROR(env.database->Read(
      [&](Transaction& tx) -> absl::Status {
        const absl::Time now = env.clock->Now();
        planned = Appointment();
        if (!request.hold.empty()) {
          MESO_ASSIGN_OR_RETURN(planned, LoadAppointment(tx, request.hold));
          return DecidePin(planned, now);
        }
        MESO_ASSIGN_OR_RETURN(planned.session, ReadOffer(env, call, request.site, request.patient,
                                                         request.offer_token, now));
        MESO_ASSIGN_OR_RETURN(const SlotDecision decision,
                              DecideSlot(tx, planned.session, request.patient, now));
        planned.time_zone = decision.site.time_zone;
        return absl::OkStatus();
      },
      call.deadline));
  if (!request.hold.empty() && planned.patient != request.patient) {
    FieldErrors errors;
    errors.Invalid("patient", "is not the one the slot is held for");
    return errors.ToStatus();
  }
  planned.patient = request.patient;
  planned.cocktail = request.cocktail;
  MESO_ASSIGN_OR_RETURN(const Clearance clearance,
                        env.peers->CheckClearance(call, QuestionAbout(planned)));
  MESO_RETURN_IF_ERROR(DecideBookable(clearance));
  StockWish wish = WishFor(planned, env.ids->NewId());
  wish.validate_only = true;
  const absl::StatusOr<StockAnswer> stock = env.peers->ReserveStock(call, wish);
  if (!stock.ok()) return StockRefusal(planned, stock.status());
  planned.clearance = RecordOf(clearance);
  planned.lots = stock->lots;
  planned.state = AppointmentState::kBooked;
  planned.expire_time = absl::InfiniteFuture();
  planned.name = AppointmentName();
  return SagaAnswer{std::move(planned), ""};
}

}  // namespace

absl::StatusOr<SagaAnswer> BookAppointment(const SchedulingEnvironment& env,
                                           const CallContext& call, const BookingRequest& request) {
  if (request.validate_only) return TryBooking(env, call, request);
  for (int i = 0; i < kAttemptsMax; ++i) {
    Begun begun;
    // Fresh before anybody can see the row, lest a twin's run of it be taken for none.
    const std::string attempt = env.ids->NewId();
    env.fresh_attempts->Add(attempt);
    const absl::Status began = env.database->Transact(
        [&](Transaction& tx) {
          return BeginInTransaction(env, tx, call, request, attempt, &begun);
        },
        call.deadline);
    if (!began.ok() || begun.pending_id != attempt) env.fresh_attempts->Take(attempt);
    MESO_RETURN_IF_ERROR(began);
    if (begun.answered) return std::move(begun.answer);
    MESO_FAILPOINT("booking.after_transaction_1");
    // From here on the row decides: a lost caller changes nothing.
    const absl::Status driven = env.work->Drive(begun.pending_id);
    if (!driven.ok() && !IsGone(driven, begun.pending_id)) return driven;
    SagaAnswer answer;
    bool found = false;
    MESO_RETURN_IF_ERROR(env.database->Read([&](Transaction& tx) -> absl::Status {
      MESO_ASSIGN_OR_RETURN(found,
                            FindSagaAnswer(tx, call, request.patient, env.clock->Now(), &answer));
      return absl::OkStatus();
    }));
    if (found) return answer;
    // The row was an earlier attempt's undo, and is done: this request gets an attempt of its own.
  }
  return DependencyDown(kServiceName, "the same request is being worked on elsewhere");
}

}  // namespace meso::scheduling
