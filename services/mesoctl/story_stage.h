// The stage of the demo's story: who acts, where, with what, and what every chapter needs to do.
//
// Made once per play. SetStage chooses the site that has a slot left today, puts aside what an
// interrupted play left behind, and takes in the deliveries the story needs: a lot of its own,
// first to expire, at both sites. The chapters (story_*.cc) read and fill the fields. Not
// thread-safe, apart from the callers.
#ifndef MESO_SERVICES_MESOCTL_STORY_STAGE_H_
#define MESO_SERVICES_MESOCTL_STORY_STAGE_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "meso/inventory/v1/lot.pb.h"
#include "meso/inventory/v1/product.pb.h"
#include "meso/inventory/v1/reservation.pb.h"
#include "meso/scheduling/v1/appointment.pb.h"
#include "meso/scheduling/v1/availability.pb.h"
#include "meso/scheduling/v1/scheduling_service.pb.h"
#include "meso/screening/v1/questionnaire.pb.h"
#include "services/mesoctl/demo_people.h"
#include "services/mesoctl/json_data.h"
#include "services/mesoctl/narrative.h"

namespace meso::mesoctl {

struct StorySite {
  std::string name;  // sites/par-1
  std::string display_name;
  absl::TimeZone zone;
  std::string desk;  // the person at its front desk
};

struct Stage {
  const DemoPeople* people = nullptr;
  const DemoOptions* options = nullptr;
  const Clock* clock = nullptr;
  IdSource* ids = nullptr;
  Narrative* story = nullptr;
  Value script;  // story.json

  std::string run;  // six characters, new with every play
  StorySite home;   // has a slot left today
  StorySite away;   // the other one
  std::string treatment;
  meso::inventory::v1::Cocktail cocktail;
  std::string recalled_product;
  meso::inventory::v1::Lot lot;  // this play's own delivery of it
  meso::screening::v1::Questionnaire questionnaire;
  std::map<std::string, meso::inventory::v1::Product> products;  // by name, those of the cocktail

  // Left by the chapters for those after them.
  std::string patient;  // the clear patient
  meso::scheduling::v1::Appointment visit;
  meso::inventory::v1::Reservation reservation;
  meso::scheduling::v1::Appointment won;  // by the one of the race

  const Caller& As(absl::string_view person) const { return people->As(person); }
  const Caller& Desk(const StorySite& site) const { return people->As(site.desk); }
  // patients/{letter}-{run}-{number}: a patient nobody has met before.
  std::string Patient(absl::string_view letter, int number) const;
};

// The error that ends the story: something is not as told.
absl::Status NotAsTold(absl::string_view what);

// Fills everything above "Left by the chapters". Errors: the call's that was refused; NOT_FOUND
// when the chain was not loaded.
absl::Status SetStage(Stage& stage);

// Asks again until `check` says true. NotAsTold(what) after 30 s.
absl::Status WaitUntil(absl::string_view what, const std::function<absl::StatusOr<bool>()>& check);

// "Sat 21 Nov 2026 10:05" in the site's own time.
std::string LocalTime(const google::protobuf::Timestamp& time, const StorySite& site);
std::string LocalClock(const google::protobuf::Timestamp& time, const StorySite& site);  // "10:05"
absl::Time FromTimestamp(const google::protobuf::Timestamp& time);
void SetTimestamp(absl::Time time, google::protobuf::Timestamp* timestamp);

// Takes a delivery of whole packs by its scan.
absl::StatusOr<meso::inventory::v1::Lot> Deliver(const Stage& stage, const std::string& site,
                                                 const meso::inventory::v1::Product& product,
                                                 const std::string& lot_number,
                                                 absl::CivilDay expiry, int packs);
// The text a scanner reads from a pack or an ampoule.
std::string ScanOf(const meso::inventory::v1::Product& product, absl::string_view lot_number,
                   absl::string_view expiry_date);

// Records the answers of a patient with nothing to report but `exceptions`.
absl::Status RecordAnswers(const Stage& stage, const Caller& desk, const std::string& site,
                           const std::string& patient, const Value& exceptions);
// Answers of somebody healthy.
Value NothingToReport();

// The best offers in the window, at most `limit`.
absl::StatusOr<std::vector<meso::scheduling::v1::Offer>> Search(
    const Stage& stage, const Caller& desk, const StorySite& site, const std::string& patient,
    absl::Time begin, absl::Time end, int limit);

absl::StatusOr<meso::inventory::v1::Reservation> GetReservation(const Stage& stage,
                                                                const std::string& name);
absl::StatusOr<meso::scheduling::v1::Appointment> GetAppointment(const Stage& stage,
                                                                 const StorySite& site,
                                                                 const std::string& name);
// The midnight that begins the site's day `days` from today.
absl::Time LocalMidnight(const Stage& stage, const StorySite& site, int days);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_STORY_STAGE_H_
