#include "services/mesoctl/contexts.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/local_file.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/telemetry/admin_server.h"
#include "services/mesoctl/cli/near_words.h"
#include "services/mesoctl/cli/table_output.h"
#include "services/mesoctl/cli/text_table.h"
#include "services/mesoctl/global_flags.h"
#include "services/mesoctl/session.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::Struct;

absl::Status Wrong(const std::string& path, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the context file ", path, ": ", what,
                   "; correct it, or remove it and make it anew with `mesoctl context set`"));
}

absl::StatusOr<Settings> ReadSettings(const std::string& path, const std::string& name,
                                      const google::protobuf::Value& value) {
  if (!value.has_struct_value()) {
    return Wrong(path, absl::StrCat("the context ", name, " is no object"));
  }
  Settings settings;
  const std::vector<std::string>& known = SettingNames();
  for (const auto& [key, setting] : value.struct_value().fields()) {
    const std::string flag = FlagKey(key);
    if (std::find(known.begin(), known.end(), flag) == known.end()) {
      const std::vector<std::string> near = NearWords(key, known, 1);
      return Wrong(path, absl::StrCat("the context ", name, " has the unknown setting ", key,
                                      near.empty() ? "" : absl::StrCat(" (", near[0], "?)")));
    }
    if (setting.kind_case() != google::protobuf::Value::kStringValue) {
      return Wrong(path, absl::StrCat("the setting ", key, " of the context ", name,
                                      " is no text in quotes"));
    }
    settings[flag] = setting.string_value();
  }
  return settings;
}

absl::StatusOr<Contexts> ContextsOf(Session& session, std::string* path) {
  *path = ContextsPath(session.environment());
  if (path->empty()) {
    return absl::FailedPreconditionError(
        "no home directory is known; say where the context file is with MESO_CONFIG");
  }
  return ReadContexts(*path);
}

