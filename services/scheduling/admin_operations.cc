#include "services/scheduling/admin_operations.h"

#include <functional>
#include <map>

#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/scheduling/store/reference_store.h"

namespace meso::scheduling {
namespace {

// The fields an update may name, and how each is taken over.
template <typename Object>
using Fields = std::map<std::string, std::function<void(const Object& from, Object& to)>>;

#define MESO_FIELD(Object, field)                                         \
  {                                                                       \
#field, [](const Object& from, Object& to) { to.field = from.field; } \
  }

const Fields<Site>& FieldsOf(const Site*) {
  static const auto& fields = *new Fields<Site>{
      MESO_FIELD(Site, display_name), MESO_FIELD(Site, time_zone), MESO_FIELD(Site, jurisdiction),
      MESO_FIELD(Site, gln), MESO_FIELD(Site, working_hours)};
  return fields;
}

const Fields<Practitioner>& FieldsOf(const Practitioner*) {
  static const auto& fields = *new Fields<Practitioner>{
      MESO_FIELD(Practitioner, display_name), MESO_FIELD(Practitioner, profession),
      MESO_FIELD(Practitioner, languages), MESO_FIELD(Practitioner, credentials),
      MESO_FIELD(Practitioner, site_hours)};
  return fields;
}

const Fields<Room>& FieldsOf(const Room*) {
  static const auto& fields =
      *new Fields<Room>{MESO_FIELD(Room, display_name), MESO_FIELD(Room, kinds),
                        MESO_FIELD(Room, working_hours), MESO_FIELD(Room, out_of_service)};
  return fields;
}

const Fields<Device>& FieldsOf(const Device*) {
  static const auto& fields =
      *new Fields<Device>{MESO_FIELD(Device, display_name), MESO_FIELD(Device, kind),
                          MESO_FIELD(Device, working_hours), MESO_FIELD(Device, out_of_service)};
  return fields;
}

const Fields<TreatmentType>& FieldsOf(const TreatmentType*) {
  static const auto& fields = *new Fields<TreatmentType>{
      MESO_FIELD(TreatmentType, display_name), MESO_FIELD(TreatmentType, area),
      MESO_FIELD(TreatmentType, indications),  MESO_FIELD(TreatmentType, delivery_method),
      MESO_FIELD(TreatmentType, technique),    MESO_FIELD(TreatmentType, depth_tenths_mm),
      MESO_FIELD(TreatmentType, phases),       MESO_FIELD(TreatmentType, protocol),
      MESO_FIELD(TreatmentType, preparation),  MESO_FIELD(TreatmentType, aftercare)};
  return fields;
}

#undef MESO_FIELD

void Check(const Site& site, FieldErrors& errors) { CheckSite(site, errors); }
void Check(const Practitioner& practitioner, FieldErrors& errors) {
  CheckPractitioner(practitioner, errors);
}
void Check(const Room& room, FieldErrors& errors) { CheckRoom(room, errors); }
void Check(const Device& device, FieldErrors& errors) { CheckDevice(device, errors); }
void Check(const TreatmentType& treatment, FieldErrors& errors) {
  CheckTreatmentType(treatment, errors);
}

// The object to store: what is there with the named fields replaced. version.revision is the new
// one.
template <typename Object>
absl::StatusOr<Object> Merge(const std::optional<Object>& stored,
                             const UpdateRequest<Object>& request, absl::Time now) {
  const std::string& name = request.object.name.value();
  if (!stored && !request.allow_missing) return ResourceNotFound(name);
  Object merged = stored ? *stored : Object();
  merged.name = request.object.name;
  const Fields<Object>& fields = FieldsOf(&merged);
  FieldErrors errors;
  for (const std::string& field : request.mask) {
    if (field != "*" && field != "etag" && field != "name" && fields.count(field) == 0) {
      errors.Invalid("update_mask", "names a field that can't be changed");
    }
  }
  const bool all = request.mask.empty() || request.mask.count("*") > 0;
  for (const auto& [field, copy] : fields) {
    if (all || request.mask.count(field) > 0) copy(request.object, merged);
  }
  Check(merged, errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  if (!EtagFits(request.etag, merged.version.revision)) {
    return EtagMismatch(name, request.etag, EtagOf(merged.version.revision));
  }
  ++merged.version.revision;
  merged.version.update_time = now;
  if (!stored) merged.version.create_time = now;
  return merged;
}

template <typename Object>
void Note(const CallContext& call, const Object& object) {
  call.audit.object_version = object.version.revision;
}

}  // namespace

absl::StatusOr<Site> UpdateSite(const SchedulingEnvironment& env, Transaction& tx,
                                const CallContext& call, const UpdateRequest<Site>& request) {
  const absl::Time now = env.clock->Now();
  MESO_ASSIGN_OR_RETURN(const std::optional<Site> stored, FindSite(tx, request.object.name));
  MESO_ASSIGN_OR_RETURN(Site site, Merge(stored, request, now));
  MESO_RETURN_IF_ERROR(stored ? UpdateSite(tx, site) : InsertSite(tx, site));
  MESO_RETURN_IF_ERROR(TellSiteChanged(tx, OriginOf(env, call, now), site));
  Note(call, site);
  return site;
}

absl::StatusOr<Practitioner> UpdatePractitioner(const SchedulingEnvironment& env, Transaction& tx,
                                                const CallContext& call,
                                                const UpdateRequest<Practitioner>& request) {
  const absl::Time now = env.clock->Now();
  MESO_ASSIGN_OR_RETURN(const std::optional<Practitioner> stored,
                        FindPractitioner(tx, request.object.name));
  MESO_ASSIGN_OR_RETURN(Practitioner practitioner, Merge(stored, request, now));
  for (const SiteHours& hours : practitioner.site_hours) {
    MESO_RETURN_IF_ERROR(LoadSite(tx, hours.site).status());
  }
  std::set<TreatmentName> treatments;
  for (const Credential& credential : practitioner.credentials) {
    treatments.insert(credential.treatment_type);
  }
  for (const TreatmentName& treatment : treatments) {
    MESO_RETURN_IF_ERROR(LoadTreatmentType(tx, treatment).status());
  }
  MESO_RETURN_IF_ERROR(stored ? UpdatePractitioner(tx, practitioner)
                              : InsertPractitioner(tx, practitioner));
  Note(call, practitioner);
  return practitioner;
}

absl::StatusOr<Room> UpdateRoom(const SchedulingEnvironment& env, Transaction& tx,
                                const CallContext& call, const UpdateRequest<Room>& request) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Room> stored, FindRoom(tx, request.object.name));
  MESO_ASSIGN_OR_RETURN(Room room, Merge(stored, request, env.clock->Now()));
  MESO_RETURN_IF_ERROR(LoadSite(tx, SiteName(SiteOf(room.name.value()))).status());
  MESO_RETURN_IF_ERROR(stored ? UpdateRoom(tx, room) : InsertRoom(tx, room));
  Note(call, room);
  return room;
}

