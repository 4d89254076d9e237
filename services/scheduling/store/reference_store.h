// Sites, practitioners, rooms, devices and treatment types in the database.
//
// Functions over a Transaction, no state; called by admin operations and by whoever builds a
// calendar. Load answers RESOURCE_NOT_FOUND for a missing name; Find answers nullopt. Insert gives
// ALREADY_EXISTS when somebody was faster; Update is conditional on the revision before
// (ETAG_MISMATCH). List returns at most `limit` objects with a name above `after`, in order.
// Deciding anything is not done here.
#ifndef MESO_SERVICES_SCHEDULING_STORE_REFERENCE_STORE_H_
#define MESO_SERVICES_SCHEDULING_STORE_REFERENCE_STORE_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/database/database.h"
#include "services/scheduling/domain/appointment.h"

namespace meso::scheduling {

absl::StatusOr<std::optional<Site>> FindSite(Transaction& tx, const SiteName& name);
absl::StatusOr<Site> LoadSite(Transaction& tx, const SiteName& name);
absl::StatusOr<std::vector<Site>> ListSites(Transaction& tx, const std::string& after, int limit);
absl::Status InsertSite(Transaction& tx, const Site& site);
absl::Status UpdateSite(Transaction& tx, const Site& site);

absl::StatusOr<std::optional<Practitioner>> FindPractitioner(Transaction& tx,
                                                             const PractitionerName& name);
absl::StatusOr<Practitioner> LoadPractitioner(Transaction& tx, const PractitionerName& name);
absl::StatusOr<std::vector<Practitioner>> ListPractitioners(Transaction& tx,
                                                            const std::string& after, int limit);
// Everybody who works at the site, in the order of their names.
absl::StatusOr<std::vector<Practitioner>> ListPractitionersAt(Transaction& tx,
                                                              const SiteName& site);
absl::Status InsertPractitioner(Transaction& tx, const Practitioner& practitioner);
absl::Status UpdatePractitioner(Transaction& tx, const Practitioner& practitioner);

absl::StatusOr<std::optional<Room>> FindRoom(Transaction& tx, const RoomName& name);
absl::StatusOr<Room> LoadRoom(Transaction& tx, const RoomName& name);
// `sites`: only theirs; nullopt = of every site.
absl::StatusOr<std::vector<Room>> ListRooms(Transaction& tx,
                                            const std::optional<std::set<std::string>>& sites,
                                            const std::string& after, int limit);
absl::Status InsertRoom(Transaction& tx, const Room& room);
absl::Status UpdateRoom(Transaction& tx, const Room& room);

absl::StatusOr<std::optional<Device>> FindDevice(Transaction& tx, const DeviceName& name);
absl::StatusOr<Device> LoadDevice(Transaction& tx, const DeviceName& name);
absl::StatusOr<std::vector<Device>> ListDevices(Transaction& tx,
                                                const std::optional<std::set<std::string>>& sites,
                                                const std::string& after, int limit);
absl::Status InsertDevice(Transaction& tx, const Device& device);
absl::Status UpdateDevice(Transaction& tx, const Device& device);

absl::StatusOr<std::optional<TreatmentType>> FindTreatmentType(Transaction& tx,
                                                               const TreatmentName& name);
absl::StatusOr<TreatmentType> LoadTreatmentType(Transaction& tx, const TreatmentName& name);
absl::StatusOr<std::vector<TreatmentType>> ListTreatmentTypes(Transaction& tx,
                                                              const std::string& after, int limit);
absl::Status InsertTreatmentType(Transaction& tx, const TreatmentType& treatment);
absl::Status UpdateTreatmentType(Transaction& tx, const TreatmentType& treatment);

// "($2, $3)" for `count` parameters from number `first` on.
std::string ParameterList(int first, size_t count);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_STORE_REFERENCE_STORE_H_