ExitCode List(const Invocation&, Session& session) {
  std::string path;
  const absl::StatusOr<Contexts> contexts = ContextsOf(session, &path);
  if (!contexts.ok()) return session.Fail("context list", contexts.status());
  TextTable table = {{"current", "name", "settings"}, {}};
  for (const auto& [name, settings] : contexts->by_name) {
    table.rows.push_back({name == contexts->current ? "*" : "", name,
                          absl::StrJoin(settings, " ", absl::PairFormatter("="))});
  }
  if (session.output().format == OutputFormat::kJson) {
    std::ifstream file(path, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    session.out() << (text.empty() ? "{}\n" : text);
  } else {
    const absl::Status printed = PrintTable(table, "name", session.output(), session.out());
    if (!printed.ok()) return session.Fail("context list", printed);
  }
  if (table.rows.empty()) {
    session.err() << "no contexts in " << path << "; `mesoctl context set NAME` makes one\n";
  }
  return ExitCode::kOk;
}

ExitCode Show(const Invocation& invocation, Session& session) {
  std::string path;
  const absl::StatusOr<Contexts> contexts = ContextsOf(session, &path);
  absl::Status status = contexts.status();
  TextTable table = {{"setting", "value"}, {}};
  if (status.ok()) {
    const std::string given = invocation.Argument(0);
    const absl::StatusOr<Settings> settings = SettingsOf(*contexts, given);
    status = settings.status();
    if (status.ok()) {
      for (const auto& [setting, value] : *settings) table.rows.push_back({setting, value});
      const std::string& name = given.empty() ? contexts->current : given;
      session.err() << (name.empty() ? "no context is the current one; `mesoctl context use NAME` "
                                       "makes one so"
                                     : absl::StrCat("the context ", name))
                    << ", in " << path << "\n";
      status = PrintTable(table, "setting", session.output(), session.out());
    }
  }
  return status.ok() ? ExitCode::kOk : session.Fail("context show", status);
}

ExitCode Use(const Invocation& invocation, Session& session) {
  std::string path;
  absl::StatusOr<Contexts> contexts = ContextsOf(session, &path);
  absl::Status status = contexts.status();
  if (status.ok()) status = SettingsOf(*contexts, invocation.Argument(0)).status();
  if (status.ok()) {
    contexts->current = invocation.Argument(0);
    status = WriteContexts(path, *contexts);
  }
  if (!status.ok()) return session.Fail("context use", status);
  session.err() << "commands now use the context " << invocation.Argument(0) << "\n";
  return ExitCode::kOk;
}

std::string Absolute(const std::string& setting, const std::string& value) {
  const bool file = absl::EndsWith(setting, "_file") || setting == "keys" || setting == "log_key";
  if (!file || value.empty() || access(value.c_str(), F_OK) != 0) return value;
  return std::filesystem::absolute(value).lexically_normal().string();
}

// What would fail at every later call is refused now.
absl::Status CheckSetting(const std::string& setting, const std::string& value) {
  if (value.empty()) return absl::OkStatus();
  const bool address = absl::EndsWith(setting, "_address");
  if (address || absl::EndsWith(setting, "_admin")) {
    if (address && absl::StartsWith(value, "unix:") && value.size() > 5) return absl::OkStatus();
    if (SplitHostPort(value).ok()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("--", setting, "=", value,
                                                   " is no address; write HOST:PORT",
                                                   address ? " or unix:PATH" : ""));
  }
  absl::Duration duration;
  if (setting == "clock_offset" && !absl::ParseDuration(value, &duration)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", setting, "=", value, " is no duration; write it like 8h or -30s"));
  }
  return absl::OkStatus();
}

ExitCode Set(const Invocation& invocation, Session& session) {
  const std::string& name = invocation.Argument(0);
  if (!IsCode(name)) {
    return session.Fail(
        "context set", absl::InvalidArgumentError(absl::StrCat(
                           "'", name, "' is no name for a context; take 1-64 of A-Z a-z 0-9 - _")));
  }
  std::string path;
  absl::StatusOr<Contexts> contexts = ContextsOf(session, &path);
  if (!contexts.ok()) return session.Fail("context set", contexts.status());
  Settings& settings = contexts->by_name[name];
  for (const std::string& setting : SettingNames()) {
    if (!invocation.Has(setting)) continue;
    const std::string value = invocation.Get(setting);
    if (const absl::Status good = CheckSetting(setting, value); !good.ok()) {
      return session.Fail("context set", good);
    }
    settings[setting] = Absolute(setting, value);
    if (value.empty()) settings.erase(setting);
  }
  if (contexts->current.empty()) contexts->current = name;
  const absl::Status status = WriteContexts(path, *contexts);
  if (!status.ok()) return session.Fail("context set", status);
  session.err() << "the context " << name << " has " << settings.size()
                << (settings.size() == 1 ? " setting" : " settings") << ", in " << path
                << (contexts->current == name ? "" : "; `mesoctl context use` changes to it")
                << "\n";
  return ExitCode::kOk;
}

ExitCode Remove(const Invocation& invocation, Session& session) {
  const std::string& name = invocation.Argument(0);
  std::string path;
  absl::StatusOr<Contexts> contexts = ContextsOf(session, &path);
  absl::Status status = contexts.status();
  if (status.ok()) status = SettingsOf(*contexts, name).status();
  if (status.ok()) {
    contexts->by_name.erase(name);
    if (contexts->current == name) contexts->current.clear();
    status = WriteContexts(path, *contexts);
  }
  if (!status.ok()) return session.Fail("context remove", status);
  return ExitCode::kOk;
}

// Settings that are no global flags: those of the commands that take them.
std::vector<Flag> FurtherSettings() {
  std::vector<Flag> flags = AdminPortFlags();
  flags.push_back(KeysFlag(false));
  Flag log_key = LogKeyFlag(false);
  std::swap(log_key.name, log_key.aliases[0]);
  flags.push_back(log_key);
  for (Flag& flag : flags) flag.env.clear();
  return flags;
}

}  // namespace

const std::vector<std::string>& SettingNames() {
  static const auto& names = *new std::vector<std::string>{"scheduling_address",
                                                           "screening_address",
                                                           "inventory_address",
                                                           "audit_address",
                                                           "scheduling_admin",
                                                           "screening_admin",
                                                           "inventory_admin",
                                                           "audit_admin",
                                                           "token_file",
                                                           "ca_file",
                                                           "cert_file",
                                                           "key_file",
                                                           "timeout",
                                                           "site",
                                                           "keys",
                                                           "log_key",
                                                           "clock_offset"};
  return names;
}

std::string ContextsPath(const Environment& environment) {
  if (const auto path = environment("MESO_CONFIG"); path && !path->empty()) return *path;
  if (const auto config = environment("XDG_CONFIG_HOME"); config && !config->empty()) {
    return absl::StrCat(*config, "/meso/contexts.json");
  }
  const auto home = environment("HOME");
  return home && !home->empty() ? absl::StrCat(*home, "/.config/meso/contexts.json") : "";
}

