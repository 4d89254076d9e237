#include "services/mesoctl/api/api_run.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/check.h"
#include "common/base/local_file.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/api/answer_view.h"
#include "services/mesoctl/api/api_request.h"
#include "services/mesoctl/api/newest_revision.h"
#include "services/mesoctl/api/resource_words.h"
#include "services/mesoctl/api/site_zones.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/cli/command_parser.h"
#include "services/mesoctl/cli/spinner.h"
#include "services/mesoctl/cli/text_table.h"
#include "services/mesoctl/contract/api_text.h"
#include "services/mesoctl/global_flags.h"
#include "services/mesoctl/method_catalog.h"
#include "services/mesoctl/session.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

// A server that never ends its pages must not keep us for ever.
constexpr int kPagesMax = 100'000;

// One request and what came back.
struct Exchange {
  std::string name;  // what the argument meant
  BuiltRequest built;
  std::string site;  // of the request, for what names none itself
  std::unique_ptr<Message> answer;
  bool more = false;  // rows were left out
};

std::string SiteOfRequest(const Message& request) {
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
        rows_(method.output_type()->FindFieldByName(command.rows)) {}

  absl::Status Run() {
    MESO_RETURN_IF_ERROR(BuildAll());
    absl::Status status;
    size_t done = 0;
    for (; done < exchanges_.size() && status.ok(); done += status.ok() ? 1 : 0) {
      status = One(exchanges_[done]);
    }
    if (!status.ok()) {
      failed_ = Progress(done);
      exchanges_.resize(done);
    }
    if (invocation_.On("dry-run") && done > 0) {
      session_.err() << "dry run: nothing was changed\n";
    }
    if (done > 0) status.Update(PrintTogether());
    return status;
  }

  // How far a run over several names came before it failed; "" when that goes without saying.
  const std::string& failed() const { return failed_; }

 private:
  // All are built before the first is sent: a line that can't be read leaves nothing half done.
  absl::Status BuildAll() {
    MESO_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          NamesMeant(command_, invocation_, session_.in()));
    for (const std::string& name : names) {
      Exchange& exchange = exchanges_.emplace_back();
      exchange.name = name;
      absl::StatusOr<BuiltRequest> built = Build(name);
      if (!built.ok()) {
        if (names.size() > 1) {
          failed_ = absl::StrCat(name, " can't be asked for: none of ", names.size(), " was tried");
        }
        return built.status();
      }
      exchange.built = *std::move(built);
      exchange.site = SiteOfRequest(*exchange.built.message);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<BuiltRequest> Build(const std::string& name) {
    RequestLookups lookups;
    lookups.now = session_.clock().Now();
    lookups.argument = name;
    lookups.site = session_.site();
    lookups.new_request_id = session_.ids().NewId();
    lookups.in = &session_.in();
    lookups.zone = [this](const std::string& site) { return zones_.Of(site); };
    lookups.revision = [this](const std::string& resource, bool published) {
      return NewestRevision(session_.client(), token_, resource, published);
    };
    return BuildRequest(command_, method_, invocation_, lookups);
  }

  bool several() const { return exchanges_.size() > 1; }

  absl::Status One(Exchange& exchange) {
    const std::string& id = exchange.built.request_id;
    if (!id.empty() && !invocation_.On("dry-run")) {
      session_.err() << "request_id " << id;
      if (several()) session_.err() << " for " << Printable(exchange.name);
      if (&exchange == &exchanges_.front()) {
        session_.err() << " (the same request with --request-id and it again gets the same answer)";
      }
      session_.err() << "\n";
    }
    exchange.answer = NewMessage(*method_.output_type());
    MESO_RETURN_IF_ERROR(CallAll(exchange));
    if (invocation_.Has("save")) return Save(*exchange.answer, invocation_.Get("save"));
    PrintAtOnce(exchange);
    return absl::OkStatus();
  }

  absl::Status Save(const Message& answer, const std::string& file) {
    const FieldDescriptor* field = method_.output_type()->FindFieldByName(command_.saved);
    const std::string bytes = answer.GetReflection()->GetString(answer, field);
    if (file == "-") {
      session_.out() << bytes;
      return absl::OkStatus();
    }
    // What was kept before may be evidence.
    const absl::Status written = WriteDurably(
        file, bytes,
        invocation_.On("force") ? DurableFile::IfThere::kReplace : DurableFile::IfThere::kRefuse);
    if (!written.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--save: ", written.message()));
    }
    session_.out() << file << "\n";
    return absl::OkStatus();
  }

  std::string Progress(size_t done) const {
    if (!several()) return "";
    return absl::StrCat("It was ", Printable(exchanges_[done].name), ", number ", done + 1, " of ",
                        exchanges_.size(), ": ", done, " done before it, ",
                        exchanges_.size() - done - 1, " not tried.");
  }

  // Without --all one page; a --limit over the page size takes several.
  absl::Status CallAll(Exchange& exchange) {
    const FieldDescriptor* token = method_.output_type()->FindFieldByName("next_page_token");
    Message* request = exchange.built.message.get();
    Message& all = *exchange.answer;
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
      all.MergeFrom(*answer);
      const int rows = RowCount(all);
      exchange.more = !next.empty();
      if (!exchange.more || !(invocation_.On("all") || rows < limit)) break;
      spinner.Note(absl::StrCat(rows, " rows"));
      request->GetReflection()->SetString(
          request, method_.input_type()->FindFieldByName("page_token"), next);
    }
    if (limit > 0) Shorten(exchange, limit);
    if (token != nullptr && !exchange.more) all.GetReflection()->ClearField(&all, token);
    return absl::OkStatus();
  }

  int RowCount(const Message& answer) const {
    return rows_ == nullptr ? 0 : answer.GetReflection()->FieldSize(answer, rows_);
  }
  void Shorten(Exchange& exchange, int limit) const {
    if (rows_ == nullptr) return;
    for (int count = RowCount(*exchange.answer); count > limit; --count) {
      exchange.answer->GetReflection()->RemoveLast(exchange.answer.get(), rows_);
      exchange.more = true;
    }
  }

  // JSON and the fields of one object follow each other, so they need not wait for the rest.
  bool InTurn() const {
    if (invocation_.Has("save")) return true;
    const OutputOptions& output = session_.output();
    if (output.format == OutputFormat::kJson) return true;
    const bool lines = command_.rows[0] == '\0' && command_.columns[0] == '\0';
    return lines && output.columns.empty() && output.format == OutputFormat::kTable;
  }

  void PrintAtOnce(const Exchange& exchange) {
    if (!InTurn()) return;
    if (session_.output().format == OutputFormat::kJson) {
      session_.out() << ToJson(*exchange.answer, true);
      return;
    }
    if (&exchange != &exchanges_.front()) session_.out() << "\n";
    PrintDetails(*exchange.answer, zones_.OfMessage(*exchange.answer, exchange.site),
                 session_.out());
  }

  // The rows of all answers are one table.
  absl::Status PrintTogether() {
    if (InTurn()) return absl::OkStatus();
    RowsView view;
    view.type = rows_ != nullptr ? rows_->message_type() : method_.output_type();
    std::map<const Message*, const Exchange*> source;
    for (const Exchange& exchange : exchanges_) {
      const Message& answer = *exchange.answer;
      if (rows_ == nullptr) view.rows.push_back(&answer);
      for (int i = 0; i < RowCount(answer); ++i) {
        view.rows.push_back(&answer.GetReflection()->GetRepeatedMessage(answer, rows_, i));
      }
      for (size_t i = source.size(); i < view.rows.size(); ++i) source[view.rows[i]] = &exchange;
    }
    view.columns = absl::StrSplit(command_.columns, ',', absl::SkipEmpty());
    if (view.columns.empty()) view.columns = ColumnNames(*view.type);
    view.key = command_.key;
    view.zone = [&](const Message& row) { return zones_.OfMessage(row, source.at(&row)->site); };
    MESO_RETURN_IF_ERROR(PrintRows(view, session_.output(), session_.out()));
    Note(view);
    return absl::OkStatus();
  }

  // What else there is to say goes to stderr.
  void Note(const RowsView& view) {
    if (rows_ == nullptr) return;
    const bool more = std::any_of(exchanges_.begin(), exchanges_.end(),
                                  [](const Exchange& exchange) { return exchange.more; });
    if (view.rows.empty()) {
      session_.err() << "nothing found\n";
      // "why_none" of a search is worth more than an empty table.
      for (const Exchange& exchange : exchanges_) {
        if (!HasOtherLists(*exchange.answer)) continue;
        PrintDetails(*exchange.answer, zones_.Of(exchange.site), session_.err());
      }
    } else if (more && invocation_.Get("limit").empty()) {
      session_.err() << "there are more than these " << view.rows.size()
                     << "; --all shows all, --limit N the first N\n";
    }
  }

  bool HasOtherLists(const Message& answer) const {
    const google::protobuf::Descriptor& type = *method_.output_type();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (!field.is_repeated() || field.name() == command_.rows) continue;
      if (answer.GetReflection()->FieldSize(answer, &field) > 0) return true;
    }
    return false;
  }

  const ApiCommand& command_;
  const MethodDescriptor& method_;
  const Invocation& invocation_;
  Session& session_;
  const std::string token_;
  SiteZones zones_;
  const FieldDescriptor* const rows_;  // of the answer; nullptr when it is one object
  std::vector<Exchange> exchanges_;
  std::string failed_;
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
  return absl::StrCat(help, "- reads names from standard input, one a line");
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
  if (row.saved[0] != '\0') {
    Flag save = {.name = "save",
                 .value = "FILE",
                 .help = absl::StrCat("Write the ", row.saved,
                                      ", byte for byte, to the file and print nothing else; - is "
                                      "standard output")};
    save.kind = Files();
    command.flags.push_back(std::move(save));
    command.flags.push_back(
        {.name = "force", .help = "Overwrite the file of --save if it is there"});
  }
  command.examples = {row.example_1, row.example_2};
  const auto has = [&](const char* field) {
    return method.input_type()->FindFieldByName(field) != nullptr;
  };
  if (has("validate_only")) command.takes.emplace_back("dry-run");
  if (has("request_id")) command.takes.emplace_back("request-id");
  command.reads = !has("request_id");
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
  TableRun run(command, method, invocation, session, *token);
  const absl::Status status = run.Run();
  if (status.ok()) return ExitCode::kOk;
  const ExitCode code = session.Fail(what, status, method.name());
  if (!run.failed().empty()) session.err() << "  " << run.failed() << "\n";
  return code;
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
