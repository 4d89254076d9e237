#include "services/scheduling/store/reference_store.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/scheduling/store/body_codec.h"

namespace meso::scheduling {
namespace {

constexpr int64_t kEverything = 100000;  // more than a site has rooms, devices or staff

// The statements of one kind of object; all kinds have the same first columns.
struct Statements {
  Sql find;
  Sql list;
  Sql insert;
  Sql update;
  std::string key;  // the constraint of a second insert
};

Statements Make(const std::string& table, bool of_site) {
  const std::string columns = "name, body, revision, create_us, update_us";
  const std::string site = of_site ? ", site" : "";
  const std::string site_value = of_site ? ", $6" : "";
  return {Sql::Dynamic(absl::StrCat("SELECT ", columns, " FROM ", table, " WHERE name = $1")),
          Sql::Dynamic(absl::StrCat("SELECT ", columns, " FROM ", table,
                                    " WHERE name > $1 ORDER BY name LIMIT $2")),
          Sql::Dynamic(absl::StrCat("INSERT INTO ", table, " (", columns, site,
                                    ") VALUES ($1, $2, $3, $4, $5", site_value, ")")),
          Sql::Dynamic(absl::StrCat("UPDATE ", table,
                                    " SET body = $1, revision = $2, update_us = $3"
                                    " WHERE name = $4 AND revision = $5")),
          absl::StrCat(table, ".name")};
}

template <typename Object>
const Statements& StatementsOf();
template <>
const Statements& StatementsOf<Site>() {
  static const Statements& statements = *new Statements(Make("site", false));
  return statements;
}
template <>
const Statements& StatementsOf<Practitioner>() {
  static const Statements& statements = *new Statements(Make("practitioner", false));
  return statements;
}
template <>
const Statements& StatementsOf<Room>() {
  static const Statements& statements = *new Statements(Make("room", true));
  return statements;
}
template <>
const Statements& StatementsOf<Device>() {
  static const Statements& statements = *new Statements(Make("device", true));
  return statements;
}
template <>
const Statements& StatementsOf<TreatmentType>() {
  static const Statements& statements = *new Statements(Make("treatment_type", false));
  return statements;
}

template <typename Object>
absl::StatusOr<Object> FromRow(const Row& row) {
  Object object;
  object.name = decltype(object.name)(row.Text(0));
  MESO_RETURN_IF_ERROR(DecodeBody(row.Bytes(1), &object));
  object.version.revision = row.Int(2);
  object.version.create_time = row.Time(3);
  object.version.update_time = row.Time(4);
  return object;
}

template <typename Object>
absl::StatusOr<std::vector<Object>> FromRows(const Rows& rows) {
  std::vector<Object> objects;
  objects.reserve(rows.size());
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(Object object, FromRow<Object>(row));
    objects.push_back(std::move(object));
  }
  return objects;
}

template <typename Object, typename Name>
absl::StatusOr<std::optional<Object>> Find(Transaction& tx, const Name& name) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx, StatementsOf<Object>().find, {name.value()}));
  if (!row) return std::optional<Object>();
  MESO_ASSIGN_OR_RETURN(Object object, FromRow<Object>(*row));
  return std::optional<Object>(std::move(object));
}

template <typename Object, typename Name>
absl::StatusOr<Object> Load(Transaction& tx, const Name& name) {
  MESO_ASSIGN_OR_RETURN(std::optional<Object> object, (Find<Object, Name>(tx, name)));
  if (!object) return ResourceNotFound(name.value());
  return *std::move(object);
}

template <typename Object>
absl::StatusOr<std::vector<Object>> List(Transaction& tx, const std::string& after, int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows, tx.Query(StatementsOf<Object>().list, {after, static_cast<int64_t>(limit)}));
  return FromRows<Object>(rows);
}

template <typename Object>
absl::StatusOr<std::vector<Object>> ListOfSites(Transaction& tx, const std::string& table,
                                                const std::optional<std::set<std::string>>& sites,
                                                const std::string& after, int limit) {
  if (!sites) return List<Object>(tx, after, limit);
  if (sites->empty()) return std::vector<Object>();
  Values args = {after, static_cast<int64_t>(limit)};
  for (const std::string& site : *sites) args.emplace_back(site);
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query(Sql::Dynamic(absl::StrCat(
                                     "SELECT name, body, revision, create_us, update_us FROM ",
                                     table, " WHERE name > $1 AND site IN ",
                                     ParameterList(3, sites->size()), " ORDER BY name LIMIT $2")),
                                 std::move(args)));
  return FromRows<Object>(rows);
}

template <typename Object>
absl::Status Insert(Transaction& tx, const Object& object, bool of_site) {
  Values args = {object.name.value(), Blob{EncodeBody(object)}, object.version.revision,
                 TimeValue(object.version.create_time), TimeValue(object.version.update_time)};
  if (of_site) args.emplace_back(SiteOf(object.name.value()));
  return tx.Execute(
      StatementsOf<Object>().insert, std::move(args),
      Expected::Any().OnConstraint(StatementsOf<Object>().key,
                                   [name = object.name.value()] { return AlreadyExists(name); }));
}

template <typename Object>
absl::Status Update(Transaction& tx, const Object& object) {
  const int64_t before = object.version.revision - 1;
  return tx.Execute(StatementsOf<Object>().update,
                    {Blob{EncodeBody(object)}, object.version.revision,
                     TimeValue(object.version.update_time), object.name.value(), before},
                    Expected::Rows(1, [name = object.name.value(), before] {
                      return EtagMismatch(name, EtagOf(before), "another");
                    }));
}

