#include "services/audit/domain/fhir_audit_event.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/base/id_source.h"
#include "common/base/log.h"
#include "services/audit/domain/fhir_code.h"

namespace meso::audit {
namespace {

// The space of the ids: a UUID made once for this purpose.
constexpr absl::string_view kIdSpace = "5f1c2a8e-3d0b-4c57-9a46-7e0d2b9c6f31";
constexpr absl::string_view kProfiles =
    "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";
constexpr absl::string_view kPseudonymPrefix = "pseudonyms/";
constexpr absl::string_view kPatientPrefix = "patients/";
// FHIR's `id`: what may stand behind "Patient/" in a reference.
constexpr size_t kFhirIdSizeMax = 64;

// A JSON object under construction. FHIR knows no empty strings, objects or arrays: what is empty
// is left out.
class Json {
 public:
  Json& Text(absl::string_view name, absl::string_view value) {
    if (absl::StripAsciiWhitespace(value).empty()) return *this;
    return Raw(name, JsonQuote(value));
  }
  Json& Flag(absl::string_view name, bool value) { return Raw(name, value ? "true" : "false"); }
  Json& Raw(absl::string_view name, absl::string_view value) {
    if (value.empty() || value == "{}" || value == "[]") return *this;
    absl::StrAppend(&members_, members_.empty() ? "" : ",", JsonQuote(name), ":", value);
    return *this;
  }
  std::string End() const { return absl::StrCat("{", members_, "}"); }

 private:
  std::string members_;
};

std::string Array(const std::vector<std::string>& items) {
  return absl::StrCat("[", absl::StrJoin(items, ","), "]");
}

std::string Coding(const FhirCode& code) {
  return Json()
      .Text("system", code.system)
      .Text("code", code.code)
      .Text("display", code.display)
      .End();
}

std::string Concept(const std::vector<FhirCode>& codes) {
  std::vector<std::string> codings;
  for (const FhirCode& code : codes) codings.push_back(Coding(code));
  return Json().Raw("coding", Array(codings)).End();
}

// A Reference by what the suite calls the thing: it has no address as a FHIR resource.
std::string Named(absl::string_view system, absl::string_view value, absl::string_view type = "",
                  absl::string_view display = "") {
  return Json()
      .Text("type", type)
      .Raw("identifier", Json().Text("system", system).Text("value", value).End())
      .Text("display", display)
      .End();
}

std::string TextDetail(absl::string_view type, absl::string_view value) {
  if (absl::StripAsciiWhitespace(value).empty() || type.empty()) return "";
  return Json().Text("type", type).Text("valueString", value).End();
}

std::string BytesDetail(absl::string_view type, absl::string_view bytes) {
  if (bytes.empty()) return "";
  return Json().Text("type", type).Text("valueBase64Binary", absl::Base64Escape(bytes)).End();
}

// Details, without those that have nothing to say.
std::string Details(std::vector<std::string> details) {
  details.erase(std::remove(details.begin(), details.end(), ""), details.end());
  return Array(details);
}

bool IsFhirId(absl::string_view text) {
  return !text.empty() && text.size() <= kFhirIdSizeMax &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isalnum(c) != 0 || c == '-' || c == '.'; });
}

// Where the call came from, as the server saw it: 2 = IP address, 5 = URI, 1 = a machine's name.
std::string Network(absl::string_view address) {
  absl::string_view kind = "1";
  if (absl::StartsWith(address, "unix:")) {
    kind = "5";
  } else {
    // The port is of no interest to a reader of FHIR, and no part of an IP address.
    const size_t colon = address.rfind(':');
    const bool bracketed = absl::StartsWith(address, "[");
    if (bracketed) {
      address = address.substr(1, address.find(']') - 1);
    } else if (colon != absl::string_view::npos && address.find(':') == colon) {
      address = address.substr(0, colon);
    }
    const bool is_ip = !address.empty() && std::all_of(address.begin(), address.end(), [](char c) {
      return absl::ascii_isxdigit(c) != 0 || c == '.' || c == ':';
    });
    if (is_ip && (absl::StrContains(address, '.') || absl::StrContains(address, ':'))) kind = "2";
  }
  if (address.empty()) return "";
  return Json().Text("address", address).Text("type", kind).End();
}

class Event {
 public:
  Event(const Leaf& leaf, const FhirPayload& payload, absl::string_view origin,
        const Hash& leaf_hash)
      : leaf_(leaf),
        payload_(payload),
        origin_(origin),
        leaf_hash_(leaf_hash),
        shape_(FhirShapeOf(leaf)) {
    for (const Key& key : leaf.keys) {
      if (key.kind == KeyKind::kPatient) pseudonyms_.push_back(key.value);
    }
  }

