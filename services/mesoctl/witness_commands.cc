#include "services/mesoctl/witness_commands.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/local_file.h"
#include "common/base/status_macros.h"
#include "meso/audit/v1/audit_service.pb.h"
#include "services/mesoctl/global_flags.h"
#include "services/mesoctl/note_files.h"
#include "services/mesoctl/session.h"
#include "services/mesoctl/witness.h"

namespace meso::mesoctl {
namespace {

constexpr char kWhat[] = "audit witness run";
constexpr absl::Duration kIntervalMin = absl::Seconds(1);
constexpr absl::Duration kIntervalMax = absl::Hours(1);

// The log behind the audit service. The token is read anew for every call: it is renewed by file.
class ServedLog final : public WitnessedLog {
 public:
  explicit ServedLog(Session& session) : session_(session) {}

  absl::StatusOr<std::string> NewestNote() override {
    audit::v1::Checkpoint checkpoint;
    MESO_RETURN_IF_ERROR(Call("GetCheckpoint", audit::v1::GetCheckpointRequest(), &checkpoint));
    return checkpoint.note();
  }
  absl::StatusOr<std::vector<std::string>> NewestNotes() override {
    audit::v1::ListCheckpointsRequest request;
    request.set_page_size(static_cast<int32_t>(kNotesMax));
    audit::v1::ListCheckpointsResponse answer;
    MESO_RETURN_IF_ERROR(Call("ListCheckpoints", request, &answer));
    std::vector<std::string> notes;
    for (const audit::v1::Checkpoint& checkpoint : answer.checkpoints()) {
      notes.push_back(checkpoint.note());
    }
    return notes;
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

absl::StatusOr<std::vector<audit::VerifierKey>> ReadLogKeys(const std::vector<std::string>& given) {
  MESO_ASSIGN_OR_RETURN(std::vector<audit::VerifierKey> keys,
                        ReadKeys("--log_key", given, audit::SignerKind::kLog));
  for (const audit::VerifierKey& key : keys) {
    if (keys.front().name == key.name) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--log_key: ", keys.front().name, " and ", key.name,
                     " are two logs; run one witness for each, with a --state of its own"));
  }
  return keys;
}

absl::StatusOr<std::unique_ptr<audit::CosigningKey>> ReadWitnessKey(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadText(path);
  if (!text.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--key: ", text.status().message()));
  }
  absl::StatusOr<std::unique_ptr<audit::CosigningKey>> key = audit::ParseCosigningKey(*text);
  if (key.ok()) return key;
  return absl::InvalidArgumentError(absl::StrCat("--key: in ", path, ": ", key.status().message()));
}

// A run of a witness: what its flags say, and its loop.
class Run {
 public:
  Run(const Invocation& invocation, Session& session)
      : invocation_(invocation), session_(session) {}

  absl::StatusOr<ExitCode> operator()() {
    absl::Duration interval;
    if (!absl::ParseDuration(invocation_.Get("interval"), &interval) || interval < kIntervalMin ||
        interval > kIntervalMax) {
      return absl::InvalidArgumentError("--interval is a duration from 1s to 1h, as in 15s or 1m");
    }
    MESO_ASSIGN_OR_RETURN(const auto key, ReadWitnessKey(invocation_.Get("key")));
    WitnessOptions options;
    MESO_ASSIGN_OR_RETURN(options.log_keys, ReadLogKeys(invocation_.All("log_key")));
    options.trust_first = invocation_.On("trust_first");
    MESO_ASSIGN_OR_RETURN(const auto state, WitnessState::Open(invocation_.Get("state")));
    ServedLog log(session_);
    Witness witness(std::move(options), *key, *state, log, session_.clock());
    if (const std::string first = invocation_.Get("checkpoint"); !first.empty()) {
      MESO_ASSIGN_OR_RETURN(const std::string note, ReadNote("--checkpoint", first));
      const absl::StatusOr<Witness::Outcome> outcome = witness.TrustFirst(note);
      if (absl::IsDataLoss(outcome.status())) {
        return absl::DataLossError(
            absl::StrCat("--checkpoint ", first, ": ", outcome.status().message()));
      }
      MESO_RETURN_IF_ERROR(outcome.status());
      if (outcome->kind == Witness::Outcome::Kind::kRefused) return Refused(*outcome, *state);
    }
    if (const std::string heard = invocation_.Get("note"); !heard.empty()) {
      MESO_ASSIGN_OR_RETURN(const std::string note, ReadNote("--note", heard));
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
    if (outcome.caught_up > 0) {
      session_.out() << "cosigned " << outcome.caught_up << ", as others have\n" << std::flush;
    }
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
    if (!outcome.not_kept.empty()) {
      session_.err() << "  Evidence not kept: " << outcome.not_kept
                     << ". Keep this; it is what the log has signed:\n\n"
                     << outcome.presented << "\n";
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
           .help = "The log's public key (audit-log.pub), or a file of such keys; both during a "
                   "change of the log's key",
           .env = {"MESO_LOG_KEY"},
           .required = true,
           .repeated = true,
           .kind = Files()},
          {.name = "trust_first", .help = "At the first contact: take the checkpoint as it is"},
          {.name = "checkpoint",
           .value = "FILE",
           .help = "At the first contact: begin with this one, got by hand; may stay when the "
                   "witness is started again",
           .kind = Files()},
          {.name = "note",
           .value = "FILE",
           .help = "A checkpoint heard from somebody else, held against what the log offers",
           .kind = Files()},
          {.name = "once", .help = "Look once and end"},
          {.name = "interval",
           .value = "DURATION",
           .help = "How often to look, from 1s to 1h",
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
