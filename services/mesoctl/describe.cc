#include "services/mesoctl/describe.h"

#include <map>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "meso/options/v1/options.pb.h"
#include "services/mesoctl/api/api_commands.h"
#include "services/mesoctl/api/resource_words.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/cli/near_words.h"
#include "services/mesoctl/cli/terminal.h"
#include "services/mesoctl/contract/api_text.h"
#include "services/mesoctl/example_json.h"
#include "services/mesoctl/method_catalog.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

std::string ShortType(const FieldDescriptor& field) {
  std::string type;
  if (field.type() == FieldDescriptor::TYPE_MESSAGE) {
    type = field.message_type()->name();
  } else if (field.type() == FieldDescriptor::TYPE_ENUM) {
    const EnumDescriptor& of = *field.enum_type();
    type = of.containing_type() == nullptr
               ? of.name()
               : absl::StrCat(of.containing_type()->name(), ".", of.name());
  } else {
    type = field.type_name();
  }
  return field.is_repeated() ? absl::StrCat("list of ", type) : type;
}

std::string RulesOf(const FieldDescriptor& field) {
  std::vector<std::string> rules;
  if (field.options().GetExtension(meso::options::v1::required)) rules.push_back("required");
  if (field.options().GetExtension(meso::options::v1::output_only)) rules.push_back("output only");
  if (field.options().GetExtension(meso::options::v1::phi)) rules.push_back("patient data");
  if (field.real_containing_oneof() != nullptr) {
    rules.push_back(absl::StrCat("one of ", field.real_containing_oneof()->name()));
  }
  return absl::StrJoin(rules, ", ");
}

// A comment of several paragraphs, each line indented.
void PrintText(absl::string_view text, absl::string_view indent, std::ostream& out) {
  if (text.empty()) return;
  out << indent << absl::StrReplaceAll(text, {{"\n", absl::StrCat("\n", indent)}}) << "\n";
}

class Page {
 public:
  Page(std::ostream& out, bool color) : out_(out), color_(color) {}

  void Method(const MethodDescriptor& method) {
    Title(absl::StrCat(method.service()->name(), ".", method.name()),
          method.server_streaming() ? "streams its answer" : "");
    PrintText(CommentOf(method.full_name()), "  ", out_);
    out_ << "\n";
    const HttpRoute route = RouteOf(method);
    Fact("gRPC", MethodPath(method).substr(1));
    if (!route.verb.empty()) Fact("HTTP", absl::StrCat(route.verb, " ", route.path));
    const auto& access = method.options().GetExtension(meso::options::v1::access);
    Fact("roles", RolesOf(method));
    Fact("site", SiteRule(access));
    Fact("patient data", access.patient_data() ? "yes: every call is an audit entry" : "no");
    Fact("commands", CommandsOf(method));
    Fields("Request", *method.input_type());
    Fields("Answer", *method.output_type());
    Errors(method);
    Heading("Example");
    std::string json = ToJson(*ExampleMessage(*method.input_type()), true);
    absl::StripTrailingAsciiWhitespace(&json);
    out_ << "  mesoctl call " << method.service()->name() << "." << method.name() << " '" << json
         << "'\n";
  }

  void Message(const Descriptor& type) {
    Title(type.full_name(), "");
    PrintText(CommentOf(type.full_name()), "  ", out_);
    Fields("Fields", type);
    Heading("Example");
    out_ << ExampleJson(type);
  }

  void Service(const ServiceDescriptor& service) {
    Title(service.full_name(), "");
    PrintText(CommentOf(service.full_name()), "  ", out_);
    Heading("Methods");
    for (int i = 0; i < service.method_count(); ++i) {
      const MethodDescriptor& method = *service.method(i);
      out_ << absl::StrFormat("  %-24s %s\n", method.name(),
                              FirstSentence(CommentOf(method.full_name())));
    }
  }

  void Enum(const EnumDescriptor& type) {
    Title(type.full_name(), "");
    PrintText(CommentOf(type.full_name()), "  ", out_);
    Heading("Values");
    for (int i = 0; i < type.value_count(); ++i) {
      const std::string name = type.value(i)->name();
      out_ << "  " << name << "\n";
      PrintText(CommentOf(absl::StrCat(type.full_name(), ".", name)), "      ", out_);
    }
  }

 private:
  void Title(absl::string_view title, absl::string_view note) {
    out_ << Inked(title, Ink::kBold, color_);
    if (!note.empty()) out_ << "  (" << note << ")";
    out_ << "\n";
  }
  void Heading(absl::string_view heading) {
    out_ << "\n" << Inked(heading, Ink::kBold, color_) << "\n";
  }
  void Fact(absl::string_view what, absl::string_view value) {
    if (!value.empty()) out_ << absl::StrFormat("  %-13s %s\n", what, value);
  }

  static std::string SiteRule(const meso::options::v1::Access& access) {
    switch (access.site_scope()) {
      case meso::options::v1::SITE_SCOPE_NONE:
        return "the role at any site suffices";
      case meso::options::v1::SITE_SCOPE_REQUEST:
        return absl::StrCat("the role at the site that ", access.site_field(), " names");
      case meso::options::v1::SITE_SCOPE_RESOURCE:
        return "the role at the object's site";
      case meso::options::v1::SITE_SCOPE_CHAIN:
        return "the role at all sites";
      default:
        return "";
    }
  }

