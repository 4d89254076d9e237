#include "services/mesoctl/witness_commands.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/status_macros.h"
#include "common/config/process_config.h"
#include "meso/audit/v1/audit_service.pb.h"
#include "services/mesoctl/global_flags.h"
#include "services/mesoctl/local_file.h"
#include "services/mesoctl/session.h"
#include "services/mesoctl/witness.h"

namespace meso::mesoctl {
namespace {

constexpr char kWhat[] = "audit witness run";

// The log behind the audit service. The token is read anew for every call: it is renewed by file.
class ServedLog final : public WitnessedLog {
 public:
  explicit ServedLog(Session& session) : session_(session) {}

  absl::StatusOr<std::string> NewestNote() override {
    audit::v1::Checkpoint checkpoint;
    MESO_RETURN_IF_ERROR(Call("GetCheckpoint", audit::v1::GetCheckpointRequest(), &checkpoint));
    return checkpoint.note();
  }
  absl::StatusOr<audit::Proof> Consistency(uint64_t old_size, uint64_t size) override {
    audit::v1::GetConsistencyProofRequest request;
    request.set_old_size(old_size);
    request.set_tree_size(size);
    audit::v1::ConsistencyProof answer;
    MESO_RETURN_IF_ERROR(Call("GetConsistencyProof", request, &answer));
    audit::Proof proof;
    for (const std::string& hash : answer.hashes()) {
      if (hash.size() != sizeof(audit::Hash)) {
        return absl::DataLossError("the consistency proof holds what is no hash");
      }
      proof.push_back(audit::HashFrom(hash));
    }
    return proof;
  }
  absl::Status AddCosignature(uint64_t size, const std::string& line) override {
    audit::v1::AddCosignatureRequest request;
    request.set_request_id(session_.ids().NewId());
    request.set_tree_size(size);
    request.set_cosignature(line);
    audit::v1::Checkpoint checkpoint;
    return Call("AddCosignature", request, &checkpoint);
  }

 private:
  absl::Status Call(absl::string_view method, const google::protobuf::Message& request,
                    google::protobuf::Message* response) {
    MESO_ASSIGN_OR_RETURN(const std::string token, session_.Token());
    return Caller(session_.client(), token)
        .Call(absl::StrCat("meso.audit.v1.AuditService/", method), request, response);
  }

