#include "services/mesoctl/list.h"

#include <google/protobuf/descriptor.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "meso/options/v1/options.pb.h"
#include "services/mesoctl/describe.h"
#include "services/mesoctl/method_catalog.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

std::string TypeOf(const FieldDescriptor& field) {
  std::string type;
  if (field.type() == FieldDescriptor::TYPE_MESSAGE) {
    type = field.message_type()->full_name();
  } else if (field.type() == FieldDescriptor::TYPE_ENUM) {
    type = field.enum_type()->full_name();
  } else {
    type = field.type_name();
  }
  return field.is_repeated() ? absl::StrCat("list of ", type) : type;
}

void PrintFields(const Descriptor& type, std::ostream& out) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    std::string notes;
    if (field.options().GetExtension(meso::options::v1::required)) notes += "  required";
    if (field.options().GetExtension(meso::options::v1::output_only)) notes += "  output only";
    if (field.options().GetExtension(meso::options::v1::phi)) notes += "  patient data";
    out << absl::StrFormat("    %-22s %s%s\n", field.name(), TypeOf(field), notes);
  }
}

void PrintMethod(const MethodDescriptor& method, std::ostream& out) {
  const auto& access = method.options().GetExtension(meso::options::v1::access);
  out << method.full_name() << (method.server_streaming() ? "  (streams its answer)" : "") << "\n"
      << "  roles: " << RolesOf(method) << "\n"
      << "  site: " << meso::options::v1::SiteScope_Name(access.site_scope());
  if (!access.site_field().empty()) out << " (" << access.site_field() << ")";
  out << "\n  patient data: " << (access.patient_data() ? "yes" : "no") << "\n";
  out << "  request: " << method.input_type()->full_name() << "\n";
  PrintFields(*method.input_type(), out);
  out << "  answer: " << method.output_type()->full_name() << "\n";
  PrintFields(*method.output_type(), out);
}

}  // namespace

ExitCode RunList(const std::string& name, std::ostream& out, std::ostream& err) {
  bool found = false;
  for (const ServiceDescriptor* service : ApiServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor& method = *service->method(i);
      const std::string home = HomeOf(method).empty() ? "events" : HomeOf(method);
      if (!name.empty() && name != home && name != service->name()) continue;
      found = true;
      out << absl::StrFormat("%-48s %s\n", absl::StrCat(service->name(), ".", method.name()),
                             RolesOf(method));
    }
  }
  if (found) return ExitCode::kOk;
  const absl::StatusOr<const MethodDescriptor*> method = FindMethod(name);
  if (!method.ok()) {
    err << RenderError("list", method.status()) << "\n";
    return ExitCodeOf(method.status());
  }
  PrintMethod(**method, out);
  return ExitCode::kOk;
}

}  // namespace meso::mesoctl
