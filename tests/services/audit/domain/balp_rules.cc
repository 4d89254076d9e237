#include "tests/services/audit/domain/balp_rules.h"

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace meso::audit {
namespace {

using Json = nlohmann::json;

constexpr char kProfiles[] =
    "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";
constexpr char kDcm[] = "http://dicom.nema.org/resources/ontology/DCM|";
constexpr char kPart[] = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType|";

// What a profile fixes.
struct Profile {
  std::string action;
  std::set<std::string> interactions;
  std::string client;
  std::string server;
  std::set<std::string> users;
};

const std::map<std::string, Profile>& Profiles() {
  static const auto& profiles = *new std::map<std::string, Profile>{
      {"Read",
       {"R",
        {"read", "vread"},
        std::string(kDcm) + "110152",
        std::string(kDcm) + "110153",
        {"IRCP"}}},
      {"Create",
       {"C",
        {"create"},
        std::string(kDcm) + "110153",
        std::string(kDcm) + "110152",
        {"AUT", "INF", "CST"}}},
      {"Update",
       {"U",
        {"update", "patch"},
        std::string(kDcm) + "110153",
        std::string(kDcm) + "110152",
        {"AUT", "INF", "CST"}}},
      {"Delete",
       {"D",
        {"delete"},
        std::string(kDcm) + "110150",
        "http://terminology.hl7.org/CodeSystem/provenance-participant-type|custodian",
        {"AUT", "INF", "CST"}}},
      {"Query",
       {"E",
        {"search-type"},
        std::string(kDcm) + "110153",
        std::string(kDcm) + "110152",
        {"IRCP"}}},
  };
  return profiles;
}

std::string Token(const Json& coding) {
  return coding.value("system", "") + "|" + coding.value("code", "");
}

class Rules {
 public:
  explicit Rules(const std::string& line) : event_(Json::parse(line)) {}

  std::vector<std::string> Problems() {
    NothingIsEmpty(event_, "AuditEvent");
    Everywhere();
    Entities();
    Agents();
    if (event_.contains("meta")) Claimed();
    return problems_;
  }

 private:
  void Need(bool holds, const std::string& what) {
    if (!holds) problems_.push_back(what);
  }

  // FHIR: no empty object, array or string anywhere.
  void NothingIsEmpty(const Json& value, const std::string& path) {
    if (value.is_structured() || value.is_string()) Need(!value.empty(), path + " is empty");
    if (value.is_string()) Need(!value.get<std::string>().empty(), path + " is empty");
    if (value.is_object()) {
      for (const auto& [name, member] : value.items()) NothingIsEmpty(member, path + "." + name);
    } else if (value.is_array()) {
      for (const Json& item : value) NothingIsEmpty(item, path + "[]");
    }
  }

  void Everywhere() {
    static const std::regex instant("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z");
    static const std::regex id("[A-Za-z0-9.-]{1,64}");
    Need(event_.value("resourceType", "") == "AuditEvent", "resourceType");
    Need(std::regex_match(event_.value("id", ""), id), "id");
    Need(std::regex_match(event_.value("recorded", ""), instant), "recorded");
    Need(event_.contains("type") && !event_["type"].value("code", "").empty(), "type");
    Need(std::set<std::string>{"C", "R", "U", "D", "E"}.count(event_.value("action", "")) > 0,
         "action");
    outcome_ = event_.value("outcome", "");
    Need(std::set<std::string>{"0", "4", "8", "12"}.count(outcome_) > 0, "outcome");
    Need((outcome_ == "0") != event_.contains("outcomeDesc"), "outcomeDesc with a failure only");
    const Json source = event_.value("source", Json::object());
    Need(source.contains("observer"), "source.observer");
    Need(source.contains("type") && source["type"].size() == 1 &&
             Token(source["type"][0]) ==
                 "http://terminology.hl7.org/CodeSystem/security-source-type|4",
         "source.type");
  }

  void Entities() {
    for (const Json& entity : event_.value("entity", Json::array())) {
      const std::string role = entity.contains("role") ? entity["role"].value("code", "") : "";
      const std::string type = entity.contains("type") ? Token(entity["type"]) : "";
      // sev-1
      Need(!(entity.contains("name") && entity.contains("query")), "sev-1: name and query");
      if (role == "1") {
        ++patients_;
        Need(type == "http://terminology.hl7.org/CodeSystem/audit-entity-type|1", "patient type");
        Need(entity.contains("what") && entity["what"].value("type", "") == "Patient",
             "patient.what");
      } else if (role == "24") {
        ++queries_;
        Need(type == "http://terminology.hl7.org/CodeSystem/audit-entity-type|2", "query type");
        Need(!entity.contains("what") && !entity.contains("name"), "query with what or name");
        std::string query;
        Need(absl::Base64Unescape(entity.value("query", ""), &query), "query is no base64");
      } else if (role == "4") {
        ++objects_;
        Need(type == "http://terminology.hl7.org/CodeSystem/audit-entity-type|2", "object type");
        Need(entity.contains("what"), "object.what");
      } else if (absl::EndsWith(type, "XrequestId")) {
        Need(type == "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType|XrequestId",
             "request id type");
        Need(entity.contains("what") && entity["what"].contains("identifier") &&
                 !entity["what"]["identifier"].value("value", "").empty(),
             "request id");
      }
      for (const Json& detail : entity.value("detail", Json::array())) {
        Need(detail.contains("type") &&
                 detail.contains("valueString") != detail.contains("valueBase64Binary"),
             "detail has a type and one value");
      }
    }
  }

  void Agents() {
    for (const Json& agent : event_.value("agent", Json::array())) {
      Need(agent.contains("requestor") && agent["requestor"].is_boolean(), "agent.requestor");
      Need(agent.contains("who"), "agent.who");
      std::string type;
      if (agent.contains("type")) type = Token(agent["type"]["coding"][0]);
      if (agent.value("requestor", false)) {
        ++requestors_;
        Need(!agent.contains("network"), "the user has a network");
        user_ = type;
      } else {
        others_.insert(type);
        if (agent.contains("network")) {
          Need(std::set<std::string>{"1", "2", "5"}.count(agent["network"].value("type", "")) > 0,
               "network.type");
        }
      }
    }
    Need(requestors_ == 1, "one requestor");
  }

  void Claimed() {
    Need(outcome_ == "0", "a failure claims a profile");
    Need(event_["meta"]["profile"].size() == 1, "one profile");
    absl::string_view name = event_["meta"]["profile"][0].get_ref<const std::string&>();
    if (!absl::ConsumePrefix(&name, kProfiles)) return problems_.push_back("unknown profile");
    const bool about_patient = absl::ConsumePrefix(&name, "Patient");
    const auto found = Profiles().find(std::string(name));
    if (found == Profiles().end()) return problems_.push_back("unknown profile");
    const Profile& profile = found->second;
    Need(Token(event_["type"]) == "http://terminology.hl7.org/CodeSystem/audit-event-type|rest",
         "type is rest");
    Need(event_["action"] == profile.action, "action of the profile");
    int interactions = 0;
    for (const Json& subtype : event_.value("subtype", Json::array())) {
      if (subtype.value("system", "") != "http://hl7.org/fhir/restful-interaction") continue;
      ++interactions;
      Need(profile.interactions.count(subtype.value("code", "")) > 0, "interaction of the profile");
    }
    Need(interactions == 1, "one interaction");
    Need(others_ == std::set<std::string>{profile.client, profile.server}, "client and server");
    Need(absl::StartsWith(user_, kPart) &&
             profile.users.count(std::string(absl::StripPrefix(user_, kPart))) > 0,
         "type of the user");
    if (about_patient) Need(patients_ == 1, "one patient");
    if (name == "Query") {
      Need(queries_ == 1, "one query");
    } else {
      Need(objects_ + patients_ >= 1, "an object");
      Need(queries_ == 0, "a query in another profile");
    }
  }

  const Json event_;
  std::string outcome_;
  int patients_ = 0;
  int queries_ = 0;
  int objects_ = 0;
  int requestors_ = 0;
  std::string user_;
  std::set<std::string> others_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> BalpProblems(const std::string& line) { return Rules(line).Problems(); }

}  // namespace meso::audit
