// Which flags a command of the table has.
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "meso/options/v1/options.pb.h"
#include "services/mesoctl/api/api_request.h"
#include "services/mesoctl/api/field_value.h"
#include "services/mesoctl/api/resource_words.h"
#include "services/mesoctl/contract/api_text.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

// Filled by global flags, or by the command itself.
bool IsHandledElsewhere(const std::string& name) {
  static const auto& names = *new std::set<std::string>{
      "request_id",  "validate_only", "page_size", "page_token",   "limit",
      "update_mask", "parent",        "site",      "allow_missing"};
  return names.count(name) > 0;
}

// The noun whose list gives names of the pattern.
std::string NounOf(const std::string& pattern) {
  const std::pair<const char*, const char*> nouns[] = {
      {"sites/*", "sites"},
      {"practitioners/*", "practitioners"},
      {"treatmentTypes/*", "treatments"},
      {"products/*", "products"},
      {"lots/*", "lots"},
      {"cocktails/*/revisions/*", "cocktails"},
      {"questionnaires/*/revisions/*", "questionnaires"},
      {"ruleSets/*/revisions/*", "rulesets"},
      {"sites/*/appointments/*", "appointments"},
      {"sites/*/rooms/*", "rooms"},
      {"sites/*/devices/*", "devices"},
      {"sites/*/storageUnits/*", "storage"},
      {"reservations/*", "reservations"},
      {"administrations/*", "administrations"},
      {"recalls/*", "recalls"},
  };
  for (const auto& [known, noun] : nouns) {
    if (pattern == known) return noun;
  }
  return "";
}

ValueKind KindOf(const FieldDescriptor& field, const std::string& pattern) {
  ValueKind kind;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    kind.of = ValueKind::Of::kWords;
    kind.words = EnumWords(*field.enum_type());
  } else if (const std::string noun = NounOf(pattern); !noun.empty()) {
    kind.of = ValueKind::Of::kNames;
    kind.noun = noun;
  }
  return kind;
}

class FlagCollector {
 public:
  FlagCollector(const ApiCommand& command, const MethodDescriptor& method)
      : command_(command), method_(method), body_(BodyField(method)) {}

  std::vector<FieldFlag> Run() {
    AddFields(*method_.input_type(), "");
    for (const absl::string_view field : absl::StrSplit(command_.filters, ',', absl::SkipEmpty())) {
      AddFilter(std::string(field));
    }
    if (needs_json_) AddJson();
    return std::move(flags_);
  }

 private:
  void AddFields(const Descriptor& type, const std::string& prefix) {
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const std::string path = absl::StrCat(prefix, field.name());
      const bool output_only = field.options().GetExtension(meso::options::v1::output_only);
      const bool is_body = path == body_;  // of UpdateSite it is called "site"
      if (path == command_.argument || output_only || IsFixed(path)) continue;
      if (!is_body && IsHandledElsewhere(field.name())) continue;
      if (is_body) {
        needs_json_ = true;
        AddFields(*field.message_type(), absl::StrCat(path, "."));
      } else if (FitsFlag(field)) {
        AddField(field, path);
      } else {
        needs_json_ = true;
      }
    }
  }

  // The verb itself says it.
  bool IsFixed(const std::string& path) const {
    return absl::StartsWith(command_.fixed, absl::StrCat(path, "="));
  }

  void AddField(const FieldDescriptor& field, const std::string& path) {
    for (const FieldFlag& known : flags_) {
      if (known.flag.name == field.name()) return;
    }
    FieldFlag added;
    added.path = path;
    added.in_body = absl::StrContains(path, '.');
    added.pattern = PatternOf(method_, path);
    added.flag.name = field.name();
    added.flag.value = ValueWord(field);
    added.flag.help = FirstSentence(CommentOf(field.full_name()));
    added.flag.kind = KindOf(field, added.pattern);
    if (field.options().GetExtension(meso::options::v1::required)) {
      absl::StrAppend(&added.flag.help, added.flag.help.empty() ? "" : "; ", "required");
    }
    flags_.push_back(std::move(added));
  }

  void AddFilter(const std::string& field) {
    FieldFlag added;
    added.filter = field;
    added.pattern = ReferencePattern(field);
    added.flag.name = field;
    added.flag.value = "TEXT";
    added.flag.help = absl::StrCat("Only those whose ", field, " is this");
    const FieldDescriptor* column = FilteredColumn(field);
    if (column != nullptr && column->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      added.flag.value = ValueWord(*column);
      added.flag.kind = KindOf(*column, "");
    } else {
      added.flag.kind.noun = NounOf(added.pattern);
      if (!added.flag.kind.noun.empty()) added.flag.kind.of = ValueKind::Of::kNames;
    }
    flags_.push_back(std::move(added));
  }

  // What a filter's field is in the rows, or in the leaf of an audit entry; nullptr when it is a
  // word of the filter alone.
  const FieldDescriptor* FilteredColumn(const std::string& field) const {
    const FieldDescriptor* rows = method_.output_type()->FindFieldByName(command_.rows);
    if (rows == nullptr || rows->message_type() == nullptr) return nullptr;
    const FieldDescriptor* column = FindField(*rows->message_type(), field);
    if (column != nullptr) return column;
    return FindField(*rows->message_type(), absl::StrCat("leaf.", field));
  }

  void AddJson() {
    FieldFlag added;
    added.flag.name = "json";
    added.flag.value = "JSON";
    added.flag.help = absl::StrCat(
        "The ", body_.empty() ? "request" : body_,
        " as JSON, for what the flags leave out; @FILE reads a file, - standard input");
    flags_.push_back(std::move(added));
  }

  const ApiCommand& command_;
  const MethodDescriptor& method_;
  const std::string body_;
  std::vector<FieldFlag> flags_;
  bool needs_json_ = false;
};

}  // namespace

std::string BodyField(const MethodDescriptor& method) {
  std::string body;
  for (int i = 0; i < method.input_type()->field_count(); ++i) {
    const FieldDescriptor& field = *method.input_type()->field(i);
    if (field.type() != FieldDescriptor::TYPE_MESSAGE || field.is_repeated()) continue;
    if (!absl::StartsWith(field.message_type()->full_name(), "meso.")) continue;
    if (!body.empty()) return "";
    body = field.name();
  }
  return body;
}

bool IsList(const MethodDescriptor& method) {
  return method.input_type()->FindFieldByName("page_token") != nullptr;
}

std::vector<FieldFlag> FieldFlags(const ApiCommand& command, const MethodDescriptor& method) {
  return FlagCollector(command, method).Run();
}

}  // namespace meso::mesoctl
