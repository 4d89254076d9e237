#include "services/mesoctl/api/api_request.h"

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "meso/options/v1/options.pb.h"
#include "services/mesoctl/api/field_value.h"
#include "services/mesoctl/api/resource_words.h"
#include "services/mesoctl/api/when.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/method_catalog.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr int kPageSizeMax = 500;
constexpr char kAnySite[] = "sites/-";
constexpr char kInput[] = "-";

// A service's refusal stays what it is.
absl::Status InFlag(absl::string_view flag, const absl::Status& status) {
  if (!ReasonOf(status).empty()) return status;
  return absl::Status(status.code(), absl::StrCat("--", flag, ": ", status.message()));
}

// An enum's word as the filter language has it; every other value stays as it was typed.
std::string FilterValue(const FieldFlag& flag, const std::string& value) {
  if (flag.flag.kind.of != ValueKind::Of::kWords) return value;
  return absl::StrReplaceAll(absl::AsciiStrToUpper(value), {{"-", "_"}});
}

void ClearField(Message* message, absl::string_view path) {
  const size_t dot = path.find('.');
  const FieldDescriptor* field =
      message->GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
  if (dot == absl::string_view::npos) {
    message->GetReflection()->ClearField(message, field);
  } else {
    ClearField(message->GetReflection()->MutableMessage(message, field), path.substr(dot + 1));
  }
}

class RequestBuilder {
 public:
  RequestBuilder(const ApiCommand& command, const MethodDescriptor& method,
                 const Invocation& invocation, const RequestLookups& lookups)
      : command_(command),
        method_(method),
        invocation_(invocation),
        lookups_(lookups),
        type_(*method.input_type()),
        body_(BodyField(method)),
        message_(NewMessage(type_)) {}

  absl::StatusOr<BuiltRequest> Run() {
    MESO_RETURN_IF_ERROR(CheckModes());
    MESO_RETURN_IF_ERROR(TakeJson());
    MESO_RETURN_IF_ERROR(TakeSite());
    MESO_RETURN_IF_ERROR(TakeArgument());
    for (const FieldFlag& flag : FieldFlags(command_, method_)) {
      if (!flag.path.empty()) MESO_RETURN_IF_ERROR(TakeFlag(flag));
      if (!flag.filter.empty()) MESO_RETURN_IF_ERROR(TakeFilter(flag));
    }
    MESO_RETURN_IF_ERROR(TakeFixed());
    MESO_RETURN_IF_ERROR(SetFilter());
    MESO_RETURN_IF_ERROR(SetUpdateMask());
    MESO_RETURN_IF_ERROR(SetPaging());
    MESO_RETURN_IF_ERROR(CheckRequired());
    SetRequestId();
    built_.message = std::move(message_);
    return std::move(built_);
  }

 private:
  bool Has(const char* field) const { return type_.FindFieldByName(field) != nullptr; }

  absl::Status Set(absl::string_view path, absl::string_view text) {
    return SetFromText(message_.get(), path, text, lookups_.now, absl::UTCTimeZone());
  }

