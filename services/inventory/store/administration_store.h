// What was drawn and given, and the histories that traces read, in SQL.
//
// Records are appended only; a patient's are chained by links to the one before, so that a trace
// reads them without an index on patients. Functions over a Transaction, no state.
#ifndef MESO_SERVICES_INVENTORY_STORE_ADMINISTRATION_STORE_H_
#define MESO_SERVICES_INVENTORY_STORE_ADMINISTRATION_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/inventory/domain/administration.h"
#include "services/inventory/store/inventory_store.h"

namespace meso::inventory {

// A shelf's units drawn for an appointment.
struct DrawRow {
  DrawnLot drawn;
  SiteName site;
  std::string unit;
};

// A patient with a record at a site.
struct SitePatient {
  SiteName site;
  PatientName patient;
};

// Everything drawn for an appointment, in the order of lots and units.
absl::StatusOr<std::vector<DrawRow>> ListDraws(Transaction& tx, const AppointmentName& appointment);
// Adds to what an appointment has drawn.
absl::Status AddDraw(Transaction& tx, const AppointmentName& appointment, int64_t lot_row,
                     const SiteName& site, const std::string& unit, int64_t ampoules);
// Takes drawn units back that are not accounted for; the row goes when nothing is left of it.
// `otherwise` when there are not that many.
absl::Status RemoveDraw(Transaction& tx, const AppointmentName& appointment, int64_t lot_row,
                        const std::string& unit, int64_t ampoules, Expected::Because otherwise);
// Counts drawn units as given or wasted.
absl::Status UpdateDrawAccounted(Transaction& tx, const AppointmentName& appointment,
                                 int64_t lot_row, const std::string& unit, int64_t ampoules);
// Appointments that drew units of the lot, or volumes out of its containers, which are not
// accounted for, at one site or (empty) all.
absl::StatusOr<std::vector<AppointmentName>> ListOpenDrawsOfLot(Transaction& tx, int64_t lot_row,
                                                                const SiteName& site);

// Inserts record, lots and deviations, and links it into the patient's chain.
absl::Status InsertAdministration(Transaction& tx, const Administration& administration);
absl::StatusOr<std::optional<Administration>> LoadAdministration(Transaction& tx,
                                                                 const AdministrationName& name);
// Microlitres of a product that earlier records say the appointment's patient got; of whole units
// without a stated volume, all they hold.
absl::StatusOr<int64_t> SumGivenMicrolitres(Transaction& tx, const AppointmentName& appointment,
                                            const Product& product);
// Empty when the appointment has no record yet.
absl::StatusOr<PatientName> PatientOfAppointment(Transaction& tx,
                                                 const AppointmentName& appointment);
// In the order of names; `site` empty = all. Filter fields: appointment, deviation, lot.
absl::StatusOr<std::vector<Administration>> ListAdministrations(Transaction& tx,
                                                                const SiteName& site,
                                                                const PageQuery& page);
// Every site with a record, a dispensing or a container of the lot, in the order of names.
absl::StatusOr<std::vector<SiteName>> ListSitesOfLot(Transaction& tx, int64_t lot_row);
// The sites' records with units of the lot, oldest first; at most `limit`.
absl::StatusOr<std::vector<Administration>> ListAdministrationsOfLot(
    Transaction& tx, int64_t lot_row, const std::vector<SiteName>& sites, int limit);
// Their names, for who needs no more of them.
absl::StatusOr<std::vector<AdministrationName>> ListAdministrationNamesOfLot(
    Transaction& tx, int64_t lot_row, const std::vector<SiteName>& sites, int limit);
// Everybody who has a record with units of the lot, once for each site.
absl::StatusOr<std::vector<SitePatient>> ListPatientsOfLot(Transaction& tx, int64_t lot_row);
// A patient's records along the chain, newest first; at most `limit`.
absl::StatusOr<std::vector<Administration>> ListAdministrationsOfPatient(Transaction& tx,
                                                                         const PatientName& patient,
                                                                         int limit);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_STORE_ADMINISTRATION_STORE_H_
