#include "tests/services/audit/domain/entry_samples.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace meso::audit {

PseudonymKey SamplePseudonyms() {
  std::string hex;
  for (int i = 0; i < 32; ++i) hex += absl::StrFormat("%02x", i);
  return *PseudonymKey::Parse(hex + "\n");
}

std::unique_ptr<SigningKey> SampleKey() {
  return *MakeSigningKey("meso.test/audit", std::string(32, 0x2a));
}

PayloadMasterKeys SampleMasters() {
  std::string hex;
  for (int i = 0; i < 32; ++i) hex += "7b";
  return *PayloadMasterKeys::Parse(hex);
}

std::string SampleSalt(uint64_t index) {
  return HashBytes(Hasher().Plain(absl::StrCat("salt ", index)));
}

Draft SampleDraft(uint64_t sequence) {
  Draft draft;
  draft.sequence = sequence;
  draft.time_ns = 1'700'000'000'000'000'000 + static_cast<int64_t>(sequence) * 1'000'000'007;
  draft.site = sequence % 2 == 0 ? "sites/par-1" : "sites/syd-1";
  draft.actor = {"services/scheduling", {"service"}, ""};
  draft.on_behalf_of = Actor{absl::StrCat("users/u", sequence % 4), {"front_desk", "doctor"}, ""};
  draft.client_address = "127.0.0.1:5001";
  draft.request_id = absl::StrFormat("0198f2c4-0000-4000-8000-%012d", sequence);
  draft.correlation_id = absl::StrCat("c-", sequence / 3);
  draft.causation_id = absl::StrCat("cause-", sequence);
  draft.method = "/meso.scheduling.v1.SchedulingService/BookAppointment";
  draft.action = Action::kCreate;
  draft.object = {"Appointment", kAppointment, 3};
  draft.purpose = "TREAT";
  draft.facts = {{"quantity", absl::StrCat(sequence)}};
  if (sequence % 5 == 0) {
    draft.outcome = Outcome::kRefused;
    draft.reason = "SLOT_TAKEN";
  }
  if (sequence % 7 == 0) draft.violation = true;
  draft.keys = {{KeyKind::kLot, kLot}, {KeyKind::kAppointment, kAppointment}};
  if (sequence % 3 != 0) {
    draft.keys.push_back({KeyKind::kPatient, absl::StrCat("patients/p-", sequence % 4)});
  }
  return draft;
}

Draft SharedDraft(uint64_t sequence) {
  Draft draft = SampleDraft(sequence);
  draft.object = {"Patient", "patients/p-0", 2};
  draft.keys.push_back({KeyKind::kPatient, "patients/p-3"});
  draft.keys.push_back({KeyKind::kPatient, "patients/p-1"});
  draft.facts.push_back({"asked_for", "patients/p-1"});
  draft.facts.push_back({"seen_with", "patients/p-2"});
  return draft;
}

SealedEntry SampleEntry(const Draft& draft, uint64_t index, uint32_t schema_version) {
  Hasher hasher;
  SequentialSalts salts(schema_version < 2 ? index : index * 100);
  return Seal(draft, {"scheduling", kEpoch, draft.sequence}, index, SamplePseudonyms(), salts,
              hasher, schema_version);
}

SealedEntry SampleEntry(uint64_t index, uint32_t schema_version) {
  return SampleEntry(SampleDraft(index + 1), index, schema_version);
}

SampleLog::SampleLog(uint64_t size, std::vector<uint64_t> checkpoint_sizes,
                     uint32_t schema_version) {
  Hasher hasher;
  const auto key = SampleKey();
  Tree tree(hasher);
  if (checkpoint_sizes.empty()) checkpoint_sizes = {size};
  const auto sign = [&] {
    if (std::find(checkpoint_sizes.begin(), checkpoint_sizes.end(), tree.size()) !=
        checkpoint_sizes.end()) {
      checkpoints.push_back(SignCheckpoint(tree.size(), tree.Root(), *key));
    }
  };
  sign();
  for (uint64_t i = 0; i < size; ++i) {
    entries.push_back(SampleEntry(i, schema_version));
    std::string row;
    for (const Hash& hash : tree.Append(hasher.Leaf(entries.back().leaf_bytes))) {
      row += HashBytes(hash);
    }
    rows.push_back(row);
    sign();
  }
}

std::string SampleLog::Bundle(bool payloads, const std::function<bool(uint64_t)>& left_out,
                              const std::string& filter, uint32_t version) const {
  BundleWriter writer;
  writer.Begin({"meso.test/audit", entries.size(), 1'700'000'999'000'000'000,
                left_out ? filter : "", payloads},
               version);
  for (const std::string& note : checkpoints) writer.AddCheckpoint(note);
  for (uint64_t i = 0; i < entries.size(); ++i) {
    if (left_out && left_out(i)) {
      writer.AddLeftOut(i, HashFrom(absl::string_view(rows[i]).substr(0, sizeof(Hash))));
    } else {
      const bool with_payload = payloads && !entries[i].parts.empty();
      writer.AddEntry({i, entries[i].leaf_bytes, rows[i],
                       with_payload ? entries[i].parts.front().salt : "",
                       with_payload ? entries[i].parts.front().payload : ""});
    }
  }
  writer.End();
  return writer.Take();
}

}  // namespace meso::audit
