// The exporting half of audit_operations.h, and what export_operations.h declares.
#include "services/audit/export_operations.h"

#include <functional>
#include <map>
#include <set>
#include <utility>

#include "common/base/status_macros.h"
#include "services/audit/audit_operations.h"
#include "services/audit/domain/errors.h"
#include "services/audit/key_index_operations.h"
#include "services/audit/origin_operations.h"

namespace meso::audit {
namespace {

// Keys an access entry is filled with before the next one begins; what the call itself adds (site,
// request) still fits below the limit of an entry.
constexpr size_t kPartKeys = kDraftKeysMax - 100;

// The entry with whatever is stored, in or out of the bundle as the filter says. One that can't be
// read is put in: it is evidence, for readers of everything. Others can't be shown what may not be
// theirs, and their export ends.
absl::Status ExportOne(ExportStep::Item item, const CallContext& call,
                       const std::function<absl::Status()>& record_part, Export* run) {
  ExportRow& row = item.row;
  const absl::StatusOr<Leaf> leaf = DecodeLeaf(row.entry.leaf, row.entry.index);
  const bool matches = item.candidate && (!leaf.ok() || run->filter.Matches(*leaf));
  const bool fhir = run->format == ExportFormat::kFhirR4;
  const bool readable = leaf.ok() && (matches || row.hashes.size() >= sizeof(Hash));
  if (!readable && item.candidate && run->scope.limited()) {
    return LeafMismatch(row.entry.index, "can't be read");
  }
  if (leaf.ok()) Withhold(run->scope.PayloadOf(*leaf), leaf->schema_version, &item.parts);
  if (!matches && fhir) return absl::OkStatus();
  if (!matches && row.hashes.size() >= sizeof(Hash)) {
    run->writer.AddLeftOut(row.entry.index,
                           HashFrom(absl::string_view(row.hashes).substr(0, sizeof(Hash))));
    return absl::OkStatus();
  }
  ++run->entries;
  if (!item.parts.empty()) {
    ++run->entries_with_patients;
    const absl::StatusOr<Payload> payload = MergeParts(item.parts, row.entry.index);
    if (payload.ok()) {
      MESO_RETURN_IF_ERROR(TouchPatients(call, payload->patients, record_part));
    }
  }
  if (fhir) return AppendFhirLine(item, run);
  BundleEntry entry{row.entry.index, std::move(row.entry.leaf), std::move(row.hashes)};
  PutPayload(std::move(item.parts), leaf.ok() ? leaf->schema_version : 0, &entry);
  run->writer.AddEntry(entry);
  return absl::OkStatus();
}

// The part of [begin, end) that can match, where an index knows it.
absl::StatusOr<std::set<uint64_t>> Candidates(Transaction& tx, int64_t key, uint64_t begin,
                                              uint64_t end) {
  std::set<uint64_t> candidates;
  for (uint64_t segment = begin / kKeySegmentSize; segment <= (end - 1) / kKeySegmentSize;
       ++segment) {
    MESO_ASSIGN_OR_RETURN(const std::vector<uint64_t> indexes,
                          ListKeySegment(tx, segment, key, end));
    for (const uint64_t index : indexes) {
      if (index >= begin) candidates.insert(index);
    }
  }
  return candidates;
}

// The runs of the key index that the last checkpoint signs; as they are stored, for the verifier
// shall see what is wrong with them.
absl::Status AddSignedIndex(Transaction& tx, const Checkpoint& last, BundleWriter* writer) {
  if (!last.index_root) return absl::OkStatus();
  MESO_ASSIGN_OR_RETURN(const std::optional<SignedRuns> index, LoadSignedRuns(tx, last.size));
  writer->AddIndex(index ? index->runs : std::vector<IndexRun>());
  return absl::OkStatus();
}

}  // namespace

absl::Status TouchPatients(const CallContext& call, const std::vector<std::string>& patients,
                           const std::function<absl::Status()>& record_part) {
  for (const std::string& patient : patients) {
    if (call.audit.keys.size() >= kPartKeys) {
      MESO_RETURN_IF_ERROR(record_part());
      call.audit.keys.clear();
    }
    call.Touch("patient", patient);
  }
  return absl::OkStatus();
}

absl::StatusOr<Checkpoint> WriteBundleHead(Transaction& tx, BundleHeader header, int cosignatures,
                                           BundleWriter* writer) {
  MESO_ASSIGN_OR_RETURN(const StoredCheckpoint stored, ChooseCheckpoint(tx, cosignatures));
  MESO_ASSIGN_OR_RETURN(const std::vector<StoredCheckpoint> checkpoints, ListCheckpoints(tx));
  MESO_ASSIGN_OR_RETURN(Checkpoint last, ParseCheckpoint(stored.note));
  header.origin = last.origin;
  header.tree_size = stored.tree_size;
  writer->Begin(header);
  for (const StoredCheckpoint& checkpoint : checkpoints) {
    if (checkpoint.tree_size <= stored.tree_size) writer->AddCheckpoint(checkpoint.note);
  }
  MESO_ASSIGN_OR_RETURN(const std::vector<BundleEntry> openings,
                        OpeningRecords(tx, header.tree_size));
  for (const BundleEntry& opening : openings) writer->AddOpening(opening);
  MESO_RETURN_IF_ERROR(AddSignedIndex(tx, last, writer));
  last.size = header.tree_size;
  return last;
}

absl::StatusOr<std::unique_ptr<Export>> AuditOperations::BeginExport(
    Transaction& tx, const CallContext& call, const ExportRequest& request) const {
  Hasher hasher;
  auto run = std::make_unique<Export>();
  run->reader = call.user().subject;
  MESO_ASSIGN_OR_RETURN(
      run->filter, CompileFor(tx, call, request.filter, request.payloads, hasher, &run->scope));
  run->index_key = run->filter.IndexKey(hasher);
  run->payloads = request.payloads;
  BundleHeader header;
  header.time_ns = absl::ToUnixNanos(clock_.Now());
  header.filter = run->filter.Text();
  header.payloads = run->payloads;
  MESO_ASSIGN_OR_RETURN(const Checkpoint last,
                        WriteBundleHead(tx, std::move(header), request.cosignatures, &run->writer));
  run->tree_size = last.size;
  run->format = request.format;
  run->origin = last.origin;
  run->pseudonyms = &pseudonyms_;
  call.audit.object_type = "Bundle";
  if (request.format == ExportFormat::kFhirR4) call.audit.facts["format"] = "FHIR R4";
  call.audit.facts["payloads"] = request.payloads ? "yes" : "no";
  call.audit.facts["tree_size"] = std::to_string(run->tree_size);
  return run;
}

absl::StatusOr<ExportStep> AuditOperations::ReadExportStep(Transaction& tx,
                                                           const Export& run) const {
  MESO_RETURN_IF_ERROR(CheckStillOpen(tx, run.reader, run.scope, clock_.Now()));
  ExportStep step;
  const uint64_t begin = run.next_index;
  step.end = std::min(begin + kExportStep, run.tree_size);
  if (begin == step.end) return step;
  std::set<uint64_t> candidates;
  std::vector<ExportRow> rows;
  if (run.index_key) {
    MESO_ASSIGN_OR_RETURN(candidates, Candidates(tx, *run.index_key, begin, step.end));
    MESO_ASSIGN_OR_RETURN(rows, ListTreeRows(tx, begin, step.end));
  } else {
    MESO_ASSIGN_OR_RETURN(rows, ListExportRows(tx, begin, step.end));
  }
  PayloadReader payloads(tx, vault_, PayloadReader::Damage::kShow);
  std::map<uint64_t, std::vector<PayloadPart>> parts;
  if (run.payloads && !run.index_key) {
    MESO_ASSIGN_OR_RETURN(parts, payloads.ReadRange(begin, step.end));
  }
  for (ExportRow& row : rows) {
    const bool candidate = !run.index_key || candidates.count(row.entry.index) > 0;
    if (run.index_key && candidate) {
      MESO_ASSIGN_OR_RETURN(std::optional<StoredEntry> entry, LoadEntry(tx, row.entry.index));
      if (entry) row.entry = *std::move(entry);
      if (run.payloads) {
        MESO_ASSIGN_OR_RETURN(parts[row.entry.index], payloads.Read(row.entry.index));
      }
    }
    ExportStep::Item item = {std::move(row), candidate};
    if (const auto it = parts.find(item.row.entry.index); it != parts.end()) {
      item.parts = std::move(it->second);
    }
    step.items.push_back(std::move(item));
  }
  return step;
}

absl::Status AuditOperations::WriteExportStep(const CallContext& call, ExportStep step,
                                              const std::function<absl::Status()>& record_part,
                                              Export* run) {
  for (ExportStep::Item& item : step.items) {
    MESO_RETURN_IF_ERROR(ExportOne(std::move(item), call, record_part, run));
  }
  run->next_index = step.end;
  if (step.end < run->tree_size) return absl::OkStatus();
  run->writer.End();
  run->done = true;
  return absl::OkStatus();
}

}  // namespace meso::audit
