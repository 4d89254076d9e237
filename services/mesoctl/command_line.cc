#include "services/mesoctl/command_line.h"

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/admin.h"
#include "services/mesoctl/audit_commands.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/demo_load.h"
#include "services/mesoctl/demo_story.h"
#include "services/mesoctl/list.h"
#include "services/mesoctl/suite_client.h"

namespace meso::mesoctl {
namespace {

// An export may be long: it gets more time than a call unless --timeout says otherwise.
constexpr absl::Duration kExportTimeout = absl::Minutes(10);

// Everything the flags fill. CLI11 writes into it while parsing.
struct Flags {
  SuiteOptions suite;
  std::string token_file;
  std::string keys;
  std::string timeout;
  std::string clock_offset = "0s";
  CallCommand call;
  std::string list_name;
  std::string admin_dir;
  std::string log_name = "meso-audit";
  TokenSpec token;
  std::string ttl = "8h";
  std::string token_output;
  ExportCommand audit_export;
  VerifyCommand audit_verify;
  DemoOptions demo;
};

absl::StatusOr<absl::Duration> ParseDurationFlag(absl::string_view flag, const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration)) return duration;
  return absl::InvalidArgumentError(
      absl::StrCat(flag, "=", text, " is no duration; write it like 8h, 30s or 250ms"));
}

class CommandLine {
 public:
  CommandLine(std::ostream& out, std::ostream& err) : out_(out), err_(err) {
    app_.fallthrough();
    app_.require_subcommand(1);
    AddCommonFlags();
    AddCallAndList();
    AddAdmin();
    AddAudit();
    AddDemo();
  }

