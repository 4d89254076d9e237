#include "services/mesoctl/example_json.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "meso/options/v1/options.pb.h"
#include "services/mesoctl/api/resource_words.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/method_catalog.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kDepthMax = 4;
constexpr int64_t kExampleSeconds = 1'795'514'400;  // 2026-11-24T10:00:00Z
constexpr char kUuid[] = "01980000-0000-7000-8000-000000000001";

bool IsLeftOut(const FieldDescriptor& field) {
  static const auto& names = *new std::set<std::string>{"page_token",    "page_size",     "etag",
                                                        "validate_only", "allow_missing", "as_of"};
  return names.count(field.name()) > 0 ||
         field.options().GetExtension(meso::options::v1::output_only);
}

// "sites/par-1" of "sites/*".
std::string NameOf(absl::string_view pattern) {
  static const auto& codes = *new std::map<std::string, std::string>{
      {"sites", "par-1"},
      {"patients", "PT-0007"},
      {"practitioners", "pr-01"},
      {"treatmentTypes", "T-FACE"},
      {"products", "AMP-HA1"},
      {"cocktails", "C-01"},
      {"questionnaires", "meso-default"},
      {"ruleSets", "meso-default"},
      {"revisions", "r1"},
      {"rooms", "cabin-1"},
      {"devices", "gun-1"},
      {"entries", "0"},
      {"storageUnits", "main"},
  };
  std::string name;
  std::string collection;
  for (const absl::string_view part : absl::StrSplit(pattern, '/')) {
    if (!name.empty()) name += "/";
    if (part != "*") {
      collection = std::string(part);
      name += collection;
      continue;
    }
    const auto code = codes.find(collection);
    name += code == codes.end() ? kUuid : code->second;
  }
  return name;
}

// The pattern of a resource's own name, by its type.
std::string PatternOfType(const std::string& type) {
  static const auto& patterns = *new std::map<std::string, std::string>{
      {"Site", "sites/*"},
      {"Practitioner", "practitioners/*"},
      {"Room", "sites/*/rooms/*"},
      {"Device", "sites/*/devices/*"},
      {"TreatmentType", "treatmentTypes/*"},
      {"Product", "products/*"},
      {"StorageUnit", "sites/*/storageUnits/*"},
  };
  const auto found = patterns.find(type);
  return found == patterns.end() ? "" : found->second;
}

// The request's pattern for its `name` is in the route of the method that takes it.
std::string PatternOfName(const Descriptor& type) {
  for (const auto* service : ApiServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      if (service->method(i)->input_type() == &type) return PatternOf(*service->method(i), "name");
    }
  }
  return PatternOfType(type.name());
}

std::string ExampleText(const FieldDescriptor& field) {
  static const auto& texts = *new std::map<std::string, std::string>{
      {"request_id", kUuid},
      {"reservation_id", kUuid},
      {"time_zone", "Europe/Paris"},
      {"jurisdiction", "FR"},
      {"gtin", "09521234000112"},
      {"language", "fr"},
      {"languages", "fr"},
      {"begin", "09:00"},
      {"end", "18:00"},
      {"offer_token", "TOKEN-OF-AN-OFFER"},
      {"scan", "]d201095212340001121731063010LOT-7"},
      {"filter", ""},
      {"earliest_local_time", "09:00"},
      {"latest_local_time", "18:00"},
      {"valid_from", "2026-01-01"},
      {"valid_until", "2027-12-31"},
      {"source", "scheduling"},
      {"epoch", kUuid},
      {"choice", "NO"},
      {"date", "1990-06-15"},
      {"lot_number", "LOT-7"},
      {"document", "DN-77"},
      {"cocktail_id", "C-01"},
      {"gln", "9521234900016"},
      {"hold_ids", kUuid},
      {"question", "pregnant"},
      {"reference", "SUP-2026-7"},
      {"resume_token", ""},
      {"code", "meso-default"},
  };
  // A hold must say what it keeps; a list without a filter is the whole list.
  if (field.full_name() == "meso.audit.v1.LegalHold.filter") return "violation = true";
  const auto known = texts.find(field.name());
  if (known != texts.end()) return known->second;
  if (field.name() == "name") {
    // A timeline's name may be a patient, a lot or an appointment: no one pattern.
    const std::string name = NameOf(PatternOfName(*field.containing_type()));
    return name.empty() ? NameOf("patients/*") : name;
  }
  const std::string pattern = ReferencePattern(field.name());
  if (!pattern.empty()) return NameOf(pattern);
  if (absl::EndsWith(field.name(), "_date")) return "2031-06-30";
  return absl::StrReplaceAll(field.name(), {{"_", " "}});
}

class Filler {
 public:
  explicit Filler(Message* message) : message_(message), reflection_(*message->GetReflection()) {}

  void Fill(int depth) {
    const Descriptor& type = *message_->GetDescriptor();
    std::set<const google::protobuf::OneofDescriptor*> chosen;
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (IsLeftOut(field)) continue;
      const auto* choice = field.real_containing_oneof();
      if (choice != nullptr && !chosen.insert(choice).second) continue;
      FillField(field, depth);
    }
  }

 private:
  void FillField(const FieldDescriptor& field, int depth) {
    const bool list = field.is_repeated();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string text = ExampleText(field);
        if (text.empty() || field.type() == FieldDescriptor::TYPE_BYTES) return;
        list ? reflection_.AddString(message_, &field, text)
             : reflection_.SetString(message_, &field, text);
        return;
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        if (!list) reflection_.SetBool(message_, &field, true);
        return;
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto* value = field.enum_type()->value(field.enum_type()->value_count() > 1 ? 1 : 0);
        list ? reflection_.AddEnum(message_, &field, value)
             : reflection_.SetEnum(message_, &field, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_INT32:
        if (!list) reflection_.SetInt32(message_, &field, 1);
        return;
      case FieldDescriptor::CPPTYPE_INT64:
        if (!list) reflection_.SetInt64(message_, &field, 1);
        return;
      case FieldDescriptor::CPPTYPE_UINT64:
        if (!list) reflection_.SetUInt64(message_, &field, 1);
        return;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth < kDepthMax) FillMessage(field, depth);
        return;
      default:
        return;
    }
  }

  void FillMessage(const FieldDescriptor& field, int depth) {
    Message* inner = field.is_repeated() ? reflection_.AddMessage(message_, &field)
                                         : reflection_.MutableMessage(message_, &field);
    if (auto* time = dynamic_cast<google::protobuf::Timestamp*>(inner)) {
      time->set_seconds(kExampleSeconds + (absl::StartsWith(field.name(), "end") ? 86'400 : 0));
    } else if (auto* duration = dynamic_cast<google::protobuf::Duration*>(inner)) {
      duration->set_seconds(300);
    } else if (auto* mask = dynamic_cast<google::protobuf::FieldMask*>(inner)) {
      mask->add_paths("display_name");
    } else {
      Filler(inner).Fill(depth + 1);
    }
  }

  Message* const message_;
  const Reflection& reflection_;
};

}  // namespace

std::unique_ptr<Message> ExampleMessage(const Descriptor& type) {
  std::unique_ptr<Message> message = NewMessage(type);
  Filler(message.get()).Fill(1);
  return message;
}

std::string ExampleJson(const Descriptor& type) { return ToJson(*ExampleMessage(type), true); }

}  // namespace meso::mesoctl