  std::string Line() const {
    const std::string profile = Profile();
    return Json()
        .Text("resourceType", "AuditEvent")
        .Text("id", Uuid5(kIdSpace, absl::StrCat(leaf_.source.epoch, "/", leaf_.source.name, "/",
                                                 leaf_.source.sequence)))
        .Raw(
            "meta",
            profile.empty()
                ? ""
                : Json().Raw("profile", Array({JsonQuote(absl::StrCat(kProfiles, profile))})).End())
        .Raw("type", Coding(shape_.type))
        .Raw("subtype", Subtypes())
        .Text("action", FhirActionOf(leaf_.action))
        .Text("recorded", absl::FormatTime("%E4Y-%m-%dT%H:%M:%E3SZ",
                                           absl::FromUnixNanos(leaf_.time_ns), absl::UTCTimeZone()))
        .Text("outcome", FhirOutcomeOf(leaf_))
        .Text("outcomeDesc", FhirOutcomeText(leaf_))
        .Raw("purposeOfEvent", Purposes())
        .Raw("agent", Array({User(), Client(), Server()}))
        .Raw("source", Source())
        .Raw("entity", Entities())
        .End();
  }

 private:
  // The BALP profile whose every rule this event keeps; empty = none. An event about several
  // patients keeps to the profile without patient: BALP's Patient profiles are about one.
  std::string Profile() const {
    if (leaf_.outcome != Outcome::kOk || !shape_.restful) return "";
    if (shape_.kind != FhirKind::kQuery && !HasObject() && pseudonyms_.size() != 1) return "";
    return absl::StrCat(pseudonyms_.size() == 1 ? "Patient" : "", FhirKindName(shape_.kind));
  }

  std::string Subtypes() const {
    std::vector<std::string> codings;
    for (const FhirCode& code : shape_.subtypes) codings.push_back(Coding(code));
    return Array(codings);
  }

  std::string Purposes() const {
    return leaf_.purpose.empty() ? "" : Array({Concept({FhirPurposeOf(leaf_.purpose)})});
  }

  // Who wanted it: the person a service acted for, else whoever called.
  std::string User() const {
    const Actor& actor = leaf_.on_behalf_of ? *leaf_.on_behalf_of : leaf_.actor;
    std::vector<std::string> roles;
    for (const std::string& role : actor.roles) {
      roles.push_back(Concept({{std::string(kFhirRoleSystem), role, ""}}));
    }
    return Json()
        .Raw("type", Concept({shape_.user}))
        .Raw("role", Array(roles))
        .Raw("who", actor.subject.empty() ? Json().Text("display", "not authenticated").End()
                                          : Named(kFhirSubjectSystem, actor.subject))
        .Text("name", actor.subject)
        .Flag("requestor", true)
        .Raw("purposeOfUse", Purposes())
        .End();
  }

  // The program the call came from: the service that acted for somebody, else only its address is
  // known, or its certificate.
  std::string Client() const {
    std::string who;
    if (leaf_.on_behalf_of) {
      who = Named(kFhirSubjectSystem, leaf_.actor.subject);
    } else if (!leaf_.actor.certificate.empty()) {
      who = Named(kFhirCertificateSystem, leaf_.actor.certificate);
    } else {
      who = Json()
                .Text("display",
                      leaf_.client_address.empty() ? "the service itself" : "client application")
                .End();
    }
    return Json()
        .Raw("type", Concept({shape_.client}))
        .Raw("who", who)
        .Flag("requestor", false)
        .Raw("network", Network(leaf_.client_address))
        .End();
  }

  std::string Observer() const {
    return Json()
        .Text("reference", absl::StrCat("Device/meso-", leaf_.service))
        .Text("display", absl::StrCat("Meso ", leaf_.service))
        .End();
  }

  std::string Server() const {
    return Json()
        .Raw("type", Concept({shape_.server}))
        .Raw("who", Observer())
        .Flag("requestor", false)
        .Raw("network", Json()
                            .Text("address", absl::StrCat("urn:meso:service:", leaf_.service))
                            .Text("type", "5")
                            .End())
        .End();
  }

  std::string Source() const {
    return Json()
        .Text("site", leaf_.site)
        .Raw("observer", Observer())
        .Raw("type", Array({Coding(FhirApplicationServerCode())}))
        .End();
  }

  std::string Entities() const {
    std::vector<std::string> entities;
    for (const std::string& pseudonym : pseudonyms_) entities.push_back(Patient(pseudonym));
    if (HasObject()) entities.push_back(Object());
    if (shape_.kind == FhirKind::kQuery) entities.push_back(Query());
    if (!leaf_.request_id.empty()) entities.push_back(RequestId());
    entities.push_back(LogEntry());
    return Array(entities);
  }

