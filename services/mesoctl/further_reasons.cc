#include "services/mesoctl/further_reasons.h"

namespace meso::mesoctl {
namespace {

constexpr char kStart[] = "the start of a service";
constexpr char kRisk[] = "Appointment.risks";
constexpr char kWarning[] = "Appointment.warnings";
constexpr char kDeviation[] = "Administration.deviations";
constexpr char kReservation[] = "Reservation.invalid_reasons";
constexpr char kFailed[] = "FAILED_PRECONDITION";

constexpr FurtherReason kReasons[] = {
    {"DATABASE_IN_USE", kFailed, kStart,
     "another process has the database file open; stop it first, or give this service a file of "
     "its own."},
    {"DATABASE_TOO_NEW", kFailed, kStart,
     "the database has had a migration this version does not know; start the newer version, or "
     "restore the backup from before the upgrade."},
    {"DATABASE_OF_ANOTHER_SERVICE", kFailed, kStart,
     "the database file belongs to another service; give each service its own file."},
    {"MIGRATION_EDITED", kFailed, kStart,
     "a migration this database has had reads differently now; restore the released text and add "
     "the change under the next number."},
    {"INTERNAL", "INTERNAL", "any method",
     "something went wrong that has no name; the answer carries a correlation id, under which the "
     "service's log has the whole text. Repeat with the same request_id; if it stays, tell "
     "whoever operates the suite."},
    {"BEYOND_HORIZON", kFailed, "cause of STOCK_NOT_AVAILABLE",
     "the date of use is more than 400 days ahead, where no stock can be promised; book nearer to "
     "the day."},
    {"FULLY_RESERVED", kFailed, "cause of INSUFFICIENT_STOCK",
     "all of the lot at this site is kept for other appointments; receive more, or use another "
     "product."},
    {"ANSWERS_INCOMPLETE", kFailed, "cause of CLEARANCE_REQUIRED",
     "questions of the questionnaire are open; ask them and record a new assessment."},
    {"RESERVATION_INVALIDATED", "", kRisk,
     "a lot kept for the appointment can't be used any more, and none takes its place yet; receive "
     "stock, or move the appointment."},
    {"CLEARANCE_LOST", "", kRisk,
     "what the patient was cleared on holds no longer; assess the patient anew before the visit."},
    {"ASSESSMENT_INVALIDATED", "", kRisk,
     "the assessment the appointment relies on was declared invalid; assess the patient anew."},
    {"RULE_SET_CHANGED", "", kRisk,
     "new rules were published and the patient has not been checked against them yet; the suite "
     "does it by itself, and the risk goes or becomes CLEARANCE_LOST."},
    {"COUNT_IN_PROGRESS", "", kRisk,
     "a lot kept for the appointment is held because its balance is being counted; finish the "
     "count."},
    {"EMERGENCY_KIT_BELOW_PAR", "", kWarning,
     "the session began with fewer usable units of an emergency product at the site than there "
     "should be; restock the kit. With none left no session starts."},
    {"STOCK_TAKEN", "", kReservation,
     "the units kept were used or corrected away by others; the suite looks for other stock, or "
     "receive some."},
    {"NOT_DRAWN", "", kDeviation,
     "it was given without having been drawn for the appointment; the books were brought into "
     "line. Find out why."},
    {"STOCK_NOT_ON_RECORD", "", kDeviation,
     "it was given although the books had none of the lot at the site; the books were brought into "
     "line. Count the shelf."},
    {"PATIENT_MISMATCH", "", kDeviation,
     "the record names another patient than an earlier one of the same appointment; find out which "
     "is right."},
    {"OVER_VOLUME", "", kDeviation,
     "more was given than the units of the record hold; correct the record or name the missing "
     "units."},
    {"LOT_ABSORBED_ELEMENT", "", "ParsedScan.warnings",
     "the lot number ends with what looks like another element, so a separator may be missing; "
     "compare it with the pack."},
    {"EXPIRY_DAY_ZERO", "", "ParsedScan.warnings",
     "the symbol gives only the month of expiry; its last day is taken. Compare it with the pack."},
    {"REPEATED_ELEMENT", "", "ParsedScan.warnings",
     "an element stands twice in the symbol, with the same value; nothing to do."},
};

}  // namespace

absl::Span<const FurtherReason> FurtherReasons() { return kReasons; }

}  // namespace meso::mesoctl
