// The mapping to FHIR field by field, every shape of entry against the rules of BALP, and the rules
// against planted defects.
#include "services/audit/domain/fhir_audit_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/services/audit/domain/balp_rules.h"
#include "tests/services/audit/domain/entry_samples.h"

namespace meso::audit {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using Json = nlohmann::json;

constexpr char kMai[] = "0123456789abcdef0123456789abcdef";
constexpr char kJun[] = "fedcba9876543210fedcba9876543210";
constexpr char kHome[] = "meso.scheduling.v1.SchedulingService/";

Leaf SampleLeaf() {
  Leaf leaf;
  leaf.index = 12;
  leaf.time_ns = 1'700'000'000'123'456'789;
  leaf.service = "scheduling";
  leaf.site = "sites/par-1";
  leaf.actor = {"users/anna", {"doctor"}, ""};
  leaf.client_address = "10.1.2.3";
  leaf.request_id = "r-1";
  leaf.correlation_id = "c-1";
  leaf.method = absl::StrCat(kHome, "GetAppointment");
  leaf.action = Action::kRead;
  leaf.object = {"Appointment", kAppointment, 3};
  leaf.purpose = "TREAT";
  leaf.schema_version = 1;
  leaf.source = {"scheduling", kEpoch, 7};
  leaf.keys = {{KeyKind::kPatient, kMai}};
  return leaf;
}

Json Event(const Leaf& leaf, const FhirPayload& payload = {}) {
  return Json::parse(FhirAuditEvent(leaf, payload, "meso-test", Hash{}));
}

std::string ProfileOf(const Json& event) {
  if (!event.contains("meta")) return "";
  const std::string url = event["meta"]["profile"][0];
  return url.substr(url.rfind('.') + 1);
}

TEST(FhirAuditEventTest, AReadOfAPatientsAppointmentIsAPatientRead) {
  const Json event = Event(SampleLeaf());
  EXPECT_EQ(ProfileOf(event), "PatientRead");
  EXPECT_EQ(event["type"]["code"], "rest");
  EXPECT_EQ(event["subtype"].size(), 1u);
  EXPECT_EQ(event["subtype"][0]["code"], "read");
  EXPECT_EQ(event["action"], "R");
  EXPECT_EQ(event["recorded"], "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(event["outcome"], "0");
  EXPECT_EQ(event["purposeOfEvent"][0]["coding"][0]["code"], "TREAT");
  EXPECT_EQ(event["agent"][0]["who"]["identifier"]["value"], "users/anna");
  EXPECT_EQ(event["agent"][0]["requestor"], true);
  EXPECT_EQ(event["agent"][0]["role"][0]["coding"][0]["code"], "doctor");
  EXPECT_EQ(event["agent"][1]["network"]["address"], "10.1.2.3");
  EXPECT_EQ(event["agent"][1]["network"]["type"], "2");
  EXPECT_EQ(event["source"]["site"], "sites/par-1");
  EXPECT_EQ(event["source"]["observer"]["reference"], "Device/meso-scheduling");
  EXPECT_EQ(event["entity"].size(), 4u);
  EXPECT_EQ(event["entity"][1]["what"]["identifier"]["value"], kAppointment);
  EXPECT_EQ(event["entity"][2]["what"]["identifier"]["value"], "r-1");
  EXPECT_EQ(event["entity"][3]["what"]["identifier"]["value"], "entries/12");
  EXPECT_EQ(event["entity"][3]["detail"][0]["valueBase64Binary"],
            absl::Base64Escape(std::string(32, '\0')));
  EXPECT_EQ(Event(SampleLeaf()), event) << "the same entry gives the same event";
  Leaf next = SampleLeaf();
  next.source.sequence = 8;
  EXPECT_NE(Event(next)["id"], event["id"]);
}

TEST(FhirAuditEventTest, ThePatientIsAPseudonymUnlessThePayloadNamesThem) {
  Leaf leaf = SampleLeaf();
  const Json hidden = Event(leaf);
  EXPECT_EQ(hidden["entity"][0]["what"]["identifier"]["system"], "urn:meso:pseudonym");
  EXPECT_EQ(hidden["entity"][0]["what"]["identifier"]["value"], kMai);
  EXPECT_FALSE(hidden["entity"][0]["what"].contains("reference"));

  const Json shown = Event(leaf, {{{kMai, "patients/PT-0007"}}, {{"channel", "phone"}}});
  EXPECT_EQ(shown["entity"][0]["what"]["reference"], "Patient/PT-0007");
  EXPECT_TRUE(absl::StrContains(shown.dump(), "phone"));
  EXPECT_FALSE(absl::StrContains(shown.dump(), kMai));

  // A code that is no FHIR id can't be in a reference.
  const Json odd = Event(leaf, {{{kMai, "patients/PT_7"}}, {}});
  EXPECT_FALSE(odd["entity"][0]["what"].contains("reference"));
  EXPECT_EQ(odd["entity"][0]["what"]["identifier"]["system"], "urn:meso:patient");
  EXPECT_EQ(odd["entity"][0]["what"]["identifier"]["value"], "PT_7");

  // One of two was erased: the other one is still named.
  leaf.keys.push_back({KeyKind::kPatient, kJun});
  const Json partly = Event(leaf, {{{kMai, "patients/PT-0007"}}, {}});
  EXPECT_EQ(partly["entity"][0]["what"]["reference"], "Patient/PT-0007");
  EXPECT_EQ(partly["entity"][1]["what"]["identifier"]["value"], kJun);
  EXPECT_EQ(ProfileOf(partly), "Read") << "BALP's Patient profiles are about one patient";
}

TEST(FhirAuditEventTest, EveryVerbGetsItsCodes) {
  struct Case {
    std::string method;
    Action action;
    std::string interaction;  // "" = none
    std::string verb;         // custom coding; "" = none
    std::string profile;
  };
  const std::vector<Case> cases = {
      {absl::StrCat(kHome, "GetAppointment"), Action::kRead, "read", "", "PatientRead"},
      {absl::StrCat("/", kHome, "BookAppointment"), Action::kCreate, "create", "BookAppointment",
       "PatientCreate"},
      {absl::StrCat(kHome, "CreateSite"), Action::kCreate, "create", "", "PatientCreate"},
      {absl::StrCat(kHome, "UpdateSite"), Action::kUpdate, "update", "", "PatientUpdate"},
      {absl::StrCat(kHome, "CheckIn"), Action::kUpdate, "update", "CheckIn", "PatientUpdate"},
      {absl::StrCat(kHome, "CancelAppointment"), Action::kDelete, "delete", "CancelAppointment",
       "PatientDelete"},
      {absl::StrCat(kHome, "DeleteProduct"), Action::kDelete, "delete", "", "PatientDelete"},
      {"meso.audit.v1.AuditService/ListEntries", Action::kExecute, "search-type", "",
       "PatientQuery"},
      {"meso.audit.v1.AuditService/GetTimeline", Action::kExecute, "search-type", "GetTimeline",
       "PatientQuery"},
      {"meso.audit.v1.AuditService/ExportEntries", Action::kExecute, "", "ExportEntries", ""},
      {"work/booking", Action::kUpdate, "update", "work/booking", "PatientUpdate"},
  };
  for (const Case& one : cases) {
    Leaf leaf = SampleLeaf();
    leaf.method = one.method;
    leaf.action = one.action;
    const Json event = Event(leaf);
    std::map<std::string, std::string> codes;
    for (const Json& subtype : event["subtype"]) codes[subtype["system"]] = subtype["code"];
    EXPECT_EQ(codes["http://hl7.org/fhir/restful-interaction"], one.interaction) << one.method;
    EXPECT_EQ(codes["urn:meso:audit:verb"], one.verb) << one.method;
    EXPECT_EQ(ProfileOf(event), one.profile) << one.method;
    EXPECT_THAT(BalpProblems(event.dump()), IsEmpty()) << event.dump(1);
  }
  Leaf revision = SampleLeaf();
  revision.object.name = "ruleSets/meso-default/revisions/r1";
  EXPECT_EQ(Event(revision)["subtype"][0]["code"], "vread");
}

TEST(FhirAuditEventTest, AFailureSaysHowBadItWasAndClaimsNoProfile) {
  const auto outcome = [](Outcome outcome, const std::string& reason) {
    Leaf leaf = SampleLeaf();
    leaf.outcome = outcome;
    leaf.reason = reason;
    return Event(leaf);
  };
  for (const auto& [event, code, text] : std::vector<std::tuple<Json, std::string, std::string>>{
           {outcome(Outcome::kRefused, "SLOT_TAKEN"), "4", "refused: SLOT_TAKEN"},
           {outcome(Outcome::kDenied, ""), "4", "denied"},
           {outcome(Outcome::kFailed, "DEPENDENCY_DOWN"), "8", "failed: DEPENDENCY_DOWN"},
           {outcome(Outcome::kFailed, "TREE_INCONSISTENT"), "12", "failed: TREE_INCONSISTENT"}}) {
    EXPECT_EQ(event["outcome"], code);
    EXPECT_EQ(event["outcomeDesc"], text);
    EXPECT_FALSE(event.contains("meta"));
    EXPECT_THAT(BalpProblems(event.dump()), IsEmpty()) << event.dump(1);
  }
}

TEST(FhirAuditEventTest, LoginsAlertsAndStartsAreOfTheirOwnTypes) {
  for (const auto& [method, violation, type, subtype] :
       std::vector<std::tuple<std::string, bool, std::string, std::string>>{
           {"session/login", false, "110114", "110122"},
           {"session/logout", false, "110114", "110123"},
           {"process/start", false, "110100", "110120"},
           {"process/stop", false, "110100", "110121"},
           {absl::StrCat(kHome, "CompleteAppointment"), true, "110113", ""}}) {
    Leaf leaf = SampleLeaf();
    leaf.method = method;
    leaf.violation = violation;
    leaf.action = Action::kExecute;
    const Json event = Event(leaf);
    EXPECT_EQ(event["type"]["code"], type) << method;
    EXPECT_EQ(event["type"]["system"], "http://dicom.nema.org/resources/ontology/DCM");
    EXPECT_TRUE(subtype.empty() || event["subtype"][0]["code"] == subtype) << method;
    EXPECT_FALSE(event.contains("meta")) << method;
    EXPECT_THAT(BalpProblems(event.dump()), IsEmpty()) << event.dump(1);
  }
}

TEST(FhirAuditEventTest, AQueryHoldsWhatIsKnownOfTheRequestAndNothingElse) {
  Leaf leaf = SampleLeaf();
  leaf.method = "meso.audit.v1.AuditService/ListEntries";
  leaf.action = Action::kExecute;
  leaf.facts = {{"page size", "50&"}};
  const Json event = Event(leaf);
  for (const Json& entity : event["entity"]) {
    if (!entity.contains("query")) continue;
    std::string query;
    ASSERT_TRUE(absl::Base64Unescape(entity["query"].get<std::string>(), &query));
    EXPECT_EQ(query, "POST /meso.audit.v1.AuditService/ListEntries?page%20size=50%26");
    EXPECT_FALSE(entity.contains("what"));
    return;
  }
  FAIL() << event.dump(1);
}

TEST(FhirAuditEventTest, WhoActedForWhomFromWhereIsTold) {
  Leaf leaf = SampleLeaf();
  leaf.on_behalf_of = leaf.actor;
  leaf.actor = {"services/scheduling", {"service"}, ""};
  leaf.client_address = "unix:/run/meso/a.sock";
  Json event = Event(leaf);
  EXPECT_EQ(event["agent"][0]["who"]["identifier"]["value"], "users/anna");
  EXPECT_EQ(event["agent"][1]["who"]["identifier"]["value"], "services/scheduling");
  EXPECT_EQ(event["agent"][1]["network"]["type"], "5");
  leaf.on_behalf_of.reset();
  leaf.actor = {};
  leaf.client_address = "2001:db8::1";
  event = Event(leaf);
  EXPECT_EQ(event["agent"][0]["who"]["display"], "not authenticated");
  EXPECT_EQ(event["agent"][1]["network"]["address"], "2001:db8::1");
  EXPECT_EQ(event["agent"][1]["network"]["type"], "2");
  leaf.client_address = "front-desk-3";
  EXPECT_EQ(Event(leaf)["agent"][1]["network"]["type"], "1");
}

// Every combination of what the mapping looks at.
TEST(FhirAuditEventTest, EveryShapeOfEntryKeepsTheRulesOfBalp) {
  int claimed = 0;
  for (const char* verb : {"GetX", "ListX", "SearchX", "BookX", "CreateX", "UpdateX", "DeleteX",
                           "ExportX", "GetTimeline", "Login"}) {
    for (const Action action :
         {Action::kCreate, Action::kRead, Action::kUpdate, Action::kDelete, Action::kExecute}) {
      for (int shape = 0; shape < 4 * 3 * 2 * 2; ++shape) {
        Leaf leaf = SampleLeaf();
        leaf.method = absl::StrCat(kHome, verb);
        leaf.action = action;
        leaf.outcome = static_cast<Outcome>(1 + shape % 4);
        leaf.keys.resize(0);
        const int patients = shape / 4 % 3;
        if (patients > 0) leaf.keys.push_back({KeyKind::kPatient, kMai});
        if (patients > 1) leaf.keys.push_back({KeyKind::kPatient, kJun});
        if (shape / 12 % 2 == 1) leaf.object = {};
        if (shape % 5 == 0) leaf.request_id = "";
        leaf.violation = shape / 24 % 2 == 1;
        leaf.facts = {{"reason", "a \"quoted\"\nline \xff"}, {"empty", " "}};
        const std::string line = FhirAuditEvent(leaf, {}, "meso-test", Hash{});
        ASSERT_EQ(line.find('\n'), std::string::npos);
        EXPECT_THAT(BalpProblems(line), IsEmpty()) << line;
        if (absl::StrContains(line, "\"profile\"")) ++claimed;
      }
    }
  }
  EXPECT_GT(claimed, 100);
}

TEST(FhirAuditEventTest, TheRulesFindPlantedDefects) {
  const Json good = Event(SampleLeaf());
  ASSERT_THAT(BalpProblems(good.dump()), IsEmpty());
  Leaf query_leaf = SampleLeaf();
  query_leaf.method = "meso.audit.v1.AuditService/ListEntries";
  query_leaf.action = Action::kExecute;
  const Json query = Event(query_leaf);
  const auto found = [](Json event, const std::string& path, const Json& value) {
    const Json::json_pointer at(path);
    if (value.is_null()) {
      event[at.parent_pointer()].erase(at.back());
    } else {
      event[at] = value;
    }
    return BalpProblems(event.dump());
  };
  EXPECT_THAT(found(good, "/recorded", "2023-11-14T22:13:20.123"), Contains("recorded"));
  EXPECT_THAT(found(good, "/outcome", "8"), Contains("a failure claims a profile"));
  EXPECT_THAT(found(good, "/action", "U"), Contains("action of the profile"));
  EXPECT_THAT(found(good, "/subtype/0/code", "update"), Contains("interaction of the profile"));
  EXPECT_THAT(found(good, "/agent/0/requestor", false), Contains("one requestor"));
  EXPECT_THAT(found(good, "/agent/1/requestor", true), Contains("one requestor"));
  EXPECT_THAT(found(good, "/agent/1/type/coding/0/code", "110153"), Contains("client and server"));
  EXPECT_THAT(found(good, "/agent/0/type/coding/0/code", "AUT"), Contains("type of the user"));
  EXPECT_THAT(found(good, "/agent/0/network", {{"address", "x"}, {"type", "1"}}),
              Contains("the user has a network"));
  EXPECT_THAT(found(good, "/source/type", nullptr), Contains("source.type"));
  EXPECT_THAT(found(good, "/source/observer", nullptr), Contains("source.observer"));
  EXPECT_THAT(found(good, "/entity/0/role/code", "4"), Contains("one patient"));
  EXPECT_THAT(found(good, "/entity/1/name", "n"), IsEmpty());
  EXPECT_THAT(found(query, "/entity/2/name", "n"), Contains("sev-1: name and query"));
  EXPECT_THAT(found(query, "/entity/2/what", {{"display", "x"}}),
              Contains("query with what or name"));
  EXPECT_THAT(found(query, "/entity/2/query", "not base64!"), Contains("query is no base64"));
  EXPECT_THAT(found(good, "/entity/3/detail/0/valueString", "x"),
              Contains("detail has a type and one value"));
  EXPECT_THAT(found(good, "/purposeOfEvent", Json::array()),
              Contains("AuditEvent.purposeOfEvent is empty"));
}

}  // namespace
}  // namespace meso::audit