  static std::string CommandsOf(const MethodDescriptor& method) {
    std::vector<std::string> commands;
    for (const ApiCommand* command : ApiCommands()) {
      if (absl::StrCat(method.service()->name(), ".", method.name()) != command->method) continue;
      commands.push_back(absl::StrCat("mesoctl ", command->noun, " ", command->verb));
    }
    return absl::StrJoin(commands, ", ");
  }

  void Fields(absl::string_view heading, const Descriptor& type) {
    Heading(absl::StrCat(heading, heading == "Fields" ? "" : absl::StrCat(": ", type.name())));
    if (type.field_count() == 0) out_ << "  (no fields)\n";
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const std::string rules = RulesOf(field);
      out_ << "  " << field.name() << "  " << ShortType(field);
      if (!rules.empty()) out_ << "  [" << rules << "]";
      out_ << "\n";
      PrintText(CommentOf(field.full_name()), "      ", out_);
    }
  }

  void Errors(const MethodDescriptor& method) {
    Heading("Errors (and those of any method: `mesoctl errors list`)");
    for (const ErrorNote& note : ErrorNotes()) {
      if (note.method != method.full_name()) continue;
      out_ << "  " << note.reason << "  " << note.code << "\n";
      PrintText(note.text, "      ", out_);
    }
  }

  std::ostream& out_;
  const bool color_;
};

// Everything of the contract that has a name, but methods.
struct Catalog {
  std::vector<const Descriptor*> messages;
  std::vector<const EnumDescriptor*> enums;
};

void Collect(const Descriptor& message, Catalog& catalog) {
  if (message.options().map_entry()) return;
  catalog.messages.push_back(&message);
  for (int i = 0; i < message.enum_type_count(); ++i) catalog.enums.push_back(message.enum_type(i));
  for (int i = 0; i < message.nested_type_count(); ++i) Collect(*message.nested_type(i), catalog);
}

void Collect(const FileDescriptor& file, std::set<const FileDescriptor*>& seen, Catalog& catalog) {
  if (!absl::StartsWith(file.package(), "meso.") || !seen.insert(&file).second) return;
  for (int i = 0; i < file.message_type_count(); ++i) Collect(*file.message_type(i), catalog);
  for (int i = 0; i < file.enum_type_count(); ++i) catalog.enums.push_back(file.enum_type(i));
  for (int i = 0; i < file.dependency_count(); ++i) Collect(*file.dependency(i), seen, catalog);
}

Catalog ContractCatalog() {
  Catalog catalog;
  std::set<const FileDescriptor*> seen;
  for (const ServiceDescriptor* service : ApiServices()) Collect(*service->file(), seen, catalog);
  return catalog;
}

// "Lot", "meso.inventory.v1.Lot", "inventory.Lot", "Appointment.State".
template <typename Type>
bool IsNamed(const Type& type, const std::string& name) {
  return name == type.name() || name == type.full_name() ||
         absl::EndsWith(type.full_name(), absl::StrCat(".", name)) ||
         name == absl::StrReplaceAll(type.full_name(), {{"meso.", ""}, {".v1", ""}});
}

absl::Status NotFound(const std::string& name, const Catalog& catalog) {
  std::set<std::string> known;
  for (const Descriptor* message : catalog.messages) known.insert(message->name());
  for (const EnumDescriptor* type : catalog.enums) known.insert(type->name());
  for (const ServiceDescriptor* service : ApiServices()) {
    known.insert(service->name());
    for (int i = 0; i < service->method_count(); ++i) known.insert(service->method(i)->name());
  }
  const std::vector<std::string> near =
      NearWords(name, std::vector<std::string>(known.begin(), known.end()));
  return absl::NotFoundError(absl::StrCat(
      "there is no method, message, service or enum ", name,
      near.empty() ? "; `mesoctl list` shows the methods"
                   : absl::StrCat("; did you mean ", absl::StrJoin(near, " or "), "?")));
}

}  // namespace

std::string RolesOf(const MethodDescriptor& method) {
  const auto& access = method.options().GetExtension(meso::options::v1::access);
  std::vector<std::string> roles;
  for (const int role : access.roles()) {
    const std::string name =
        meso::options::v1::Role_Name(static_cast<meso::options::v1::Role>(role));
    roles.push_back(absl::AsciiStrToLower(absl::StripPrefix(name, "ROLE_")));
  }
  return absl::StrJoin(roles, ", ");
}

absl::Status Describe(const std::string& name, const OutputOptions& options, std::ostream& out) {
  const bool json = options.format == OutputFormat::kJson;
  Page page(out, options.color);
  if (const auto method = FindMethod(name); method.ok()) {
    if (json) {
      out << ExampleJson(*(*method)->input_type());
    } else {
      page.Method(**method);
    }
    return absl::OkStatus();
  }
  const Catalog catalog = ContractCatalog();
  for (const Descriptor* message : catalog.messages) {
    if (!IsNamed(*message, name)) continue;
    if (json) {
      out << ExampleJson(*message);
    } else {
      page.Message(*message);
    }
    return absl::OkStatus();
  }
  for (const ServiceDescriptor* service : ApiServices()) {
    if (!IsNamed(*service, name)) continue;
    page.Service(*service);
    return absl::OkStatus();
  }
  for (const EnumDescriptor* type : catalog.enums) {
    if (!IsNamed(*type, name)) continue;
    page.Enum(*type);
    return absl::OkStatus();
  }
  return NotFound(name, catalog);
}

}  // namespace meso::mesoctl