absl::StatusOr<Contexts> ReadContexts(const std::string& path) {
  Contexts contexts;
  if (path.empty() || access(path.c_str(), F_OK) != 0) return contexts;
  MESO_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  if (text.empty()) return contexts;
  Struct file;
  if (!google::protobuf::util::JsonStringToMessage(text, &file).ok()) {
    return Wrong(path, "is no JSON");
  }
  for (const auto& [key, value] : file.fields()) {
    if (key == "current") {
      contexts.current = value.string_value();
    } else if (key == "contexts") {
      for (const auto& [name, context] : value.struct_value().fields()) {
        MESO_ASSIGN_OR_RETURN(contexts.by_name[name], ReadSettings(path, name, context));
      }
    } else {
      return Wrong(path, absl::StrCat("'", key, "' is neither current nor contexts"));
    }
  }
  if (!contexts.current.empty() && contexts.by_name.count(contexts.current) == 0) {
    return Wrong(path, absl::StrCat("the current context ", contexts.current, " is not in it"));
  }
  return contexts;
}

absl::Status WriteContexts(const std::string& path, const Contexts& contexts) {
  Struct file;
  (*file.mutable_fields())["current"].set_string_value(contexts.current);
  Struct& all = *(*file.mutable_fields())["contexts"].mutable_struct_value();
  for (const auto& [name, settings] : contexts.by_name) {
    Struct& context = *(*all.mutable_fields())[name].mutable_struct_value();
    for (const auto& [key, value] : settings) {
      (*context.mutable_fields())[key].set_string_value(value);
    }
  }
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(file, &text, options).ok()) {
    return absl::InvalidArgumentError("a setting is no valid UTF-8");
  }
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  return WriteDurably(path, text);
}

absl::StatusOr<Settings> SettingsOf(const Contexts& contexts, const std::string& name) {
  const std::string& wanted = name.empty() ? contexts.current : name;
  if (wanted.empty()) return Settings{};
  const auto found = contexts.by_name.find(wanted);
  if (found != contexts.by_name.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, settings] : contexts.by_name) names.push_back(known);
  return absl::NotFoundError(
      absl::StrCat("there is no context ", wanted,
                   names.empty() ? "; `mesoctl context set NAME` makes one"
                                 : absl::StrCat("; there are: ", absl::StrJoin(names, ", "))));
}

std::vector<Command> ContextCommands() {
  Argument name = {.name = "NAME", .help = "The context's name"};
  name.kind.of = ValueKind::Of::kNames;
  name.kind.noun = "context";
  return {
      {.path = {"context", "list"},
       .summary = "List the contexts; * marks the current one",
       .examples = {"mesoctl context list", "mesoctl context list -o name"},
       .run = List,
       .offline = true,
       .reads = true},
      {.path = {"context", "show"},
       .summary = "Show the settings of a context, or of the current one",
       .arguments =
           {{.name = "NAME", .help = "The context's name", .required = false, .kind = name.kind}},
       .examples = {"mesoctl context show", "mesoctl context show -o csv"},
       .run = Show,
       .offline = true,
       .reads = true},
      {.path = {"context", "use"},
       .summary = "Make a context the current one",
       .arguments = {name},
       .examples = {"mesoctl context set demo --token_file tokens/admin.token && mesoctl context "
                    "use demo",
                    "mesoctl context list -o name | head -n 1 | xargs mesoctl context use"},
       .run = Use,
       .offline = true},
      {.path = {"context", "set"},
       .summary = "Make a context, or change settings of one, from the global flags given",
       .details = "A flag with an empty value ('') removes the setting. Files are kept by their "
                  "whole paths, tokens by the name of their file.",
       .arguments = {name},
       .flags = FurtherSettings(),
       .examples = {"mesoctl context set demo --site par-1 --timeout 5s",
                    "mesoctl context set far --scheduling_address meso.example:7101 --ca_file "
                    "ca.pem --cert_file desk.pem --key_file desk.key"},
       .run = Set,
       .offline = true},
      {.path = {"context", "remove"},
       .summary = "Forget a context",
       .arguments = {name},
       .examples = {"mesoctl context set old --site par-1 && mesoctl context remove old",
                    "mesoctl context set old --timeout 1s && mesoctl context remove old && "
                    "mesoctl context list"},
       .run = Remove,
       .offline = true},
  };
}

}  // namespace meso::mesoctl
