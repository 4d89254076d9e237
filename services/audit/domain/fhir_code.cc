#include "services/audit/domain/fhir_code.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/audit/domain/fhir_audit_event.h"

namespace meso::audit {
namespace {

constexpr char kEventType[] = "http://terminology.hl7.org/CodeSystem/audit-event-type";
constexpr char kDicom[] = "http://dicom.nema.org/resources/ontology/DCM";
constexpr char kInteraction[] = "http://hl7.org/fhir/restful-interaction";
constexpr char kParticipation[] = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
constexpr char kProvenance[] = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
constexpr char kEntityType[] = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
constexpr char kObjectRole[] = "http://terminology.hl7.org/CodeSystem/object-role";

// Refusals that say the log's own data is damaged: FHIR's "major failure".
const std::set<std::string>& Damages() {
  static const auto& damages =
      *new std::set<std::string>{"LEAF_MISMATCH", "TREE_INCONSISTENT", "DATA_LOSS"};
  return damages;
}

// "BookAppointment" of "meso.scheduling.v1.SchedulingService/BookAppointment"; the whole of what a
// service did on its own, as in "work/booking".
absl::string_view VerbOf(absl::string_view method) {
  const size_t slash = method.rfind('/');
  if (slash == absl::string_view::npos) return method;
  const absl::string_view home = method.substr(0, slash);
  return absl::StrContains(home, '.') ? method.substr(slash + 1) : method;
}

bool BeginsWithOneOf(absl::string_view verb, std::initializer_list<absl::string_view> words) {
  for (const absl::string_view word : words) {
    if (absl::StartsWith(verb, word)) return true;
  }
  return false;
}

struct Parts {
  FhirCode user;
  FhirCode client;
  FhirCode server;
};

FhirCode Participation(const char* code, const char* display) {
  return {kParticipation, code, display};
}

// Data goes to where the source of a read is the server, and comes from the client in a create, an
// update or a query's question; a delete has neither, and the server is the keeper.
Parts PartsOf(FhirKind kind, bool reads) {
  const FhirCode source{kDicom, "110153", "Source Role ID"};
  const FhirCode destination{kDicom, "110152", "Destination Role ID"};
  const FhirCode recipient = Participation("IRCP", "information recipient");
  switch (kind) {
    case FhirKind::kRead:
      return {recipient, destination, source};
    case FhirKind::kQuery:
      return {recipient, source, destination};
    case FhirKind::kDelete:
      return {Participation("CST", "custodian"),
              {kDicom, "110150", "Application"},
              {kProvenance, "custodian", "Custodian"}};
    case FhirKind::kCreate:
    case FhirKind::kUpdate:
      return {Participation("AUT", "author (originator)"), source, destination};
    case FhirKind::kOther:
      break;
  }
  if (reads) return {recipient, destination, source};
  return {Participation("INF", "informant"), source, destination};
}

FhirKind KindOf(Action action, absl::string_view verb) {
  switch (action) {
    case Action::kCreate:
      return FhirKind::kCreate;
    case Action::kRead:
      return FhirKind::kRead;
    case Action::kUpdate:
      return FhirKind::kUpdate;
    case Action::kDelete:
      return FhirKind::kDelete;
    case Action::kExecute:
      break;
  }
  return BeginsWithOneOf(verb, {"List", "Search", "GetTimeline"}) ? FhirKind::kQuery
                                                                  : FhirKind::kOther;
}

std::string InteractionOf(FhirKind kind, const Leaf& leaf) {
  switch (kind) {
    case FhirKind::kRead:
      return absl::StrContains(leaf.object.name, "/revisions/") ? "vread" : "read";
    case FhirKind::kCreate:
      return "create";
    case FhirKind::kUpdate:
      return "update";
    case FhirKind::kDelete:
      return "delete";
    case FhirKind::kQuery:
      return "search-type";
    case FhirKind::kOther:
      break;
  }
  return "";
}

// Verbs that say nothing more than the interaction does.
bool IsPlainVerb(FhirKind kind, absl::string_view verb) {
  switch (kind) {
    case FhirKind::kRead:
      return absl::StartsWith(verb, "Get");
    case FhirKind::kCreate:
      return absl::StartsWith(verb, "Create");
    case FhirKind::kUpdate:
      return absl::StartsWith(verb, "Update");
    case FhirKind::kDelete:
      return absl::StartsWith(verb, "Delete");
    case FhirKind::kQuery:
      return BeginsWithOneOf(verb, {"List", "Search"});
    case FhirKind::kOther:
      break;
  }
  return false;
}

// Events that are no interaction with data: DICOM has types for them.
bool TakeSpecial(const Leaf& leaf, absl::string_view verb, FhirShape* shape) {
  const auto take = [shape](const char* code, const char* display) {
    shape->type = {kDicom, code, display};
    return true;
  };
  const auto add = [shape](const char* code, const char* display) {
    shape->subtypes.push_back({kDicom, code, display});
  };
  if (absl::EndsWithIgnoreCase(verb, "login") || absl::EndsWithIgnoreCase(verb, "logout")) {
    const bool in = absl::EndsWithIgnoreCase(verb, "login");
    add(in ? "110122" : "110123", in ? "Login" : "Logout");
    return take("110114", "User Authentication");
  }
  if (verb == "process/start" || verb == "process/stop") {
    const bool start = verb == "process/start";
    add(start ? "110120" : "110121", start ? "Application Start" : "Application Stop");
    return take("110100", "Application Activity");
  }
  return leaf.violation && take("110113", "Security Alert");
}

}  // namespace

FhirCode FhirApplicationServerCode() {
  return {"http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server"};
}

FhirCode FhirPersonCode() { return {kEntityType, "1", "Person"}; }

FhirCode FhirSystemObjectCode() { return {kEntityType, "2", "System Object"}; }

FhirCode FhirPatientCode() { return {kObjectRole, "1", "Patient"}; }

FhirCode FhirDomainResourceCode() { return {kObjectRole, "4", "Domain Resource"}; }

FhirCode FhirQueryCode() { return {kObjectRole, "24", "Query"}; }

FhirCode FhirSecurityResourceCode() { return {kObjectRole, "13", "Security Resource"}; }

FhirCode FhirRequestIdCode() {
  return {"https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId", ""};
}

FhirShape FhirShapeOf(const Leaf& leaf) {
  FhirShape shape;
  const absl::string_view verb = VerbOf(leaf.method);
  shape.kind = KindOf(leaf.action, verb);
  const bool special = TakeSpecial(leaf, verb, &shape);
  if (!special) shape.type = {kEventType, "rest", "Restful Operation"};
  shape.restful = !special && shape.kind != FhirKind::kOther;
  const std::string interaction = InteractionOf(shape.kind, leaf);
  if (!interaction.empty()) shape.subtypes.push_back({kInteraction, interaction, interaction});
  if (!IsPlainVerb(shape.kind, verb) && !verb.empty()) {
    shape.subtypes.push_back({std::string(kFhirVerbSystem), std::string(verb), ""});
  }
  const Parts parts = PartsOf(
      shape.kind, BeginsWithOneOf(verb, {"Get", "List", "Search", "Export", "Prove", "Check"}));
  shape.user = parts.user;
  shape.client = parts.client;
  shape.server = parts.server;
  return shape;
}

absl::string_view FhirKindName(FhirKind kind) {
  switch (kind) {
    case FhirKind::kRead:
      return "Read";
    case FhirKind::kCreate:
      return "Create";
    case FhirKind::kUpdate:
      return "Update";
    case FhirKind::kDelete:
      return "Delete";
    case FhirKind::kQuery:
      return "Query";
    case FhirKind::kOther:
      break;
  }
  return "";
}

absl::string_view FhirActionOf(Action action) {
  switch (action) {
    case Action::kCreate:
      return "C";
    case Action::kRead:
      return "R";
    case Action::kUpdate:
      return "U";
    case Action::kDelete:
      return "D";
    case Action::kExecute:
      break;
  }
  return "E";
}

absl::string_view FhirOutcomeOf(const Leaf& leaf) {
  switch (leaf.outcome) {
    case Outcome::kOk:
      return "0";
    case Outcome::kRefused:
    case Outcome::kDenied:
      return "4";
    case Outcome::kFailed:
      break;
  }
  return Damages().count(leaf.reason) > 0 ? "12" : "8";
}

std::string FhirOutcomeText(const Leaf& leaf) {
  switch (leaf.outcome) {
    case Outcome::kOk:
      return "";
    case Outcome::kRefused:
      return absl::StrCat("refused", leaf.reason.empty() ? "" : ": ", leaf.reason);
    case Outcome::kDenied:
      return absl::StrCat("denied", leaf.reason.empty() ? "" : ": ", leaf.reason);
    case Outcome::kFailed:
      break;
  }
  return absl::StrCat("failed", leaf.reason.empty() ? "" : ": ", leaf.reason);
}

FhirCode FhirPurposeOf(absl::string_view purpose) {
  return {"http://terminology.hl7.org/CodeSystem/v3-ActReason", std::string(purpose), ""};
}

}  // namespace meso::audit