  absl::Status CheckModes() const {
    // --dry-run and --request-id get here only with a method that has them: see Command::takes.
    if (invocation_.On("all") && !IsList(method_)) {
      return absl::InvalidArgumentError(
          "--all: this command's answer has one page; leave --all out");
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> ReadInput() const {
    if (command_.argument[0] != '\0' && invocation_.Argument(0) == kInput) {
      return absl::InvalidArgumentError("- stands for standard input, which can be read only once");
    }
    return std::string(std::istreambuf_iterator<char>(*lookups_.in), {});
  }

  absl::Status TakeJson() {
    const std::string given = invocation_.Get("json");
    if (given.empty()) return absl::OkStatus();
    std::string json = given;
    if (given == kInput) {
      MESO_ASSIGN_OR_RETURN(json, ReadInput());
    } else {
      MESO_ASSIGN_OR_RETURN(json, ReadJsonArgument(given));
    }
    Message* target = message_.get();
    if (!body_.empty()) {
      target = target->GetReflection()->MutableMessage(target, type_.FindFieldByName(body_));
    }
    const absl::Status parsed = FromJson(json, target);
    if (!parsed.ok()) return InFlag("json", parsed);
    google::protobuf::Struct members;
    if (!google::protobuf::util::JsonStringToMessage(json, &members).ok()) {
      return absl::InvalidArgumentError("--json: is no JSON object");
    }
    for (const auto& [name, value] : members.fields()) {
      const auto& fields = *target->GetDescriptor();
      const FieldDescriptor* field = fields.FindFieldByName(name);
      if (field == nullptr) field = fields.FindFieldByCamelcaseName(name);
      if (field != nullptr) mask_.insert(field->name());
    }
    return absl::OkStatus();
  }

  // The first of parent, site and the resource's site that the request has.
  absl::Status TakeSite() {
    for (const std::string& path : {std::string("parent"), std::string("site"), body_ + ".site"}) {
      const FieldDescriptor* field = FindField(type_, path);
      if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
      const bool required = field->options().GetExtension(meso::options::v1::required);
      std::string site = required || invocation_.Has("site") ? lookups_.site : "";
      if (site.empty() && IsList(method_)) site = kAnySite;
      if (site.empty()) return absl::OkStatus();
      site_ = site == kAnySite ? "" : site;
      return Set(path, site);
    }
    site_ = lookups_.site;
    return absl::OkStatus();
  }

  absl::Status TakeArgument() {
    if (command_.argument[0] == '\0') return absl::OkStatus();
    absl::StatusOr<std::string> name =
        ResolveName(lookups_.argument, PatternOf(method_, command_.argument));
    if (!name.ok()) return name.status();
    if (site_.empty()) site_ = SiteOf(*name);
    return Set(command_.argument, *name);
  }

  absl::StatusOr<std::string> ResolveName(const std::string& typed, const std::string& pattern) {
    MESO_ASSIGN_OR_RETURN(std::string name, FullName(typed, pattern, lookups_.site));
    if (!NeedsRevision(name, pattern)) return name;
    return lookups_.revision(name, !absl::StartsWith(method_.name(), "Publish"));
  }

  absl::Status TakeFlag(const FieldFlag& flag) {
    if (!invocation_.Has(flag.flag.name)) return absl::OkStatus();
    const FieldDescriptor& field = *FindField(type_, flag.path);
    std::string value = invocation_.Get(flag.flag.name);
    if (flag.in_body) mask_.insert(flag.path.substr(flag.path.find('.') + 1));
    // `--etag ''` takes away what the JSON brought.
    ClearField(message_.get(), flag.path);
    if (value.empty()) return absl::OkStatus();
    if (!flag.pattern.empty()) {
      MESO_ASSIGN_OR_RETURN(value, ResolveAll(flag, field.is_repeated(), value));
    }
    // A day may be said as a time is: +200d, tomorrow.
    const bool day = flag.flag.value == "YYYY-MM-DD" && !absl::ascii_isdigit(value[0]);
    const bool time = day || flag.flag.value == "TIME";
    const absl::TimeZone zone = time && !site_.empty() ? lookups_.zone(site_) : absl::UTCTimeZone();
    if (day) {
      const absl::StatusOr<absl::Time> when = ParseWhen(value, lookups_.now, zone);
      if (!when.ok()) return InFlag(flag.flag.name, when.status());
      value = absl::FormatTime("%Y-%m-%d", *when, zone);
    }
    const absl::Status set = SetFromText(message_.get(), flag.path, value, lookups_.now, zone);
    return set.ok() ? set : InFlag(flag.flag.name, set);
  }

  absl::StatusOr<std::string> ResolveAll(const FieldFlag& flag, bool repeated,
                                         const std::string& value) {
    std::vector<std::string> names = {value};
    if (repeated) names = absl::StrSplit(value, ',', absl::SkipWhitespace());
    for (std::string& name : names) {
      absl::StatusOr<std::string> full = ResolveName(name, flag.pattern);
      if (!full.ok()) return InFlag(flag.flag.name, full.status());
      name = *full;
    }
    return absl::StrJoin(names, ",");
  }

  absl::Status TakeFilter(const FieldFlag& flag) {
    if (!invocation_.Has(flag.flag.name)) return absl::OkStatus();
    std::string value = invocation_.Get(flag.flag.name);
    if (!flag.pattern.empty()) {
      MESO_ASSIGN_OR_RETURN(value, ResolveAll(flag, false, value));
    }
    if (value.find_first_of("\"\\") != std::string::npos) {
      return InFlag(flag.flag.name,
                    absl::InvalidArgumentError("a value here can't hold quotes; write a --filter"));
    }
    terms_.push_back(absl::StrCat(flag.filter, " = \"", FilterValue(flag, value), "\""));
    return absl::OkStatus();
  }

  absl::Status TakeFixed() {
    const std::vector<std::string> fixed = absl::StrSplit(command_.fixed, '=', absl::SkipEmpty());
    return fixed.size() == 2 ? Set(fixed[0], fixed[1]) : absl::OkStatus();
  }

  absl::Status SetFilter() {
    if (terms_.empty()) return absl::OkStatus();
    const std::string filter = invocation_.Get("filter");
    if (!filter.empty()) terms_.insert(terms_.begin(), absl::StrCat("(", filter, ")"));
    const FieldDescriptor* field = type_.FindFieldByName("filter");
    message_->GetReflection()->SetString(message_.get(), field, absl::StrJoin(terms_, " AND "));
    return absl::OkStatus();
  }

  absl::Status SetUpdateMask() {
    // `apply` makes the resource exactly what is given: no mask.
    if (!Has("update_mask") || command_.fixed[0] != '\0') return absl::OkStatus();
    mask_.erase("etag");
    mask_.erase("name");
    if (mask_.empty()) {
      return absl::InvalidArgumentError(
          "nothing to change was given; --help shows the fields, or give them with --json");
    }
    auto* mask =
        static_cast<google::protobuf::FieldMask*>(message_->GetReflection()->MutableMessage(
            message_.get(), type_.FindFieldByName("update_mask")));
    for (const std::string& path : mask_) mask->add_paths(path);
    return absl::OkStatus();
  }

  absl::Status SetPaging() {
    const std::string limit = invocation_.Get("limit");
    int count = 0;
    if (!limit.empty() && (!absl::SimpleAtoi(limit, &count) || count < 1)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--limit=", limit, " is no number of rows; write 1 or more"));
    }
    if (Has("limit")) return count > 0 ? Set("limit", absl::StrCat(count)) : absl::OkStatus();
    if (!IsList(method_)) return absl::OkStatus();
    if (count > 0) return Set("page_size", absl::StrCat(std::min(count, kPageSizeMax)));
    return invocation_.On("all") ? Set("page_size", absl::StrCat(kPageSizeMax)) : absl::OkStatus();
  }

  absl::Status CheckRequired() const {
    std::vector<std::string> missing;
    for (int i = 0; i < type_.field_count(); ++i) {
      const FieldDescriptor& field = *type_.field(i);
      if (!field.options().GetExtension(meso::options::v1::required)) continue;
      if (field.name() == "request_id" || field.is_repeated()) continue;
      const auto& reflection = *message_->GetReflection();
      const bool empty = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING
                             ? reflection.GetString(*message_, &field).empty()
                             : !reflection.HasField(*message_, &field);
      if (!empty) continue;
      const bool is_site =
          field.name() != body_ && (field.name() == "parent" || field.name() == "site");
      missing.push_back(absl::StrCat("--", is_site                 ? "site"
                                           : field.name() == body_ ? "json"
                                                                   : field.name()));
    }
    // Of the fields that exclude each other one is required.
    for (int i = 0; i < type_.real_oneof_decl_count(); ++i) {
      const auto& choice = *type_.oneof_decl(i);
      if (message_->GetReflection()->HasOneof(*message_, &choice)) continue;
      std::vector<std::string> flags;
      for (int j = 0; j < choice.field_count(); ++j) {
        flags.push_back(absl::StrCat("--", choice.field(j)->name()));
      }
      missing.push_back(absl::StrJoin(flags, " or "));
    }
    if (missing.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("needs ", absl::StrJoin(missing, ", "), "; --help shows what they are"));
  }

  void SetRequestId() {
    const FieldDescriptor* dry_run = type_.FindFieldByName("validate_only");
    if (dry_run != nullptr && invocation_.On("dry-run")) {
      message_->GetReflection()->SetBool(message_.get(), dry_run, true);
    }
    if (invocation_.Has("request-id")) {
      FillRequestId(message_.get(), invocation_.Get("request-id"));
    } else if (FillRequestId(message_.get(), lookups_.new_request_id)) {
      built_.request_id = lookups_.new_request_id;
    }
  }

  const ApiCommand& command_;
  const MethodDescriptor& method_;
  const Invocation& invocation_;
  const RequestLookups& lookups_;
  const google::protobuf::Descriptor& type_;
  const std::string body_;
  std::unique_ptr<Message> message_;
  std::string site_;            // whose zone times are meant in
  std::set<std::string> mask_;  // the resource's fields that were given
  std::vector<std::string> terms_;
  BuiltRequest built_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> NamesMeant(const ApiCommand& command,
                                                    const Invocation& invocation,
                                                    std::istream& in) {
  const std::string typed = invocation.Argument(0);
  if (command.argument[0] == '\0' || typed != kInput) return std::vector<std::string>{typed};
  std::vector<std::string> names;
  for (std::string line; std::getline(in, line);) {
    const absl::string_view name = absl::StripAsciiWhitespace(line);
    if (!name.empty()) names.emplace_back(name);
  }
  if (names.empty()) {
    return absl::InvalidArgumentError(
        "-: standard input is empty where a name was expected; the command before it found "
        "nothing");
  }
  if (names.size() > 1 && invocation.Has("request-id")) {
    return absl::InvalidArgumentError(
        absl::StrCat("--request-id: one id is one change, and standard input names ", names.size(),
                     "; leave it out, and each gets an id of its own"));
  }
  return names;
}

absl::StatusOr<BuiltRequest> BuildRequest(const ApiCommand& command, const MethodDescriptor& method,
                                          const Invocation& invocation,
                                          const RequestLookups& lookups) {
  return RequestBuilder(command, method, invocation, lookups).Run();
}

}  // namespace meso::mesoctl
