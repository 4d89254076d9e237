// The chain's reference data: update (or create), get, list.
//
// Plain operations: each runs inside the one transaction its caller gives. An update merges the
// fields named by the mask into the stored object (or into an empty one with allow_missing), checks
// the result as a whole and raises the revision. Sites and treatment types tell the other services
// by event. A change never touches what is booked already.
#ifndef MESO_SERVICES_SCHEDULING_ADMIN_OPERATIONS_H_
#define MESO_SERVICES_SCHEDULING_ADMIN_OPERATIONS_H_

#include <set>
#include <string>
#include <vector>

#include "services/scheduling/scheduling_operations.h"

namespace meso::scheduling {

template <typename Object>
struct UpdateRequest {
  Object object;
  std::set<std::string> mask;  // top-level field names; empty = all
  bool allow_missing = false;
  std::string etag;  // empty = any
};

struct PageRequest {
  std::string parent;  // sites/{code} or sites/-; unused for chain-wide objects
  std::string after;   // the last name of the page before
  int limit = 50;
};

// All: RESOURCE_NOT_FOUND without allow_missing or for an object referred to; ETAG_MISMATCH;
// FIELD_INVALID and FIELD_REQUIRED with every bad field of the merged object.
absl::StatusOr<Site> UpdateSite(const SchedulingEnvironment& env, Transaction& tx,
                                const CallContext& call, const UpdateRequest<Site>& request);
absl::StatusOr<Practitioner> UpdatePractitioner(const SchedulingEnvironment& env, Transaction& tx,
                                                const CallContext& call,
                                                const UpdateRequest<Practitioner>& request);
absl::StatusOr<Room> UpdateRoom(const SchedulingEnvironment& env, Transaction& tx,
                                const CallContext& call, const UpdateRequest<Room>& request);
absl::StatusOr<Device> UpdateDevice(const SchedulingEnvironment& env, Transaction& tx,
                                    const CallContext& call, const UpdateRequest<Device>& request);
absl::StatusOr<TreatmentType> UpdateTreatmentType(const SchedulingEnvironment& env, Transaction& tx,
                                                  const CallContext& call,
                                                  const UpdateRequest<TreatmentType>& request);

// RESOURCE_NOT_FOUND when there is none.
absl::StatusOr<Site> GetSite(Transaction& tx, const SiteName& name);
absl::StatusOr<Practitioner> GetPractitioner(Transaction& tx, const PractitionerName& name);
absl::StatusOr<Room> GetRoom(Transaction& tx, const RoomName& name);
absl::StatusOr<Device> GetDevice(Transaction& tx, const DeviceName& name);
absl::StatusOr<TreatmentType> GetTreatmentType(Transaction& tx, const TreatmentName& name);

// In the order of names, at most one more than `limit`: the surplus says that there is a next page.
// Rooms and devices of sites/- are those of the caller's sites.
absl::StatusOr<std::vector<Site>> ListSitePage(Transaction& tx, const PageRequest& page);
absl::StatusOr<std::vector<Practitioner>> ListPractitionerPage(Transaction& tx,
                                                               const PageRequest& page);
absl::StatusOr<std::vector<Room>> ListRoomPage(Transaction& tx, const CallContext& call,
                                               const PageRequest& page);
absl::StatusOr<std::vector<Device>> ListDevicePage(Transaction& tx, const CallContext& call,
                                                   const PageRequest& page);
absl::StatusOr<std::vector<TreatmentType>> ListTreatmentTypePage(Transaction& tx,
                                                                 const PageRequest& page);

// The sites a list over `parent` may show: the one named, or for sites/- the caller's; nullopt =
// all.
std::optional<std::set<std::string>> SitesOf(const CallContext& call, const std::string& parent);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_ADMIN_OPERATIONS_H_
