#include "services/mesoctl/api/api_run.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/api/answer_view.h"
#include "services/mesoctl/api/api_request.h"
#include "services/mesoctl/api/newest_revision.h"
#include "services/mesoctl/api/resource_words.h"
#include "services/mesoctl/api/site_zones.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/cli/command_parser.h"
#include "services/mesoctl/cli/spinner.h"
#include "services/mesoctl/contract/api_text.h"
#include "services/mesoctl/method_catalog.h"
#include "services/mesoctl/session.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

// A server that never ends its pages must not keep us for ever.
constexpr int kPagesMax = 100'000;

class TableRun {
 public:
  TableRun(const ApiCommand& command, const MethodDescriptor& method, const Invocation& invocation,
           Session& session, std::string token)
      : command_(command),
        method_(method),
        invocation_(invocation),
        session_(session),
        token_(std::move(token)),
        zones_(session, token_),
        answer_(NewMessage(*method.output_type())) {}

  absl::Status Run() {
    MESO_ASSIGN_OR_RETURN(BuiltRequest built, Build());
    if (!built.request_id.empty() && !invocation_.On("dry-run")) {
      session_.err() << "request_id " << built.request_id
                     << " (the same request with --request-id and it again gets the same answer)\n";
    }
    MESO_RETURN_IF_ERROR(CallAll(built.message.get()));
    if (invocation_.On("dry-run")) session_.err() << "dry run: nothing was changed\n";
    site_ = SiteOfRequest(*built.message);
    return Print();
  }

 private:
  absl::StatusOr<BuiltRequest> Build() {
    RequestLookups lookups;
    lookups.now = session_.clock().Now();
    lookups.site = session_.site();
    lookups.new_request_id = session_.ids().NewId();
    lookups.in = &session_.in();
    lookups.zone = [this](const std::string& site) { return zones_.Of(site); };
    lookups.revision = [this](const std::string& name, bool published) {
      return NewestRevision(session_.client(), token_, name, published);
    };
    return BuildRequest(command_, method_, invocation_, lookups);
  }

  std::string SiteOfRequest(const Message& request) const {
    for (const char* path : {"parent", "site", "name", "appointment"}) {
      const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName(path);
      if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
      const std::string value = request.GetReflection()->GetString(request, field);
      if (absl::StartsWith(value, "sites/")) {
        const std::vector<std::string> parts = absl::StrSplit(value, '/');
        return absl::StrCat("sites/", parts[1]);
      }
    }
    return "";
  }

  // Without --all one page; a --limit over the page size takes several.
  absl::Status CallAll(Message* request) {
    const FieldDescriptor* token = method_.output_type()->FindFieldByName("next_page_token");
    int limit = 0;
    if (!absl::SimpleAtoi(invocation_.Get("limit"), &limit)) limit = 0;
    Spinner spinner(session_.err(), session_.terminal().err_animated,
                    absl::StrCat(method_.name(), "..."));
    for (int page = 0; page < kPagesMax; ++page) {
      const std::unique_ptr<Message> answer = NewMessage(*method_.output_type());
      MESO_RETURN_IF_ERROR(
          session_.client().Call(method_.full_name(), token_, *request, answer.get()));
      const std::string next =
          token == nullptr ? "" : answer->GetReflection()->GetString(*answer, token);
      answer_->MergeFrom(*answer);
      const int rows = RowCount();
      more_ = !next.empty();
      if (!more_ || !(invocation_.On("all") || rows < limit)) break;
      spinner.Note(absl::StrCat(rows, " rows"));
      request->GetReflection()->SetString(
          request, method_.input_type()->FindFieldByName("page_token"), next);
    }
    if (limit > 0) Shorten(limit);
    if (token != nullptr && !more_) answer_->GetReflection()->ClearField(answer_.get(), token);
    return absl::OkStatus();
  }

  const FieldDescriptor* RowsField() const {
    return method_.output_type()->FindFieldByName(command_.rows);
  }
  int RowCount() const {
    const FieldDescriptor* rows = RowsField();
    return rows == nullptr ? 0 : answer_->GetReflection()->FieldSize(*answer_, rows);
  }
  void Shorten(int limit) {
    const FieldDescriptor* rows = RowsField();
    if (rows == nullptr) return;
    for (int count = RowCount(); count > limit; --count) {
      answer_->GetReflection()->RemoveLast(answer_.get(), rows);
      more_ = true;
    }
  }

