#include "services/mesoctl/demo_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/demo_patients.h"
#include "services/mesoctl/session_planner.h"

namespace meso::mesoctl {
namespace {

using Names = std::set<std::string>;

Value TextValue(absl::string_view text) {
  Value value;
  value.set_string_value(std::string(text));
  return value;
}

Names TextsOf(const Value& list) {
  Names names;
  for (const Value& value : list.list_value().values()) names.insert(value.string_value());
  return names;
}

// Whether the request names one of the sites, or anything at it.
bool Mentions(const Value& request, const Names& sites) {
  const std::string text = JsonText(request);
  return std::any_of(sites.begin(), sites.end(), [&](const std::string& site) {
    return absl::StrContains(text, absl::StrCat("\"", site, "\"")) ||
           absl::StrContains(text, absl::StrCat("\"", site, "/"));
  });
}

// Somebody who works at several sites stays with those that are there.
void DropHoursAt(const Names& sites, Value& request) {
  auto& fields = *request.mutable_struct_value()->mutable_fields();
  const auto person = fields.find("practitioner");
  if (person == fields.end()) return;
  auto& hours = (*person->second.mutable_struct_value()->mutable_fields())["site_hours"];
  auto& list = *hours.mutable_list_value()->mutable_values();
  for (int i = list.size() - 1; i >= 0; --i) {
    if (sites.count(Text(list.Get(i), "site")) > 0) list.DeleteSubrange(i, 1);
  }
  if (list.empty()) request = TextValue("");
}

// The steps that are left when these sites are not there.
std::vector<DemoStep> Without(const Names& sites, std::vector<DemoStep> steps) {
  std::vector<DemoStep> left;
  for (DemoStep& step : steps) {
    DropHoursAt(sites, step.request);
    if (step.request.has_struct_value() && !Mentions(step.request, sites)) {
      left.push_back(std::move(step));
    }
  }
  return left;
}

std::string AfterDash(const std::string& name) { return name.substr(name.rfind('-') + 1); }

std::map<std::string, std::string> GtinsOf(const std::vector<DemoStep>& steps) {
  std::map<std::string, std::string> gtins;
  for (const DemoStep& step : steps) {
    const Value& product = Member(step.request, "product");
    if (!Text(product, "name").empty()) gtins[Text(product, "name")] = Text(product, "gtin");
  }
  return gtins;
}

// "HA1-261121A": the product, the day the chain begins, the lot's letter.
std::string LotNumber(const Value& lot, absl::CivilDay start) {
  return absl::StrCat(AfterDash(Text(lot, "product")), "-", GsDate(start), Text(lot, "letter"));
}

// What a scanner reads from the pack, with the number of packs.
std::string PackScan(const Value& lot, const std::string& gtin, absl::CivilDay start) {
  const absl::CivilDay expiry = start + static_cast<int>(Member(lot, "expires").number_value());
  std::string date = GsDate(expiry);
  // Day 00 stands for the last day of the month.
  if (Member(lot, "day_00").bool_value()) date.replace(4, 2, "00");
  return absl::StrCat("]d201", gtin, "17", date, "30",
                      static_cast<int>(Member(lot, "packs").number_value()), "\x1d", "10",
                      LotNumber(lot, start));
}

absl::StatusOr<std::vector<DemoStep>> PlanDeliveries(const Value& data, const Names& sites,
                                                     const std::vector<DemoStep>& products,
                                                     absl::CivilDay start) {
  const std::map<std::string, std::string> gtins = GtinsOf(products);
  std::vector<DemoStep> steps;
  for (const Value& lot : Member(data, "lots").list_value().values()) {
    const auto gtin = gtins.find(Text(lot, "product"));
    if (gtin == gtins.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("deliveries.json: there is no product ", Text(lot, "product")));
    }
    for (const Value& site : Member(lot, "sites").list_value().values()) {
      if (sites.count(site.string_value()) == 0) continue;
      DemoStep step;
      step.as = Text(data, "as");
      step.call = "InventoryService.ReceiveStock";
      // AMP-HA1-A: how the holds name the lot.
      const std::string& product = gtin->first;
      step.id = absl::StrCat(product.substr(product.find('/') + 1), "-", Text(lot, "letter"));
      auto& fields = *step.request.mutable_struct_value()->mutable_fields();
      fields["site"] = site;
      fields["scan"] = TextValue(PackScan(lot, gtin->second, start));
      fields["document"] =
          TextValue(absl::StrCat("DN-", GsDate(start), "-",
                                 site.string_value().substr(site.string_value().find('/') + 1)));
      steps.push_back(std::move(step));
    }
  }
  return steps;
}

// Those who come to one of the sites, at most `limit` at each.
std::vector<DemoPatient> Select(std::vector<DemoPatient> patients, const Names& sites, int limit) {
  std::map<std::string, int> taken;
  std::vector<DemoPatient> selected;
  for (DemoPatient& patient : patients) {
    if (sites.count(patient.site) == 0 || ++taken[patient.site] > limit) continue;
    selected.push_back(std::move(patient));
  }
  return selected;
}

std::vector<DemoSession> SelectSessions(std::vector<DemoSession> sessions,
                                        const std::vector<DemoPatient>& patients) {
  Names names;
  for (const DemoPatient& patient : patients) names.insert(patient.name);
  std::vector<DemoSession> selected;
  for (DemoSession& session : sessions) {
    if (names.count(session.patient) > 0) selected.push_back(std::move(session));
  }
  return selected;
}

absl::Status ReadZones(DemoPlan& plan) {
  for (const DemoStep& step : plan.chain) {
    const Value& site = Member(step.request, "site");
    if (!site.has_struct_value()) continue;
    const std::string& zone = Text(site, "time_zone");
    if (!absl::LoadTimeZone(zone, &plan.zones[Text(site, "name")])) {
      return absl::InvalidArgumentError(
          absl::StrCat("this machine knows no time zone ", zone, "; install tzdata"));
    }
    plan.site_names[Text(site, "name")] = Text(site, "display_name");
  }
  return absl::OkStatus();
}

absl::StatusOr<Value> FindSize(const Value& plan, const std::string& name) {
  const Value& sizes = Member(plan, "sizes");
  const Value& size = Member(sizes, name);
  if (size.has_struct_value()) return size;
  Names known;
  for (const auto& [other, value] : sizes.struct_value().fields()) known.insert(other);
  return absl::InvalidArgumentError(absl::StrCat("there is no chain of size \"", name,
                                                 "\"; there is ", absl::StrJoin(known, ", ")));
}

}  // namespace

