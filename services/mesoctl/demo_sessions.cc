#include "services/mesoctl/demo_sessions.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "meso/inventory/v1/reservation.pb.h"
#include "meso/scheduling/v1/scheduling_service.pb.h"
#include "services/mesoctl/in_flight.h"
#include "services/mesoctl/story_stage.h"

namespace meso::mesoctl {
namespace {

namespace inv = meso::inventory::v1;
namespace sch = meso::scheduling::v1;

constexpr char kScheduling[] = "SchedulingService.";
constexpr int kPageSize = 500;
constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr absl::Duration kPause = absl::Milliseconds(50);

// Why the refusal was made, as a person would look it up: the innermost cause that has a name.
std::string WhyRefused(const absl::Status& status) {
  const ErrorDetails details = DetailsOf(status);
  for (const ErrorDetails& cause : details.causes) {
    const auto named = cause.metadata.find("cause");
    if (named != cause.metadata.end()) return named->second;
    if (!cause.reason.empty()) return cause.reason;
  }
  return details.reason.empty() ? std::string(status.message()) : details.reason;
}

bool StandsInTheWay(const sch::Appointment& appointment) {
  switch (appointment.state()) {
    case sch::Appointment::STATE_EXPIRED:
      return false;
    case sch::Appointment::STATE_CANCELLED:
      // Without a reason it is what an interrupted booking left; with one, somebody meant it.
      return appointment.cancel_reason() != sch::CANCEL_REASON_UNSPECIFIED;
    default:
      return true;
  }
}

// Everything at one site; used by one thread.
class SiteBook {
 public:
  SiteBook(const DemoPlan& plan, const std::string& site, const Clock& clock, StepRunner& runner)
      : plan_(plan),
        site_(site),
        zone_(plan.zones.at(site)),
        clock_(clock),
        runner_(runner),
        desk_(absl::StrCat("desk-", site.substr(site.find('/') + 1))) {}

  absl::Status Book(ProgressBar& progress) {
    MESO_RETURN_IF_ERROR(FindBooked());
    for (const DemoSession& session : plan_.sessions) {
      if (session.site != site_) continue;
      MESO_RETURN_IF_ERROR(BookOne(session));
      progress.Step();
    }
    return AwaitConfirmation();
  }

  const BookedSessions& result() const { return result_; }

 private:
  template <typename Response>
  absl::StatusOr<Response> Call(absl::string_view method, google::protobuf::Message& request) {
    return runner_.Send<Response>(desk_, absl::StrCat(kScheduling, method), "", request);
  }

  // "patients/PT-0001 2026-11-24": nobody of the chain comes twice a day.
  std::string DayKey(const std::string& patient, absl::Time begin) const {
    return absl::StrCat(patient, " ", absl::FormatCivilTime(absl::ToCivilDay(begin, zone_)));
  }

  // A booking still under way belongs to a load that was interrupted: the service finishes it, or
  // takes it back, by itself.
  absl::Status FindBooked() {
    const SystemClock stopwatch;
    const absl::Time deadline = stopwatch.Now() + kPatience;
    for (;;) {
      MESO_ASSIGN_OR_RETURN(const bool settled, ReadBooked());
      if (settled || stopwatch.Now() > deadline) return absl::OkStatus();
      absl::Notification never;
      never.WaitForNotificationWithTimeout(kPause);
    }
  }

  absl::StatusOr<bool> ReadBooked() {
    std::set<std::string> ours;
    for (const DemoSession& session : plan_.sessions) ours.insert(session.patient);
    booked_.clear();
    bool settled = true;
    sch::ListAppointmentsRequest list;
    list.set_parent(site_);
    list.set_page_size(kPageSize);
    do {
      MESO_ASSIGN_OR_RETURN(const auto page,
                            Call<sch::ListAppointmentsResponse>("ListAppointments", list));
      for (const sch::Appointment& appointment : page.appointments()) {
        if (ours.count(appointment.patient()) == 0 || !StandsInTheWay(appointment)) continue;
        settled = settled && appointment.state() != sch::Appointment::STATE_HELD;
        booked_.insert(DayKey(appointment.patient(), FromTimestamp(appointment.start_time())));
      }
      list.set_page_token(page.next_page_token());
    } while (!list.page_token().empty());
    return settled;
  }

