#include "services/audit/prove_operations.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/control_errors.h"
#include "services/audit/domain/errors.h"
#include "services/audit/export_operations.h"
#include "services/audit/origin_operations.h"
#include "services/audit/reading_access.h"

namespace meso::audit {
namespace {

constexpr size_t kActorSizeMax = 255;

bool IsActor(absl::string_view name) {
  if (name.size() > kActorSizeMax) return false;
  for (const absl::string_view prefix : {"users/", "services/"}) {
    if (!absl::StartsWith(name, prefix) || name.size() == prefix.size()) continue;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '\x7f'; });
  }
  return false;
}

std::string Joined(const Proof& path) {
  std::string bytes;
  bytes.reserve(path.size() * sizeof(Hash));
  for (const Hash& hash : path) bytes.append(HashView(hash).data(), hash.size());
  return bytes;
}

std::optional<BundleIndexLeaf> ToBundle(const std::optional<IndexLeaf>& leaf) {
  if (!leaf) return std::nullopt;
  return BundleIndexLeaf{leaf->place, leaf->leaf, Joined(leaf->path)};
}

BundleKeyProof ToBundle(const KeyProof& proof) {
  return {proof.run, ToBundle(proof.found), proof.postings, ToBundle(proof.left),
          ToBundle(proof.right)};
}

absl::Status EntryBroken(uint64_t index, absl::string_view why) {
  return TreeInconsistent(absl::StrCat("entries/", index, " ", why));
}

}  // namespace

std::optional<KeyKind> KeyKindOf(absl::string_view name) {
  if (IsNameOf("patients/{code}", name)) return KeyKind::kPatient;
  if (IsNameOf("lots/{uuid}", name)) return KeyKind::kLot;
  if (IsNameOf("sites/{code}/appointments/{uuid}", name)) return KeyKind::kAppointment;
  if (IsNameOf("sites/{code}", name)) return KeyKind::kSite;
  if (IsActor(name)) return KeyKind::kActor;
  return std::nullopt;
}

absl::StatusOr<std::unique_ptr<KeyExport>> ProveOperations::BeginProof(
    Transaction& tx, const CallContext& call, const ProveRequest& request) const {
  Hasher hasher;
  auto run = std::make_unique<KeyExport>();
  run->payloads = request.payloads;
  run->key = {KeyKindOf(request.name).value(), request.name};
  if (run->key.kind == KeyKind::kPatient) {
    // Also a search that finds nothing was a look at somebody.
    call.Touch("patient", request.name);
    run->key.value = audit_.pseudonyms().PseudonymOf(request.name, hasher);
  }
  ReadingWish wish;
  wish.payloads = request.payloads;
  if (run->key.kind == KeyKind::kPatient) wish.named_patients = {run->key.value};
  MESO_ASSIGN_OR_RETURN(run->scope, audit_.AuthorizeReading(tx, call, wish));
  run->reader = call.user().subject;
  if (!run->scope.CoversKey(run->key.kind, run->key.value, request.payloads)) {
    return GrantRequired(run->reader, "no grant opens everything about what was asked for");
  }
  call.audit.object_type = "Bundle";
  call.audit.facts["payloads"] = request.payloads ? "yes" : "no";
  if (run->key.kind != KeyKind::kPatient) call.audit.facts["about"] = request.name;
  MESO_ASSIGN_OR_RETURN(const StoredCheckpoint end, ChooseCheckpoint(tx, request.cosignatures));
  MESO_ASSIGN_OR_RETURN(run->checkpoint, ParseCheckpoint(end.note));
  MESO_ASSIGN_OR_RETURN(const std::optional<SignedRuns> index, LoadSignedRuns(tx, end.tree_size));
  if (!run->checkpoint.index_root) return IndexNotYet();
  if (!index || end.tree_size != run->checkpoint.size ||
      !RunsCover(index->runs, run->checkpoint.size) ||
      IndexRoot(index->runs, hasher) != *run->checkpoint.index_root) {
    return TreeInconsistent("the runs of its key index are not those that were signed");
  }
  MESO_ASSIGN_OR_RETURN(OpenedKey opened,
                        OpenKey(tx, IndexKeyHash(run->key, hasher), index->runs, hasher));
  run->entries = std::move(opened.entries);
  call.audit.facts["tree_size"] = std::to_string(run->checkpoint.size);

  run->writer.Begin({run->checkpoint.origin, run->checkpoint.size, absl::ToUnixNanos(clock_.Now()),
                     "", run->payloads, run->key});
  run->writer.AddCheckpoint(end.note);
  MESO_ASSIGN_OR_RETURN(const std::vector<BundleEntry> openings,
                        OpeningRecords(tx, run->checkpoint.size));
  for (const BundleEntry& opening : openings) run->writer.AddOpening(opening);
  run->writer.AddIndex(index->runs);
  for (const KeyProof& proof : opened.proofs) run->writer.AddKeyProof(ToBundle(proof));
  return run;
}

