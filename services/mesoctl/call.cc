#include "services/mesoctl/call.h"

#include <google/protobuf/util/json_util.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/method_catalog.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

absl::Status SetModes(const CallCommand& command, Message* request) {
  const google::protobuf::Descriptor& type = *request->GetDescriptor();
  if (!command.request_id.empty() && type.FindFieldByName("request_id") == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("--request-id: ", type.name(), " takes none; leave it out"));
  }
  if (!command.dry_run) return absl::OkStatus();
  const FieldDescriptor* field = type.FindFieldByName("validate_only");
  if (field == nullptr && type.FindFieldByName("request_id") == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("--dry-run: a call with ", type.name(),
                     " only reads and changes nothing; leave --dry-run out"));
  }
  if (field == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("--dry-run: ", type.name(),
                     " has no validate_only, so the call can't be tried without "
                     "doing it; leave --dry-run out"));
  }
  request->GetReflection()->SetBool(request, field, true);
  return absl::OkStatus();
}

absl::Status CallAndPrint(const SuiteClient& client, IdSource& ids, const CallCommand& command,
                          std::ostream& out, std::ostream& err) {
  MESO_ASSIGN_OR_RETURN(const MethodDescriptor* method, FindMethod(command.method));
  if (method->client_streaming()) {
    return absl::UnimplementedError("mesoctl can't call methods that take a stream");
  }
  MESO_ASSIGN_OR_RETURN(const std::string json, ReadJsonArgument(command.json));
  const std::unique_ptr<Message> request = NewMessage(*method->input_type());
  const std::unique_ptr<Message> answer = NewMessage(*method->output_type());
  MESO_RETURN_IF_ERROR(FromJson(json, request.get()));
  MESO_RETURN_IF_ERROR(SetModes(command, request.get()));
  const std::string id = command.request_id.empty() ? ids.NewId() : command.request_id;
  if (FillRequestId(request.get(), id) && command.request_id.empty()) {
    err << "request_id " << id << " (the same request with it again gets the same answer)\n";
  }
  if (method->server_streaming()) {
    return client.Stream(method->full_name(), command.token, *request, answer.get(), [&] {
      out << ToJson(*answer, false) << "\n";
      return absl::OkStatus();
    });
  }
  MESO_RETURN_IF_ERROR(
      client.Call(method->full_name(), command.token, *request, answer.get(), command.at));
  out << ToJson(*answer, true);
  return absl::OkStatus();
}

}  // namespace

ExitCode RunCall(const SuiteClient& client, IdSource& ids, const CallCommand& command,
                 std::ostream& out, std::ostream& err) {
  const absl::Status status = CallAndPrint(client, ids, command, out, err);
  if (!status.ok()) err << RenderError(command.method, status, command.method) << "\n";
  return ExitCodeOf(status);
}

absl::StatusOr<std::string> ReadJsonArgument(absl::string_view argument) {
  if (argument.empty()) return std::string("{}");
  if (argument == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  if (!absl::ConsumePrefix(&argument, "@")) return std::string(argument);
  std::ifstream file{std::string(argument)};
  if (!file) return absl::InvalidArgumentError(absl::StrCat("can't read the file ", argument));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

absl::Status FromJson(absl::string_view json, Message* message) {
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), message);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the JSON is no ", message->GetTypeName(), ": ", status.message().ToString()));
}

std::string ToJson(const Message& message, bool pretty) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = pretty;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  return status.ok() ? json : absl::StrCat("{} (", status.message().ToString(), ")");
}

bool FillRequestId(Message* request, const std::string& id) {
  const FieldDescriptor* field = request->GetDescriptor()->FindFieldByName("request_id");
  if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING ||
      field->is_repeated() || !request->GetReflection()->GetString(*request, field).empty()) {
    return false;
  }
  request->GetReflection()->SetString(request, field, id);
  return true;
}

}  // namespace meso::mesoctl