absl::Status SaveSitesOf(Transaction& tx, const Practitioner& practitioner) {
  MESO_RETURN_IF_ERROR(tx.Execute("DELETE FROM practitioner_site WHERE practitioner = $1",
                                  {practitioner.name.value()}));
  for (const SiteHours& hours : practitioner.site_hours) {
    MESO_RETURN_IF_ERROR(
        tx.Execute("INSERT INTO practitioner_site (site, practitioner) VALUES ($1, $2)",
                   {hours.site.value(), practitioner.name.value()}));
  }
  return absl::OkStatus();
}

}  // namespace

std::string ParameterList(int first, size_t count) {
  std::string text = "(";
  for (size_t i = 0; i < count; ++i) absl::StrAppend(&text, i == 0 ? "$" : ", $", first + i);
  return text + ")";
}

absl::StatusOr<std::optional<Site>> FindSite(Transaction& tx, const SiteName& name) {
  return Find<Site>(tx, name);
}
absl::StatusOr<Site> LoadSite(Transaction& tx, const SiteName& name) {
  return Load<Site>(tx, name);
}
absl::StatusOr<std::vector<Site>> ListSites(Transaction& tx, const std::string& after, int limit) {
  return List<Site>(tx, after, limit);
}
absl::Status InsertSite(Transaction& tx, const Site& site) { return Insert(tx, site, false); }
absl::Status UpdateSite(Transaction& tx, const Site& site) { return Update(tx, site); }

absl::StatusOr<std::optional<Practitioner>> FindPractitioner(Transaction& tx,
                                                             const PractitionerName& name) {
  return Find<Practitioner>(tx, name);
}
absl::StatusOr<Practitioner> LoadPractitioner(Transaction& tx, const PractitionerName& name) {
  return Load<Practitioner>(tx, name);
}
absl::StatusOr<std::vector<Practitioner>> ListPractitioners(Transaction& tx,
                                                            const std::string& after, int limit) {
  return List<Practitioner>(tx, after, limit);
}
absl::StatusOr<std::vector<Practitioner>> ListPractitionersAt(Transaction& tx,
                                                              const SiteName& site) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT p.name, p.body, p.revision, p.create_us, p.update_us"
               " FROM practitioner_site s JOIN practitioner p ON p.name = s.practitioner"
               " WHERE s.site = $1 ORDER BY p.name",
               {site.value()}));
  return FromRows<Practitioner>(rows);
}
absl::Status InsertPractitioner(Transaction& tx, const Practitioner& practitioner) {
  MESO_RETURN_IF_ERROR(Insert(tx, practitioner, false));
  return SaveSitesOf(tx, practitioner);
}
absl::Status UpdatePractitioner(Transaction& tx, const Practitioner& practitioner) {
  MESO_RETURN_IF_ERROR(Update(tx, practitioner));
  return SaveSitesOf(tx, practitioner);
}

absl::StatusOr<std::optional<Room>> FindRoom(Transaction& tx, const RoomName& name) {
  return Find<Room>(tx, name);
}
absl::StatusOr<Room> LoadRoom(Transaction& tx, const RoomName& name) {
  return Load<Room>(tx, name);
}
absl::StatusOr<std::vector<Room>> ListRooms(Transaction& tx,
                                            const std::optional<std::set<std::string>>& sites,
                                            const std::string& after, int limit) {
  return ListOfSites<Room>(tx, "room", sites, after, limit);
}
absl::Status InsertRoom(Transaction& tx, const Room& room) { return Insert(tx, room, true); }
absl::Status UpdateRoom(Transaction& tx, const Room& room) { return Update(tx, room); }

absl::StatusOr<std::optional<Device>> FindDevice(Transaction& tx, const DeviceName& name) {
  return Find<Device>(tx, name);
}
absl::StatusOr<Device> LoadDevice(Transaction& tx, const DeviceName& name) {
  return Load<Device>(tx, name);
}
absl::StatusOr<std::vector<Device>> ListDevices(Transaction& tx,
                                                const std::optional<std::set<std::string>>& sites,
                                                const std::string& after, int limit) {
  return ListOfSites<Device>(tx, "device", sites, after, limit);
}
absl::Status InsertDevice(Transaction& tx, const Device& device) {
  return Insert(tx, device, true);
}
absl::Status UpdateDevice(Transaction& tx, const Device& device) { return Update(tx, device); }

absl::StatusOr<std::optional<TreatmentType>> FindTreatmentType(Transaction& tx,
                                                               const TreatmentName& name) {
  return Find<TreatmentType>(tx, name);
}
absl::StatusOr<TreatmentType> LoadTreatmentType(Transaction& tx, const TreatmentName& name) {
  return Load<TreatmentType>(tx, name);
}
absl::StatusOr<std::vector<TreatmentType>> ListTreatmentTypes(Transaction& tx,
                                                              const std::string& after, int limit) {
  return List<TreatmentType>(tx, after, limit);
}
absl::Status InsertTreatmentType(Transaction& tx, const TreatmentType& treatment) {
  return Insert(tx, treatment, false);
}
absl::Status UpdateTreatmentType(Transaction& tx, const TreatmentType& treatment) {
  return Update(tx, treatment);
}

}  // namespace meso::scheduling