std::vector<DemoStep> ReadSteps(const Value& list) {
  std::vector<DemoStep> steps;
  for (const Value& value : list.list_value().values()) {
    steps.push_back({Text(value, "as"), Text(value, "call"), Text(value, "id"),
                     Member(value, "unless"), Member(value, "request")});
  }
  return steps;
}

absl::StatusOr<DemoPlan> PlanDemo(const std::string& data_dir, const DemoChoice& choice) {
  MESO_ASSIGN_OR_RETURN(const Value outline, ReadJson(absl::StrCat(data_dir, "/plan.json")));
  MESO_ASSIGN_OR_RETURN(const Value chain, ReadJson(absl::StrCat(data_dir, "/chain.json")));
  MESO_ASSIGN_OR_RETURN(const Value products, ReadJson(absl::StrCat(data_dir, "/products.json")));
  MESO_ASSIGN_OR_RETURN(const Value lots, ReadJson(absl::StrCat(data_dir, "/deliveries.json")));
  MESO_ASSIGN_OR_RETURN(const Value patients, ReadJson(absl::StrCat(data_dir, "/patients.json")));
  MESO_ASSIGN_OR_RETURN(const Value size, FindSize(outline, choice.size));
  MESO_ASSIGN_OR_RETURN(const Value everything, FindSize(outline, "full"));
  const Names sites = TextsOf(Member(size, "sites"));
  Names absent;
  for (const std::string& site : TextsOf(Member(everything, "sites"))) {
    if (sites.count(site) == 0) absent.insert(site);
  }
  DemoPlan plan;
  const std::vector<DemoStep> whole_chain = ReadSteps(chain);
  // Patients and sessions are those of the whole chain: a smaller one is a part of it.
  MESO_ASSIGN_OR_RETURN(std::vector<DemoPatient> invented,
                        InventPatients(patients, Member(outline, "menu"), choice));
  MESO_ASSIGN_OR_RETURN(std::vector<DemoSession> sessions,
                        PlanSessions(whole_chain, outline, invented, choice));
  plan.patients = Select(std::move(invented), sites,
                         static_cast<int>(Member(size, "patients_per_site").number_value()));
  plan.sessions = SelectSessions(std::move(sessions), plan.patients);
  plan.chain = Without(absent, whole_chain);
  plan.products = ReadSteps(products);
  MESO_ASSIGN_OR_RETURN(plan.deliveries, PlanDeliveries(lots, sites, plan.products, choice.start));
  plan.holds = Without(absent, ReadSteps(Member(lots, "holds")));
  MESO_RETURN_IF_ERROR(ReadZones(plan));
  return plan;
}

}  // namespace meso::mesoctl
