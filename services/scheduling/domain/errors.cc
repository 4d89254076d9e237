#include "services/scheduling/domain/errors.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"

namespace meso::scheduling {
namespace {

constexpr auto kRefused = absl::StatusCode::kFailedPrecondition;
constexpr size_t kViolationsMax = 100;

std::string At(absl::Time time, const absl::TimeZone& zone) {
  return absl::FormatTime("%Y-%m-%d %H:%M", time, zone);
}

std::string RiskSentence(const Risk& risk) {
  return absl::StrCat(risk.source, " reported it; it heals when ", risk.source,
                      " says so. Wait, or cancel and book again");
}

}  // namespace

absl::Status SlotTaken(const Site& site, const std::string& resource, const Interval& when) {
  const absl::TimeZone zone = ZoneOf(site);
  const bool of_patient = resource.empty();  // whom a refusal never names
  Error error(
      kRefused, "SLOT_TAKEN",
      absl::StrCat(of_patient ? "The patient is in another session, here or elsewhere, during"
                              : absl::StrCat(resource, " is no longer free"),
                   " ", At(when.begin, zone), "-", absl::FormatTime("%H:%M", when.end, zone), " ",
                   site.time_zone, " at ", site.name.value(),
                   of_patient ? ". Search again." : " (taken by another booking). Search again."));
  error.With("site", site.name.value())
      .With("begin", absl::FormatTime(absl::RFC3339_sec, when.begin, zone))
      .With("end", absl::FormatTime(absl::RFC3339_sec, when.end, zone))
      .Because({"SLOT_TAKEN", of_patient ? site.name.value() : resource,
                of_patient ? "the patient is in another session then; search again"
                           : "taken by another booking; search again"});
  if (!of_patient) error.With("resource", resource);
  return error;
}

absl::Status HoldExpired(const AppointmentName& hold) {
  return Error(kRefused, "HOLD_EXPIRED",
               absl::StrCat("The hold ", hold.value(),
                            " has lapsed and its slot is free for others. Search again."))
      .With("name", hold.value())
      .Because({"HOLD_EXPIRED", hold.value(), "search again"});
}

absl::Status OfferExpired(const std::string& why) {
  return Error(kRefused, "OFFER_EXPIRED",
               absl::StrCat("The offer can't be used: ", why, ". Search again."))
      .Because({"OFFER_EXPIRED", "offer_token", why});
}

absl::Status ClearanceRequired(const Clearance& clearance, const std::string& needed) {
  Error error(
      kRefused, "CLEARANCE_REQUIRED",
      absl::StrCat("Screening says ", clearance.state, " where ", needed,
                   " is needed. The violations list every finding and open question; "
                   "record the answers to what is open with screening's CreateAssessment, or "
                   "choose a cocktail that RankCocktails finds acceptable."));
  error.With("state", clearance.state).With("needed", needed).With("rule_set", clearance.rule_set);
  if (!clearance.earliest_safe_date.empty()) {
    error.With("earliest_safe_date", clearance.earliest_safe_date);
  }
  size_t count = 0;
  for (const Finding& finding : clearance.findings) {
    if (++count > kViolationsMax) break;
    error.Because({finding.rule, clearance.cocktail,
                   absl::StrCat(finding.effect, ": ", finding.title, ". ", finding.explanation,
                                finding.citation.empty() ? "" : " [", finding.citation,
                                finding.citation.empty() ? "" : "]")});
  }
  for (const OpenQuestion& question : clearance.open_questions) {
    if (!question.blocking) continue;
    if (++count > kViolationsMax) break;
    error.Because({"ANSWERS_INCOMPLETE", question.question,
                   absl::StrCat("must be asked (", question.cause, ")")});
  }
  for (const std::string& service : clearance.unreachable) {
    error.Because({"DEPENDENCY_DOWN", service, "could not be asked; try again"});
  }
  for (const std::string& input : clearance.missing_inputs) {
    error.Because({"FIELD_REQUIRED", input, "is not stated for the treatment type or the site"});
  }
  return error;
}

absl::Status ConsentMissing(const CocktailRevisionName& cocktail) {
  return Error(kRefused, "CONSENT_MISSING",
               absl::StrCat("There is no consent for ", cocktail.value(),
                            ". Record it with screening's RecordConsent, then check in again."))
      .With("cocktail", cocktail.value())
      .Because({"CONSENT_MISSING", cocktail.value(), "record the patient's consent"});
}

absl::Status StockNotAvailable(const SiteName& site, const CocktailRevisionName& cocktail,
                               const absl::Status& cause) {
  const ErrorDetails details = DetailsOf(cause);
  Error error(kRefused, "STOCK_NOT_AVAILABLE",
              absl::StrCat(site.value(), " can't supply ", cocktail.value(), " (",
                           details.reason.empty() ? "refused" : details.reason,
                           "). Choose another day, cocktail or site."));
  error.With("site", site.value())
      .With("cocktail", cocktail.value())
      .With("cause", details.reason)
      .CausedBy(cause);
  for (const Violation& violation : details.violations) error.Because(violation);
  return error;
}

absl::Status StockLost(const ReservationName& reservation, const std::string& why,
                       const std::vector<Risk>& facts) {
  Error error(kRefused, "STOCK_NOT_AVAILABLE",
              absl::StrCat("The stock reserved in ", reservation.value(), " can't be used: ", why,
                           ". Call again; other lots are taken where there are some."));
  error.With("reservation", reservation.value());
  if (!facts.empty()) error.With("cause", facts.front().reason);
  for (const Risk& fact : facts) {
    error.Because({fact.reason, fact.object, "was reported after the stock was reserved"});
  }
  return error;
}

absl::Status AppointmentAtRisk(const Appointment& appointment) {
  const std::string reasons =
      absl::StrJoin(appointment.risks, ", ", [](std::string* out, const Risk& risk) {
        absl::StrAppend(out, risk.reason, " ", risk.object);
      });
  Error error(kRefused, "APPOINTMENT_AT_RISK",
              absl::StrCat(appointment.name.value(), " is at risk: ", reasons,
                           ". Wait until it is healed, or cancel it and book again."));
  error.With("name", appointment.name.value());
  for (const Risk& risk : appointment.risks) {
    error.Because({risk.reason, risk.object, RiskSentence(risk)});
  }
  return error;
}

absl::Status AdministrationMissing(const AppointmentName& appointment, const std::string& why) {
  return Error(kRefused, "ADMINISTRATION_MISSING",
               absl::StrCat(appointment.value(), " can't be completed: ", why,
                            ". Record it with inventory's RecordAdministration, or say why "
                            "nothing was given."))
      .With("name", appointment.value())
      .Because({"ADMINISTRATION_MISSING", appointment.value(), why});
}

absl::Status EmergencyKitMissing(const SiteName& site, const std::vector<std::string>& missing) {
  Error error(kRefused, "EMERGENCY_KIT_MISSING",
              absl::StrCat(site.value(), " has no usable emergency kit (",
                           missing.empty() ? "none is defined" : absl::StrJoin(missing, ", "),
                           "). Get one to the site before any session starts."));
  error.With("site", site.value());
  if (missing.empty()) {
    error.Because({"EMERGENCY_KIT_MISSING", site.value(), "no emergency product is defined"});
  }
  for (const std::string& product : missing) {
    error.Because({"EMERGENCY_KIT_MISSING", product, "no usable unit at the site"});
  }
  return error;
}

}  // namespace meso::scheduling