  std::string Patient(const std::string& pseudonym) const {
    std::string what = Named(kFhirPseudonymSystem, pseudonym, "Patient");
    const auto known = payload_.patients.find(pseudonym);
    if (known != payload_.patients.end()) {
      const absl::string_view code = absl::StripPrefix(known->second, kPatientPrefix);
      what = IsFhirId(code) ? Json()
                                  .Text("reference", absl::StrCat("Patient/", code))
                                  .Text("type", "Patient")
                                  .End()
                            : Named(kFhirPatientSystem, code, "Patient");
    }
    return Json()
        .Raw("what", what)
        .Raw("type", Coding(FhirPersonCode()))
        .Raw("role", Coding(FhirPatientCode()))
        .End();
  }

  // The patient as an object is the patient entity.
  bool HasObject() const {
    return !leaf_.object.name.empty() && !absl::StartsWith(leaf_.object.name, kPseudonymPrefix) &&
           !absl::StartsWith(leaf_.object.name, kPatientPrefix);
  }

  std::string Object() const {
    return Json()
        .Raw("what", Named(kFhirResourceSystem, leaf_.object.name, "", leaf_.object.type))
        .Raw("type", Coding(FhirSystemObjectCode()))
        .Raw("role", Coding(FhirDomainResourceCode()))
        .Raw("detail", Details({leaf_.object.version == 0
                                    ? ""
                                    : TextDetail("version", absl::StrCat(leaf_.object.version))}))
        .End();
  }

  // sev-1: an entity has a name or a query; with a query BALP wants no `what` either.
  std::string Query() const {
    return Json()
        .Raw("type", Coding(FhirSystemObjectCode()))
        .Raw("role", Coding(FhirQueryCode()))
        .Text("query", absl::Base64Escape(QueryText()))
        .End();
  }

  // The log keeps no requests, but the facts a service put down about one: as a form would send it.
  std::string QueryText() const {
    std::vector<std::string> parameters;
    for (const Fact& fact : Facts()) {
      parameters.push_back(absl::StrCat(UrlEscape(fact.key), "=", UrlEscape(fact.value)));
    }
    return absl::StrCat("POST /", absl::StripPrefix(leaf_.method, "/"),
                        parameters.empty() ? "" : "?", absl::StrJoin(parameters, "&"));
  }

  static std::string UrlEscape(absl::string_view text) {
    std::string out;
    for (const char c : text) {
      if (absl::ascii_isalnum(c) != 0 || absl::StrContains("-._~/:", c)) {
        out.push_back(c);
      } else {
        absl::StrAppend(&out, "%",
                        absl::AsciiStrToUpper(absl::BytesToHexString(absl::string_view(&c, 1))));
      }
    }
    return out;
  }

  std::string RequestId() const {
    return Json()
        .Raw("what", Json().Raw("identifier", Json().Text("value", leaf_.request_id).End()).End())
        .Raw("type", Coding(FhirRequestIdCode()))
        .End();
  }

  // The way back to the proof, and what FHIR has no field for.
  std::string LogEntry() const {
    std::vector<std::string> details = {
        BytesDetail("leaf-hash", HashView(leaf_hash_)),
        BytesDetail("payload-commitment", leaf_.commitment),
        TextDetail("method", leaf_.method),
        TextDetail("correlation-id", leaf_.correlation_id),
        TextDetail("causation-id", leaf_.causation_id),
        TextDetail("source", absl::StrCat(leaf_.source.name, "/", leaf_.source.epoch, "/",
                                          leaf_.source.sequence))};
    if (leaf_.violation) details.push_back(TextDetail("violation", "true"));
    for (const Fact& fact : Facts()) {
      details.push_back(TextDetail(absl::StrCat("fact:", fact.key), fact.value));
    }
    return Json()
        .Raw("what",
             Named(absl::StrCat("urn:meso:log:", origin_), absl::StrCat("entries/", leaf_.index)))
        .Raw("type", Coding(FhirSystemObjectCode()))
        .Raw("role", Coding(FhirSecurityResourceCode()))
        .Raw("detail", Details(std::move(details)))
        .End();
  }

  const std::vector<Fact>& Facts() const {
    return leaf_.facts.empty() ? payload_.facts : leaf_.facts;
  }

  const Leaf& leaf_;
  const FhirPayload& payload_;
  const absl::string_view origin_;
  const Hash& leaf_hash_;
  const FhirShape shape_;
  std::vector<std::string> pseudonyms_;
};

}  // namespace

std::string FhirAuditEvent(const Leaf& leaf, const FhirPayload& payload, absl::string_view origin,
                           const Hash& leaf_hash) {
  return Event(leaf, payload, origin, leaf_hash).Line();
}

}  // namespace meso::audit