absl::StatusOr<KeyExportStep> ProveOperations::ReadProofStep(Transaction& tx,
                                                             const KeyExport& run) const {
  MESO_RETURN_IF_ERROR(CheckStillOpen(tx, run.reader, run.scope, clock_.Now()));
  Hasher hasher;
  PayloadReader payloads(tx, audit_.vault());
  KeyExportStep step;
  const auto begin = run.entries.begin() + static_cast<ptrdiff_t>(run.written);
  const std::vector<uint64_t> indexes(
      begin,
      begin + static_cast<ptrdiff_t>(std::min(run.entries.size() - run.written, kProofStep)));
  MESO_ASSIGN_OR_RETURN(std::vector<StoredEntry> entries, LoadEntries(tx, indexes));
  std::vector<NodePlace> nodes;
  for (const uint64_t index : indexes) {
    const std::vector<NodePlace> path = InclusionNodes(index, run.checkpoint.size);
    nodes.insert(nodes.end(), path.begin(), path.end());
  }
  MESO_ASSIGN_OR_RETURN(const NodeReader read, TreeReader(tx, nodes));
  auto entry = entries.begin();
  for (const uint64_t index : indexes) {
    if (entry == entries.end() || entry->index != index) return EntryBroken(index, "is missing");
    MESO_ASSIGN_OR_RETURN(Proof path, InclusionProof(index, run.checkpoint.size, hasher, read));
    if (!VerifyInclusion(hasher.Leaf(entry->leaf), index, run.checkpoint.size, path,
                         run.checkpoint.root, hasher)) {
      return EntryBroken(index, "is not what was hashed into the log");
    }
    const absl::StatusOr<Leaf> leaf = DecodeLeaf(entry->leaf, index);
    if (!leaf.ok() || !leaf->HasKey(run.key.kind, run.key.value)) {
      return EntryBroken(index, "is not under the key its index has it under");
    }
    KeyExportStep::Item item = {std::move(*entry++), std::move(path), leaf->schema_version};
    if (run.payloads) {
      MESO_ASSIGN_OR_RETURN(item.parts, payloads.Read(index));
      if (!PartsHold(leaf->schema_version, leaf->commitment, item.parts, hasher)) {
        return LeafMismatch(index, "has not the payload the log committed to");
      }
      Withhold(run.scope.PayloadOf(*leaf), leaf->schema_version, &item.parts);
    }
    step.items.push_back(std::move(item));
  }
  return step;
}

absl::Status ProveOperations::WriteProofStep(const CallContext& call, KeyExportStep step,
                                             const std::function<absl::Status()>& record_part,
                                             KeyExport* run) {
  for (KeyExportStep::Item& item : step.items) {
    StoredEntry& entry = item.entry;
    BundleEntry out{entry.index, std::move(entry.leaf), ""};
    out.path = Joined(item.path);
    MESO_ASSIGN_OR_RETURN(const Payload payload, MergeParts(item.parts, entry.index));
    MESO_RETURN_IF_ERROR(TouchPatients(call, payload.patients, record_part));
    PutPayload(std::move(item.parts), item.schema_version, &out);
    run->writer.AddEntry(out);
    ++run->written;
  }
  if (run->written < run->entries.size()) return absl::OkStatus();
  run->writer.End();
  run->done = true;
  return absl::OkStatus();
}

}  // namespace meso::audit