absl::StatusOr<Device> UpdateDevice(const SchedulingEnvironment& env, Transaction& tx,
                                    const CallContext& call, const UpdateRequest<Device>& request) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Device> stored, FindDevice(tx, request.object.name));
  MESO_ASSIGN_OR_RETURN(Device device, Merge(stored, request, env.clock->Now()));
  MESO_RETURN_IF_ERROR(LoadSite(tx, SiteName(SiteOf(device.name.value()))).status());
  MESO_RETURN_IF_ERROR(stored ? UpdateDevice(tx, device) : InsertDevice(tx, device));
  Note(call, device);
  return device;
}

absl::StatusOr<TreatmentType> UpdateTreatmentType(const SchedulingEnvironment& env, Transaction& tx,
                                                  const CallContext& call,
                                                  const UpdateRequest<TreatmentType>& request) {
  const absl::Time now = env.clock->Now();
  MESO_ASSIGN_OR_RETURN(const std::optional<TreatmentType> stored,
                        FindTreatmentType(tx, request.object.name));
  MESO_ASSIGN_OR_RETURN(TreatmentType treatment, Merge(stored, request, now));
  MESO_RETURN_IF_ERROR(stored ? UpdateTreatmentType(tx, treatment)
                              : InsertTreatmentType(tx, treatment));
  MESO_RETURN_IF_ERROR(TellTreatmentTypeChanged(tx, OriginOf(env, call, now), treatment));
  Note(call, treatment);
  return treatment;
}

absl::StatusOr<Site> GetSite(Transaction& tx, const SiteName& name) { return LoadSite(tx, name); }
absl::StatusOr<Practitioner> GetPractitioner(Transaction& tx, const PractitionerName& name) {
  return LoadPractitioner(tx, name);
}
absl::StatusOr<Room> GetRoom(Transaction& tx, const RoomName& name) { return LoadRoom(tx, name); }
absl::StatusOr<Device> GetDevice(Transaction& tx, const DeviceName& name) {
  return LoadDevice(tx, name);
}
absl::StatusOr<TreatmentType> GetTreatmentType(Transaction& tx, const TreatmentName& name) {
  return LoadTreatmentType(tx, name);
}

absl::StatusOr<std::vector<Site>> ListSitePage(Transaction& tx, const PageRequest& page) {
  return ListSites(tx, page.after, page.limit + 1);
}
absl::StatusOr<std::vector<Practitioner>> ListPractitionerPage(Transaction& tx,
                                                               const PageRequest& page) {
  return ListPractitioners(tx, page.after, page.limit + 1);
}
absl::StatusOr<std::vector<Room>> ListRoomPage(Transaction& tx, const CallContext& call,
                                               const PageRequest& page) {
  return ListRooms(tx, SitesOf(call, page.parent), page.after, page.limit + 1);
}
absl::StatusOr<std::vector<Device>> ListDevicePage(Transaction& tx, const CallContext& call,
                                                   const PageRequest& page) {
  return ListDevices(tx, SitesOf(call, page.parent), page.after, page.limit + 1);
}
absl::StatusOr<std::vector<TreatmentType>> ListTreatmentTypePage(Transaction& tx,
                                                                 const PageRequest& page) {
  return ListTreatmentTypes(tx, page.after, page.limit + 1);
}

std::optional<std::set<std::string>> SitesOf(const CallContext& call, const std::string& parent) {
  if (parent != "sites/-") return std::set<std::string>{parent};
  return call.AllowedSites();
}

}  // namespace meso::scheduling