  absl::Status Print() {
    const OutputOptions& output = session_.output();
    if (output.format == OutputFormat::kJson) {
      session_.out() << ToJson(*answer_, true);
      return absl::OkStatus();
    }
    const bool lines = command_.rows[0] == '\0' && command_.columns[0] == '\0';
    if (lines && output.columns.empty() && output.format == OutputFormat::kTable) {
      PrintDetails(*answer_, zones_.OfMessage(*answer_, site_), session_.out());
      return absl::OkStatus();
    }
    RowsView view;
    view.type = method_.output_type();
    view.rows = {answer_.get()};
    view.columns = absl::StrSplit(command_.columns, ',', absl::SkipEmpty());
    view.key = command_.key;
    view.zone = [this](const Message& row) { return zones_.OfMessage(row, site_); };
    if (const FieldDescriptor* field = RowsField(); field != nullptr) {
      view.type = field->message_type();
      view.rows.clear();
      for (int i = 0; i < RowCount(); ++i) {
        view.rows.push_back(&answer_->GetReflection()->GetRepeatedMessage(*answer_, field, i));
      }
    }
    if (view.columns.empty()) view.columns = ColumnNames(*view.type);
    MESO_RETURN_IF_ERROR(PrintRows(view, output, session_.out()));
    Note(view);
    return absl::OkStatus();
  }

  // What else there is to say goes to stderr.
  void Note(const RowsView& view) {
    if (RowsField() == nullptr) return;
    if (view.rows.empty()) {
      session_.err() << "nothing found\n";
      // "why_none" of a search is worth more than an empty table.
      if (HasOtherLists()) PrintDetails(*answer_, zones_.Of(site_), session_.err());
    } else if (more_ && invocation_.Get("limit").empty()) {
      session_.err() << "there are more than these " << view.rows.size()
                     << "; --all shows all, --limit N the first N\n";
    }
  }

  bool HasOtherLists() const {
    const google::protobuf::Descriptor& type = *method_.output_type();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (!field.is_repeated() || field.name() == command_.rows) continue;
      if (answer_->GetReflection()->FieldSize(*answer_, &field) > 0) return true;
    }
    return false;
  }

  const ApiCommand& command_;
  const MethodDescriptor& method_;
  const Invocation& invocation_;
  Session& session_;
  const std::string token_;
  SiteZones zones_;
  std::unique_ptr<Message> answer_;
  std::string site_;  // of the request, for what names none itself
  bool more_ = false;
};

const MethodDescriptor& MethodOf(const ApiCommand& command) {
  const auto method = FindMethod(command.method);
  MESO_CHECK(method.ok(), "the table names methods of the contract");
  return **method;
}

std::string ArgumentHelp(const std::string& pattern) {
  std::string help = pattern.empty() ? "" : absl::StrCat(pattern, ", or its last part; ");
  if (absl::EndsWith(pattern, "/revisions/*")) {
    help = absl::StrCat(pattern.substr(0, pattern.find('/')),
                        "/CODE/revisions/rN, CODE/rN, or CODE for the newest; ");
  } else if (absl::StartsWith(pattern, "sites/*/")) {
    help = absl::StrCat(pattern, ", SITE/ID, or ID with --site; ");
  }
  return absl::StrCat(help, "- reads it from standard input");
}

Command MakeCommand(const ApiCommand& row) {
  const MethodDescriptor& method = MethodOf(row);
  Command command;
  command.path = {row.noun, row.verb};
  command.summary = row.summary;
  command.details = absl::StrCat("Calls ", method.service()->name(), ".", method.name(),
                                 "; `mesoctl describe ", method.name(), "` tells its fields.");
  if (row.argument[0] != '\0') {
    const std::string path = row.argument;
    const std::string last = path.substr(path.rfind('.') + 1);
    Argument argument;
    argument.name = absl::AsciiStrToUpper(last);
    argument.help = ArgumentHelp(PatternOf(method, path));
    if (last == "name" && std::string(row.verb) != "apply") {
      argument.kind.of = ValueKind::Of::kNames;
      argument.kind.noun = std::string(row.noun) == "trace" ? "lots" : row.noun;
    } else if (last == "appointment") {
      argument.kind.of = ValueKind::Of::kNames;
      argument.kind.noun = "appointments";
    }
    command.arguments = {argument};
  }
  for (FieldFlag& flag : FieldFlags(row, method)) command.flags.push_back(std::move(flag.flag));
  command.examples = {row.example_1, row.example_2};
  const ApiCommand* kept = &row;
  command.run = [kept](const Invocation& invocation, Session& session) {
    return RunTableCommand(*kept, invocation, session);
  };
  return command;
}

}  // namespace

ExitCode RunTableCommand(const ApiCommand& command, const Invocation& invocation,
                         Session& session) {
  const MethodDescriptor& method = MethodOf(command);
  const std::string what = absl::StrCat(command.noun, " ", command.verb);
  const absl::StatusOr<std::string> token = session.Token();
  if (!token.ok()) return session.Fail(what, token.status());
  const absl::Status status = TableRun(command, method, invocation, session, *token).Run();
  return status.ok() ? ExitCode::kOk : session.Fail(what, status);
}

std::vector<Command> TableCommands() {
  std::vector<Command> commands;
  for (const ApiCommand* row : ApiCommands()) commands.push_back(MakeCommand(*row));
  return commands;
}

std::vector<CommandGroup> TableGroups() {
  std::vector<CommandGroup> groups;
  for (const ApiNoun& noun : ApiNouns()) {
    groups.push_back({{noun.noun}, noun.summary, {noun.example_1, noun.example_2}});
  }
  return groups;
}

}  // namespace meso::mesoctl