  Session& session_;
};

absl::StatusOr<std::string> ReadNoteFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("can't read the checkpoint ", path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Every --log_key: a key, or a file that holds one.
absl::StatusOr<std::vector<audit::VerifierKey>> ReadLogKeys(const std::vector<std::string>& given) {
  std::vector<audit::VerifierKey> keys;
  for (const std::string& one : given) {
    std::string text = one;
    if (access(one.c_str(), R_OK) == 0) {
      MESO_ASSIGN_OR_RETURN(text, ReadText(one));
    }
    MESO_ASSIGN_OR_RETURN(audit::VerifierKey key, audit::ParseVerifierKey(text));
    if (!keys.empty() && keys.front().name != key.name) {
      return absl::InvalidArgumentError(
          absl::StrCat("--log_key: ", keys.front().name, " and ", key.name,
                       " are two logs; run one witness for each, with a --state of its own"));
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

// A run of a witness: what its flags say, and its loop.
class Run {
 public:
  Run(const Invocation& invocation, Session& session)
      : invocation_(invocation), session_(session) {}

  absl::StatusOr<ExitCode> operator()() {
    absl::Duration interval;
    if (!absl::ParseDuration(invocation_.Get("interval"), &interval) ||
        interval < absl::Seconds(1)) {
      return absl::InvalidArgumentError("--interval is a duration of at least 1s, as in 15s or 1m");
    }
    MESO_ASSIGN_OR_RETURN(const std::string key_text, ReadSecretFile(invocation_.Get("key")));
    MESO_ASSIGN_OR_RETURN(const auto key, audit::ParseCosigningKey(key_text));
    WitnessOptions options;
    MESO_ASSIGN_OR_RETURN(options.log_keys, ReadLogKeys(invocation_.All("log_key")));
    options.trust_first = invocation_.On("trust_first");
    MESO_ASSIGN_OR_RETURN(const auto state, WitnessState::Open(invocation_.Get("state")));
    ServedLog log(session_);
    Witness witness(std::move(options), *key, *state, log, session_.clock());
    if (const std::string first = invocation_.Get("checkpoint"); !first.empty()) {
      MESO_ASSIGN_OR_RETURN(const std::string note, ReadNoteFile(first));
      MESO_RETURN_IF_ERROR(witness.TrustFirst(note));
    }
    if (const std::string heard = invocation_.Get("note"); !heard.empty()) {
      MESO_ASSIGN_OR_RETURN(const std::string note, ReadNoteFile(heard));
      MESO_ASSIGN_OR_RETURN(const Witness::Outcome outcome, witness.Hear(note));
      if (outcome.kind == Witness::Outcome::Kind::kRefused) return Refused(outcome, *state);
      Tell(outcome);
      if (invocation_.On("once")) return ExitCode::kOk;
    }
    return Loop(witness, *state, interval);
  }

 private:
  absl::StatusOr<ExitCode> Loop(Witness& witness, const WitnessState& state,
                                absl::Duration interval) {
    for (;;) {
      const absl::StatusOr<Witness::Outcome> outcome = witness.Step();
      if (outcome.ok() && outcome->kind == Witness::Outcome::Kind::kRefused) {
        return Refused(*outcome, state);
      }
      if (outcome.ok()) Tell(*outcome);
      if (invocation_.On("once")) {
        if (outcome.ok()) return ExitCode::kOk;
        return outcome.status();
      }
      if (!outcome.ok()) {
        const ExitCode code = ExitCodeOf(outcome.status());
        // What time may heal is told and tried again: the service away, a token to be renewed, a
        // key not yet in the log's list. A witness that can't begin says so and ends.
        const bool hopeless = code == ExitCode::kUsage || code == ExitCode::kVerificationFailed;
        if (hopeless || (!has_begun_ && code != ExitCode::kUnavailable)) return outcome.status();
        session_.err() << RenderError(kWhat, outcome.status()) << "\n" << std::flush;
      }
      absl::Notification never;
      never.WaitForNotificationWithTimeout(interval);
    }
  }

  void Tell(const Witness::Outcome& outcome) {
    has_begun_ = true;
    if (outcome.kind == Witness::Outcome::Kind::kCosigned) {
      session_.out() << "cosigned " << outcome.size << "\n" << std::flush;
    } else if (invocation_.On("once")) {
      session_.out() << "unchanged " << outcome.size << "\n";
    }
  }

  ExitCode Refused(const Witness::Outcome& outcome, const WitnessState& state) {
    session_.err() << "mesoctl: " << kWhat << ": REFUSED\n  " << outcome.why << "\n";
    if (!outcome.evidence.empty()) {
      session_.err() << "  Evidence: " << outcome.evidence << "\n";
    }
    session_.err() << "  Next: keep the evidence, ask whoever answers for the log; nothing is "
                      "cosigned until a person has found out and removed "
                   << state.refusal_path() << ".\n"
                   << std::flush;
    return ExitCode::kVerificationFailed;
  }

  const Invocation& invocation_;
  Session& session_;
  bool has_begun_ = false;
};

ExitCode RunWitness(const Invocation& invocation, Session& session) {
  const absl::StatusOr<ExitCode> code = Run(invocation, session)();
  return code.ok() ? *code : session.Fail(kWhat, code.status());
}

std::vector<Flag> WitnessFlags() {
  return {{.name = "key",
           .value = "FILE",
           .help = "The witness's private key, made by `admin witness-key`",
           .required = true,
           .kind = Files()},
          {.name = "state",
           .value = "DIR",
           .help = "What the witness remembers; a directory of its own per log",
           .required = true,
           .kind = Files()},
          {.name = "log_key",
           .value = "KEY",
           .help = "The log's public key (audit-log.pub), or a file that holds it; both during a "
                   "change of the log's key",
           .env = {"MESO_LOG_KEY"},
           .required = true,
           .repeated = true,
           .kind = Files()},
          {.name = "trust_first", .help = "At the first contact: take the checkpoint as it is"},
          {.name = "checkpoint",
           .value = "FILE",
           .help = "At the first contact: begin with this one, got by hand",
           .kind = Files()},
          {.name = "note",
           .value = "FILE",
           .help = "A checkpoint heard from somebody else, held against what the log offers",
           .kind = Files()},
          {.name = "once", .help = "Look once and end"},
          {.name = "interval",
           .value = "DURATION",
           .help = "How often to look, at least 1s",
           .fallback = "15s"}};
}

}  // namespace

std::vector<Command> WitnessCommands() {
  return {
      {.path = {"audit", "witness", "run"},
       .summary = "Follow the log and cosign what continues everything seen before",
       .details =
           "Cosigns a checkpoint only when the log has proved that it continues the one remembered "
           "in --state, and remembers it on disk before. A log that was cut back, changed or shows "
           "two faces is refused for good: both checkpoints and the proof are kept in "
           "DIR/evidence, the exit code is 6. The token needs the role witness.",
       .flags = WitnessFlags(),
       .examples = {"mesoctl audit witness run --key witness.key --state witness --log_key "
                    "$MESO_KEYS/audit-log.pub --trust_first --once",
                    "mesoctl audit checkpoint --save heard.note && mesoctl audit witness run --key "
                    "witness.key --state witness --log_key $MESO_KEYS/audit-log.pub --trust_first "
                    "--note heard.note --once"},
       .run = RunWitness},
  };
}

}  // namespace meso::mesoctl