  ExitCode Run(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      // CLI11 reports by exceptions, --help included; they end here.
      const int code = app_.exit(error, out_, err_);
      return code == 0 ? ExitCode::kOk : ExitCode::kUsage;
    }
    const absl::Status prepared = Prepare();
    if (!prepared.ok()) {
      err_ << RenderError("flags", prepared) << "\n";
      return ExitCode::kUsage;
    }
    return Dispatch();
  }

 private:
  void AddCommonFlags() {
    for (auto& [service, address] : flags_.suite.addresses) {
      app_.add_option(absl::StrCat("--", service, "_address"), address,
                      absl::StrCat("Where the ", service, " service is"))
          ->envname(absl::StrCat("MESO_", absl::AsciiStrToUpper(service), "_ADDRESS"))
          ->capture_default_str();
    }
    app_.add_option("--token_file", flags_.token_file, "File with the bearer token")
        ->envname("MESO_TOKEN_FILE");
    app_.add_option("--timeout", flags_.timeout, "Deadline of a call, such as 10s")
        ->envname("MESO_TIMEOUT");
    app_.add_option("--tls_ca_file", flags_.suite.tls_ca_file, "PEM; empty = plaintext")
        ->envname("MESO_TLS_CA_FILE");
    app_.add_option("--tls_cert_file", flags_.suite.tls_cert_file, "PEM client certificate")
        ->envname("MESO_TLS_CERT_FILE");
    app_.add_option("--tls_key_file", flags_.suite.tls_key_file, "PEM client key")
        ->envname("MESO_TLS_KEY_FILE");
    app_.add_option("--clock_offset", flags_.clock_offset,
                    "Added to the clock; for tests and demonstrations")
        ->envname("MESO_CLOCK_OFFSET");
  }

  void AddCallAndList() {
    call_ = app_.add_subcommand("call", "Call a method: request and answer as JSON");
    call_
        ->add_option("method", flags_.call.method,
                     "Such as SchedulingService.BookAppointment; `mesoctl list` shows them")
        ->required();
    call_->add_option("json", flags_.call.json,
                      "The request; - reads it from standard input, @FILE from a file");
    call_->add_option("--at", flags_.call.at, "The service to ask, for EventService");
    list_ = app_.add_subcommand("list", "List methods, or describe one");
    list_->add_option("name", flags_.list_name, "A service or a method; none = all methods");
  }

  void AddAdmin() {
    CLI::App* admin = app_.add_subcommand("admin", "Keys and tokens");
    admin->require_subcommand(1);
    init_ = admin->add_subcommand("init", "Make the keys of a suite; never overwrites one");
    init_->add_option("dir", flags_.admin_dir, "Directory for the keys")->required();
    init_->add_option("--log_name", flags_.log_name, "Name of the audit log")
        ->capture_default_str();
    token_ = admin->add_subcommand("token", "Sign a token for a person");
    token_->add_option("--keys", flags_.keys, "Directory made by `admin init`")
        ->envname("MESO_KEYS")
        ->required();
    token_->add_option("--subject", flags_.token.subject, "users/CODE")->required();
    token_
        ->add_option("--role", flags_.token.roles,
                     "ROLE (at all sites) or ROLE@SITE[,SITE...]; may be repeated")
        ->required();
    token_->add_option("--ttl", flags_.ttl, "How long it is good, at most 744h")
        ->capture_default_str();
    token_->add_option("-o,--output", flags_.token_output,
                       "File to write it to (mode 0600) instead of standard output");
  }

  void AddAudit() {
    CLI::App* audit = app_.add_subcommand("audit", "Export and verify the audit log");
    audit->require_subcommand(1);
    export_ = audit->add_subcommand("export", "Fetch a bundle that proves itself");
    export_->add_option("-o,--output", flags_.audit_export.file, "File to write")->required();
    export_->add_option("--filter", flags_.audit_export.filter,
                        "As in AuditService.ListEntries; none = all entries");
    export_->add_flag("--payloads", flags_.audit_export.include_payloads,
                      "Include payloads, and so patient references");
    verify_ = audit->add_subcommand("verify", "Check a bundle; needs no server");
    verify_->add_option("file", flags_.audit_verify.file, "The bundle")->required();
    verify_
        ->add_option("--key", flags_.audit_verify.key,
                     "The log's public key (audit-log.pub), or a file that holds it")
        ->envname("MESO_LOG_KEY")
        ->required();
    verify_->add_option("--checkpoint", flags_.audit_verify.remembered,
                        "A checkpoint kept from earlier: finds a log that was cut back or forked");
  }

  void AddDemo() {
    CLI::App* demo = app_.add_subcommand("demo", "The demo chain: load it, play its story");
    demo->require_subcommand(1);
    load_ = demo->add_subcommand("load", "Load the chain through the API; repeatable");
    play_ = demo->add_subcommand("play", "Play the life of a treatment, checking every step");
    reset_ = demo->add_subcommand("reset", "How to begin anew; changes nothing itself");
    load_->add_option("--chain", flags_.demo.chain, "full (5 sites, 300 patients) or small (2 sites)")
        ->capture_default_str();
    load_->add_option("--seed", flags_.demo.seed, "Of the dice that invent patients and sessions")
        ->capture_default_str();
    load_->add_option("--start_date", flags_.demo.start_date,
                      "YYYY-MM-DD; default: today, or that of a load of the last 6 days");
    for (CLI::App* command : {load_, play_, reset_}) {
      command->add_option("--keys", flags_.demo.keys_dir, "Directory made by `admin init`")
          ->envname("MESO_KEYS")
          ->required();
      command->add_option("--data", flags_.demo.data_dir, "The chain as data")
          ->envname("MESO_DEMO_DATA")
          ->capture_default_str();
      command
          ->add_option("--tokens", flags_.demo.tokens_dir,
                       "Directory for the tokens of the chain's people")
          ->required();
    }
    play_->add_option("--exports", flags_.demo.exports_dir, "Directory for the exported bundle")
        ->required();
  }

  absl::Status Prepare() {
    if (!flags_.timeout.empty()) {
      MESO_ASSIGN_OR_RETURN(flags_.suite.timeout, ParseDurationFlag("--timeout", flags_.timeout));
    } else if (export_->parsed()) {
      flags_.suite.timeout = kExportTimeout;
    }
    MESO_ASSIGN_OR_RETURN(flags_.token.ttl, ParseDurationFlag("--ttl", flags_.ttl));
    MESO_ASSIGN_OR_RETURN(clock_offset_, ParseDurationFlag("--clock_offset", flags_.clock_offset));
    if ((call_->parsed() || export_->parsed()) && !flags_.token_file.empty()) {
      MESO_ASSIGN_OR_RETURN(flags_.call.token, ReadText(flags_.token_file));
      flags_.audit_export.token = flags_.call.token;
    }
    return absl::OkStatus();
  }

  ExitCode Dispatch() {
    const SystemClock clock(clock_offset_);
    Uuid7Source ids(clock);
    if (list_->parsed()) return RunList(flags_.list_name, out_, err_);
    if (init_->parsed()) return Init(clock.Now());
    if (token_->parsed()) return Token(clock.Now());
    if (verify_->parsed()) return RunAuditVerify(flags_.audit_verify, out_, err_);
    const SuiteClient client(flags_.suite);
    if (call_->parsed()) return RunCall(client, ids, flags_.call, out_, err_);
    if (export_->parsed()) return RunAuditExport(client, flags_.audit_export, out_, err_);
    if (load_->parsed()) return LoadDemo(client, clock, flags_.demo, out_, err_);
    if (reset_->parsed()) return ResetDemo(client, clock, flags_.demo, out_, err_);
    return PlayDemo(client, clock, ids, flags_.demo, out_, err_);
  }

  ExitCode Init(absl::Time now) {
    const absl::StatusOr<InitReport> report = InitKeys(flags_.admin_dir, flags_.log_name, now);
    if (!report.ok()) {
      err_ << RenderError("admin init", report.status()) << "\n";
      return ExitCodeOf(report.status());
    }
    for (const std::string& file : report->created) err_ << "made " << file << "\n";
    for (const std::string& file : report->kept) err_ << "kept " << file << "\n";
    out_ << flags_.admin_dir << "\n";
    return ExitCode::kOk;
  }

  ExitCode Token(absl::Time now) {
    absl::StatusOr<std::string> token = MakeToken(flags_.keys, flags_.token, now);
    absl::Status status = token.status();
    if (status.ok() && !flags_.token_output.empty()) {
      status = WriteSecret(flags_.token_output, absl::StrCat(*token, "\n"));
      if (status.ok()) out_ << flags_.token_output << "\n";
    } else if (status.ok()) {
      out_ << *token << "\n";
    }
    if (!status.ok()) err_ << RenderError("admin token", status) << "\n";
    return ExitCodeOf(status);
  }

  std::ostream& out_;
  std::ostream& err_;
  Flags flags_;
  absl::Duration clock_offset_;
  CLI::App app_{"The command line of Meso: calls, keys, tokens, the audit log, the demo.",
                "mesoctl"};
  CLI::App* call_ = nullptr;
  CLI::App* list_ = nullptr;
  CLI::App* init_ = nullptr;
  CLI::App* token_ = nullptr;
  CLI::App* export_ = nullptr;
  CLI::App* verify_ = nullptr;
  CLI::App* load_ = nullptr;
  CLI::App* play_ = nullptr;
  CLI::App* reset_ = nullptr;
};

}  // namespace

ExitCode RunCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  return CommandLine(out, err).Run(argc, argv);
}

}  // namespace meso::mesoctl
