#include "services/mesoctl/admin_commands.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/local_file.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/admin.h"
#include "services/mesoctl/api/when.h"
#include "services/mesoctl/cli/table_output.h"
#include "services/mesoctl/global_flags.h"
#include "services/mesoctl/session.h"
#include "services/mesoctl/token_grants.h"

namespace meso::mesoctl {
namespace {

ExitCode Init(const Invocation& invocation, Session& session) {
  const std::string dir = invocation.Argument(0);
  const absl::StatusOr<InitReport> report =
      InitKeys(dir, invocation.Get("log_name"), session.clock().Now());
  if (!report.ok()) return session.Fail("admin init", report.status());
  for (const std::string& file : report->created) session.err() << "made " << file << "\n";
  for (const std::string& file : report->kept) session.err() << "kept " << file << "\n";
  session.out() << dir << "\n";
  return ExitCode::kOk;
}

ExitCode Token(const Invocation& invocation, Session& session) {
  TokenSpec spec;
  spec.subject = invocation.Get("subject");
  spec.roles = invocation.All("role");
  if (!absl::ParseDuration(invocation.Get("ttl"), &spec.ttl)) {
    return session.Fail("admin token", absl::InvalidArgumentError(absl::StrCat(
                                           "--ttl=", invocation.Get("ttl"),
                                           " is no duration; write it like 8h, 30s or 250ms")));
  }
  const std::string file = invocation.Get("output");
  const absl::StatusOr<std::string> token =
      MakeToken(invocation.Get("keys"), spec, session.clock().Now());
  absl::Status status = token.status();
  if (status.ok() && !file.empty()) {
    status = WriteDurably(file, absl::StrCat(*token, "\n"));
    if (status.ok()) session.out() << file << "\n";
  } else if (status.ok()) {
    session.out() << *token << "\n";
  }
  return status.ok() ? ExitCode::kOk : session.Fail("admin token", status);
}

absl::Status ShowGrants(const Invocation& invocation, Session& session) {
  const std::string given = invocation.Argument(0);
  const std::string file = given.empty() ? session.token_file() : given;
  if (file.empty()) {
    return absl::InvalidArgumentError("name the token's file, or give --token_file");
  }
  MESO_ASSIGN_OR_RETURN(const std::string token, ReadText(file));
  MESO_ASSIGN_OR_RETURN(const TokenGrants grants, ReadGrants(token));
  const absl::Time now = session.clock().Now();
  session.err() << grants.subject << ", key " << grants.key_id << ", until "
                << ShowTime(grants.expiry, absl::LocalTimeZone()) << "\n";
  TextTable table = {{"role", "sites"}, {}};
  for (const auto& [role, sites] : grants.roles) {
    table.rows.push_back({role, sites.count("*") > 0 ? "all sites" : absl::StrJoin(sites, ",")});
  }
  MESO_RETURN_IF_ERROR(PrintTable(table, "role", session.output(), session.out()));
  if (const std::string keys = invocation.Get("keys"); !keys.empty()) {
    MESO_ASSIGN_OR_RETURN(const std::string jwks, ReadText(absl::StrCat(keys, "/", kJwksFile)));
    MESO_RETURN_IF_ERROR(CheckSignature(token, jwks));
    session.err() << "signed with the key of " << keys << "\n";
  } else {
    session.err() << "the signature was not checked; --keys DIR checks it\n";
  }
  const std::string why = WhyNotNow(grants, now);
  return why.empty() ? absl::OkStatus()
                     : absl::UnauthenticatedError(absl::StrCat(
                           "the token is ", why, "; make a new one with `mesoctl admin token`"));
}

ExitCode Grants(const Invocation& invocation, Session& session) {
  const absl::Status status = ShowGrants(invocation, session);
  return status.ok() ? ExitCode::kOk : session.Fail("admin grants", status);
}

ExitCode RotateKey(const Invocation& invocation, Session& session) {
  const std::string dir = invocation.Get("keys");
  const absl::StatusOr<std::string> key = RotateLogKey(dir);
  if (!key.ok()) return session.Fail("admin log-key rotate", key.status());
  session.err() << "made " << kLogKeyFile << ", kept the one before as " << kPreviousLogKeyFile
                << "\nNext: restart meso-audit with --previous_log_key_file=" << dir << "/"
                << kPreviousLogKeyFile
                << ", give everybody who verifies the new public key, then leave the flag out and "
                   "remove the file.\n";
  session.out() << *key << "\n";
  return ExitCode::kOk;
}

ExitCode OpenOrigin(const Invocation& invocation, Session& session) {
  const absl::StatusOr<NewOrigin> made = MakeNewOrigin(invocation.Get("keys"));
  if (!made.ok()) return session.Fail("admin new-origin", made.status());
  session.err() << "made the key of " << made->name << "; the one before is " << made->old_key_file
                << "\nNext: start meso-audit once with --open_new_origin. Keep "
                << made->old_verifier_file
                << ": what was signed before verifies with it. Give everybody who verifies the new "
                   "public key, and tell the witnesses.\n";
  session.out() << made->verifier << "\n";
  return ExitCode::kOk;
}

ExitCode WitnessKey(const Invocation& invocation, Session& session) {
  const absl::StatusOr<std::string> key =
      MakeWitnessKey(invocation.Argument(0), invocation.Get("output"));
  if (!key.ok()) return session.Fail("admin witness-key", key.status());
  session.err() << "Next: have the public key added to the log's --witness_keys_file.\n";
  session.out() << *key << "\n";
  return ExitCode::kOk;
}

}  // namespace

std::vector<Command> AdminCommands() {
  return {
      {.path = {"admin", "init"},
       .summary = "Make the keys of a suite; never overwrites one",
       .arguments = {{.name = "DIR", .help = "Directory for the keys", .kind = Files()}},
       .flags = {{.name = "log_name",
                  .value = "NAME",
                  .help = "Name of the audit log",
                  .fallback = "meso-audit"}},
       .examples = {"mesoctl admin init keys", "mesoctl admin init keys-2 --log_name my-clinics"},
       .run = Init},
      {.path = {"admin", "token"},
       .summary = "Sign a token for a person",
       .flags = {KeysFlag(true),
                 {.name = "subject", .value = "users/CODE", .help = "Whose", .required = true},
                 {.name = "role",
                  .value = "ROLE[@SITE,...]",
                  .help = "At the sites, or at all",
                  .required = true,
                  .repeated = true,
                  .kind = {ValueKind::Of::kWords,
                           {"front_desk", "practitioner", "doctor", "inventory_manager",
                            "compliance_auditor", "medical_director", "chain_admin",
                            "external_auditor", "witness"},
                           ""}},
                 {.name = "ttl",
                  .value = "DURATION",
                  .help = "How long it is good, at most 744h",
                  .fallback = "8h"},
                 {.name = "output",
                  .value = "FILE",
                  .help = "Write it there (mode 0600) instead of to standard output",
                  .letter = 'o',
                  .kind = Files()}},
       .examples = {"mesoctl admin token --keys $MESO_KEYS --subject users/anna --role "
                    "doctor@par-1 -o anna.token",
                    "mesoctl admin token --subject users/ben --role front_desk@par-1,syd-1 --role "
                    "chain_admin --ttl 1h"},
       .run = Token,
       .aliases = {"tokens"}},
      {.path = {"admin", "grants"},
       .summary = "Tell what a token file grants, until when, and whether its signature is right",
       .arguments = {{.name = "FILE",
                      .help = "The token's file; without it that of --token_file",
                      .required = false,
                      .kind = Files()}},
       .flags = {KeysFlag(false)},
       .examples = {"mesoctl admin grants", "mesoctl admin grants $MESO_TOKEN_FILE -o csv"},
       .run = Grants,
       .reads = true},
      {.path = {"admin", "log-key", "rotate"},
       .summary = "Make a new key for the audit log; the one before signs too until it is removed",
       .flags = {KeysFlag(true)},
       .examples = {"mesoctl admin init keys-3 && mesoctl admin log-key rotate --keys keys-3",
                    "mesoctl admin init keys-4 --log_name my-clinics && mesoctl admin log-key "
                    "rotate --keys keys-4"},
       .run = RotateKey},
      {.path = {"admin", "new-origin"},
       .summary = "Make the key under which the audit log goes on after entries were lost",
       .details =
           "An audit log that an older backup was put back for does not start: entries it had "
           "signed are gone. This makes a key with a new name and keeps the old one aside; "
           "`meso-audit --open_new_origin` then writes into the log what was lost, once, and goes "
           "on under that name. It is a declaration that everybody who verifies the log will see.",
       .flags = {KeysFlag(true)},
       .examples = {"mesoctl admin init keys-5 && mesoctl admin new-origin --keys keys-5",
                    "mesoctl admin init keys-6 --log_name my-clinics && mesoctl admin new-origin "
                    "--keys keys-6"},
       .run = OpenOrigin},
      {.path = {"admin", "witness-key"},
       .summary = "Make the key of a witness; never overwrites one",
       .arguments = {{.name = "NAME", .help = "The witness's name, as in north.example/witness"}},
       .flags = {{.name = "output",
                  .value = "FILE",
                  .help = "Private key to write (mode 0600); the public one goes to FILE.pub",
                  .letter = 'o',
                  .required = true,
                  .kind = Files()}},
       .examples = {"mesoctl admin witness-key north.example/witness -o north.key",
                    "mesoctl admin witness-key south.example/witness -o south.key"},
       .run = WitnessKey},
  };
}

}  // namespace meso::mesoctl