  absl::Status BookOne(const DemoSession& session) {
    if (booked_.count(DayKey(session.patient, session.begin)) > 0) {
      ++result_.found;
      return absl::OkStatus();
    }
    if (session.begin <= clock_.Now()) {
      ++result_.left_out["its time has passed"];
      return absl::OkStatus();
    }
    MESO_ASSIGN_OR_RETURN(auto offers, Search(session, session.begin, session.end));
    if (offers.empty()) {
      const absl::CivilDay day = absl::ToCivilDay(session.begin, zone_);
      MESO_ASSIGN_OR_RETURN(
          offers, Search(session, absl::FromCivil(day, zone_), absl::FromCivil(day + 1, zone_)));
    }
    if (offers.empty()) {
      ++result_.left_out["no free slot"];
      return absl::OkStatus();
    }
    sch::BookAppointmentRequest book;
    book.set_parent(site_);
    book.set_offer_token(offers[0].offer_token());
    book.set_patient(session.patient);
    MESO_ASSIGN_OR_RETURN(const std::string cocktail, RevisionOf(session.cocktail));
    book.set_cocktail(cocktail);
    const auto appointment = Call<sch::Appointment>("BookAppointment", book);
    if (appointment.ok()) {
      ++result_.booked;
      reservations_.insert(appointment->reservation());
    } else if (absl::IsFailedPrecondition(appointment.status())) {
      ++result_.left_out[WhyRefused(appointment.status())];
    } else {
      return appointment.status();
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<sch::Offer>> Search(const DemoSession& session, absl::Time begin,
                                                 absl::Time end) {
    sch::SearchAvailabilityRequest request;
    request.set_parent(site_);
    request.set_patient(session.patient);
    request.set_treatment_type(session.treatment);
    request.set_practitioner(session.practitioner);
    SetTimestamp(begin, request.mutable_start_time());
    SetTimestamp(end, request.mutable_end_time());
    request.set_limit(1);
    MESO_ASSIGN_OR_RETURN(const auto answer,
                          Call<sch::SearchAvailabilityResponse>("SearchAvailability", request));
    return std::vector<sch::Offer>(answer.offers().begin(), answer.offers().end());
  }

  // The newest published revision of the recipe.
  absl::StatusOr<std::string> RevisionOf(const std::string& cocktail) {
    std::string& revision = revisions_[cocktail];
    if (!revision.empty()) return revision;
    inv::GetCocktailRequest request;
    request.set_name(cocktail);
    MESO_ASSIGN_OR_RETURN(
        const auto found,
        runner_.Send<inv::Cocktail>("stock", "InventoryService.GetCocktail", "", request));
    return revision = found.name();
  }

  // Inventory hears of a booking by event and then keeps its lots for good.
  absl::Status AwaitConfirmation() {
    const SystemClock stopwatch;
    const absl::Time deadline = stopwatch.Now() + kPatience;
    for (;;) {
      MESO_ASSIGN_OR_RETURN(const bool waiting, AnyUnconfirmed());
      if (!waiting) return absl::OkStatus();
      if (stopwatch.Now() > deadline) {
        return absl::DeadlineExceededError(
            absl::StrCat("after 30 s inventory has not confirmed every reservation at ", site_));
      }
      absl::Notification never;
      never.WaitForNotificationWithTimeout(kPause);
    }
  }

  absl::StatusOr<bool> AnyUnconfirmed() {
    inv::ListReservationsRequest list;
    list.set_parent(site_);
    list.set_page_size(kPageSize);
    list.set_filter("state = RESERVED");
    do {
      MESO_ASSIGN_OR_RETURN(const auto page,
                            runner_.Send<inv::ListReservationsResponse>(
                                "stock", "InventoryService.ListReservations", "", list));
      for (const inv::Reservation& reservation : page.reservations()) {
        if (reservations_.count(reservation.name()) > 0) return true;
      }
      list.set_page_token(page.next_page_token());
    } while (!list.page_token().empty());
    return false;
  }

  const DemoPlan& plan_;
  const std::string site_;
  const absl::TimeZone zone_;
  const Clock& clock_;
  StepRunner& runner_;
  const std::string desk_;
  std::set<std::string> booked_;  // by DayKey
  std::set<std::string> reservations_;
  std::map<std::string, std::string> revisions_;  // by recipe
  BookedSessions result_;
};

}  // namespace

absl::StatusOr<BookedSessions> BookSessions(const DemoPlan& plan, const Clock& clock,
                                            StepRunner& runner, ProgressBar& progress) {
  std::vector<SiteBook> books;
  for (const auto& [site, zone] : plan.zones) books.emplace_back(plan, site, clock, runner);
  progress.Begin("booked sessions", plan.sessions.size());
  // A stream per site: within one, the order decides who gets which room and which lot.
  MESO_RETURN_IF_ERROR(ForEachInFlight(books.size(), static_cast<int>(books.size()),
                                       [&](size_t i) { return books[i].Book(progress); }));
  progress.End();
  BookedSessions all;
  for (const SiteBook& book : books) {
    all.booked += book.result().booked;
    all.found += book.result().found;
    for (const auto& [reason, count] : book.result().left_out) all.left_out[reason] += count;
  }
  return all;
}

}  // namespace meso::mesoctl
