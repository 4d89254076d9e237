#include "tests/services/audit/domain/bundle_samples.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/audit/domain/bundle_record.h"
#include "services/audit/domain/entry_filter.h"
#include "services/audit/domain/merkle_tree.h"

namespace meso::audit {
namespace {

constexpr int64_t kExportTimeNs = 1'700'000'999'000'000'000;

std::string PathBytes(const Proof& path) {
  std::string bytes;
  for (const Hash& hash : path) bytes += HashBytes(hash);
  return bytes;
}

std::optional<BundleIndexLeaf> RecordOf(const std::optional<IndexLeaf>& leaf) {
  if (!leaf) return std::nullopt;
  return BundleIndexLeaf{leaf->place, leaf->leaf, PathBytes(leaf->path)};
}

// The payload as the second schema has it: one part for the patient, one for what is left.
void MakeParts(uint64_t index, Leaf* leaf, BundleEntry* entry, Hasher& hasher) {
  Payload patient;
  patient.patients = {absl::StrCat("patients/p-", index % 4)};
  Payload rest;
  rest.facts = {{"quantity", absl::StrCat(index)}};
  leaf->schema_version = 2;
  std::string commitments;
  int number = 0;
  for (const Payload& payload : {patient, rest}) {
    BundlePart part;
    part.salt = HashBytes(hasher.Plain(absl::StrCat("salt ", index, " ", number)));
    part.payload = EncodePayload(payload);
    part.commitment = HashBytes(hasher.Hmac(part.salt, part.payload));
    if (index % 8 == 0 && number == 0) part.salt = part.payload = "";
    commitments += part.commitment;
    entry->parts.push_back(part);
    ++number;
  }
  leaf->commitment = HashBytes(hasher.Plain(commitments));
  entry->salt = entry->payload = "";
}

}  // namespace

std::unique_ptr<CosigningKey> SampleWitness(int number) {
  return number == 1 ? *MakeCosigningKey("witness.test/par-1", std::string(32, 0x51))
                     : *MakeCosigningKey("witness.test/syd-1", std::string(32, 0x52));
}

std::unique_ptr<SigningKey> SampleOriginKey(size_t number) {
  if (number < 2) return SampleKey();
  return *MakeSigningKey(absl::StrCat("meso.test/audit/", number),
                         std::string(32, static_cast<char>(0x2a + number)));
}

void IndexedLog::Open(uint64_t index, uint64_t kept, uint64_t lost, uint64_t gap) {
  const size_t number = openings.size() + 2;
  LogOpening opening;
  opening.index = index;
  opening.origin = SampleOriginKey(number)->verifier().name;
  opening.previous_origin = SampleOriginKey(number - 1)->verifier().name;
  Checkpoint signed_then{"", lost, Hasher().Plain(absl::StrCat("lost ", lost)), std::nullopt,
                         std::nullopt};
  if (!openings.empty()) {
    opening.previous_opening = openings.back().index;
    signed_then.opening = openings.back().index;
  }
  opening.kept_size = kept;
  opening.lost_note = SignCheckpoint(signed_then, *SampleOriginKey(number - 1));
  opening.lost = *ParseCheckpoint(opening.lost_note);
  Leaf leaf;
  leaf.index = index;
  leaf.time_ns = kExportTimeNs;
  leaf.service = "audit";
  leaf.actor.subject = "services/audit";
  leaf.method = std::string(kOpeningMethod);
  leaf.schema_version = 2;
  leaf.source = {"audit", kEpoch, openings.size() + 1};
  leaf.keys = {{KeyKind::kActor, "services/audit"}};
  for (const auto& [key, value] : OpeningFacts(opening)) leaf.facts.push_back({key, value});
  const Leaf replaced = *DecodeLeaf(entries[index].leaf, index);
  entries[index] = {index, EncodeLeaf(leaf), ""};
  for (uint64_t i = index + 1; i < entries.size(); ++i) {
    Leaf later = *DecodeLeaf(entries[i].leaf, i);
    if (later.source.name == replaced.source.name) --later.source.sequence;
    if (later.source.name == "scheduling") later.source.sequence += gap;
    entries[i].leaf = EncodeLeaf(later);
  }
  openings.push_back(std::move(opening));
}

std::vector<BundleEntry> IndexedLog::OpeningRecords() const {
  std::vector<BundleEntry> records;
  for (const LogOpening& opening : openings) records.push_back(WithPath(opening.index));
  return records;
}

IndexedLog::IndexedLog(uint64_t size, std::vector<uint64_t> checkpoint_sizes,
                       std::vector<uint64_t> run_ends)
    : checkpoint_sizes(std::move(checkpoint_sizes)), run_ends(std::move(run_ends)) {
  Hasher hasher;
  const PseudonymKey pseudonyms = SamplePseudonyms();
  for (uint64_t i = 0; i < size; ++i) {
    const SourcePosition source = {i % 2 == 0 ? "scheduling" : "inventory", kEpoch, i / 2 + 1};
    SequentialSalts salts(i);
    SealedEntry sealed = Seal(SampleDraft(i + 1), source, i, pseudonyms, salts, hasher, 1);
    BundleEntry entry;
    entry.index = i;
    if (!sealed.parts.empty()) {
      entry.salt = sealed.parts.front().salt;
      entry.payload = sealed.parts.front().payload;
    }
    if (i % 4 == 0 && !entry.payload.empty()) MakeParts(i, &sealed.leaf, &entry, hasher);
    entry.leaf = EncodeLeaf(sealed.leaf);
    entries.push_back(std::move(entry));
  }
  Resign();
}

void IndexedLog::Resign() {
  Hasher hasher;
  const uint64_t size = entries.size();
  std::vector<uint64_t> ends = run_ends;
  if (ends.empty() || ends.back() != size) ends.push_back(size);
  if (size == 0) ends.clear();
  runs.clear();
  run_keys.clear();
  uint64_t begin = 0;
  for (const uint64_t end : ends) {
    RunBuilder builder(begin);
    for (uint64_t i = begin; i < end; ++i) builder.Add(i, DecodeLeaf(entries[i].leaf, i)->keys);
    run_keys.push_back(builder.Finish(hasher));
    runs.push_back(SealRun(begin, end, run_keys.back(), hasher));
    begin = end;
  }
  checkpoints.clear();
  Tree tree(hasher);
  const auto sign = [&](const std::optional<Hash>& index_root) {
    Checkpoint checkpoint{"", tree.size(), tree.Root(), index_root, std::nullopt};
    size_t origin = 1;
    for (const LogOpening& opening : openings) {
      if (opening.index >= tree.size()) continue;
      checkpoint.opening = opening.index;
      ++origin;
    }
    checkpoints.push_back(SignCheckpoint(checkpoint, *SampleOriginKey(origin)));
  };
  for (uint64_t i = 0; i <= size; ++i) {
    if (i == size) {
      sign(IndexRoot(runs, hasher));
    } else if (std::find(checkpoint_sizes.begin(), checkpoint_sizes.end(), i) !=
               checkpoint_sizes.end()) {
      sign(std::nullopt);
    }
    if (i == size) break;
    entries[i].hashes.clear();
    for (const Hash& hash : tree.Append(hasher.Leaf(entries[i].leaf))) {
      entries[i].hashes += HashBytes(hash);
    }
  }
  const auto cosign = [this](size_t which, int witness) {
    const absl::Time time = absl::FromUnixSeconds(1'700'000'900 + witness);
    checkpoints[which] = AddSignatureLine(
        checkpoints[which], *Cosign(checkpoints[which], *SampleWitness(witness), time));
  };
  cosign(checkpoints.size() - 1, 1);
  cosign(checkpoints.size() - 1, 2);
  if (checkpoints.size() > 1) cosign(checkpoints.size() - 2, 1);
}

BundleHeader IndexedLog::Header(bool payloads) const {
  BundleHeader header;
  header.origin = openings.empty() ? "meso.test/audit" : openings.back().origin;
  header.tree_size = entries.size();
  header.time_ns = kExportTimeNs;
  header.payloads = payloads;
  return header;
}

BundleEntry IndexedLog::WithPath(uint64_t index) const {
  Hasher hasher;
  const NodeReader read = [this](int level, uint64_t node) -> absl::StatusOr<Hash> {
    return HashFrom(absl::string_view(entries[RowOfNode(level, node)].hashes)
                        .substr(static_cast<size_t>(level) * sizeof(Hash), sizeof(Hash)));
  };
  BundleEntry entry = entries[index];
  entry.hashes.clear();
  entry.path = PathBytes(*InclusionProof(index, entries.size(), hasher, read));
  return entry;
}

std::string IndexedLog::LogBundle(bool payloads, const std::string& filter) const {
  const EntryFilter matches = filter.empty() ? EntryFilter() : *EntryFilter::FromText(filter);
  BundleWriter writer;
  BundleHeader header = Header(payloads);
  header.filter = filter;
  writer.Begin(header);
  for (const std::string& note : checkpoints) writer.AddCheckpoint(note);
  for (const BundleEntry& opening : OpeningRecords()) writer.AddOpening(opening);
  writer.AddIndex(runs);
  for (BundleEntry entry : entries) {
    if (!matches.Matches(*DecodeLeaf(entry.leaf, entry.index))) {
      writer.AddLeftOut(entry.index,
                        HashFrom(absl::string_view(entry.hashes).substr(0, sizeof(Hash))));
      continue;
    }
    if (!payloads) {
      entry.salt = entry.payload = "";
      entry.parts.clear();
    }
    writer.AddEntry(entry);
  }
  writer.End();
  return writer.Take();
}

std::string IndexedLog::KeyBundle(const Key& key, bool payloads) const {
  Hasher hasher;
  const Hash key_hash = IndexKeyHash(key, hasher);
  BundleWriter writer;
  BundleHeader header = Header(payloads);
  header.key = key;
  writer.Begin(header);
  writer.AddCheckpoint(checkpoints.back());
  for (const BundleEntry& opening : OpeningRecords()) writer.AddOpening(opening);
  writer.AddIndex(runs);
  for (uint64_t run = 0; run < runs.size(); ++run) {
    if (run_keys[run].empty()) continue;
    const KeyProof proof = ProveKey(key_hash, run, run_keys[run], hasher);
    writer.AddKeyProof(
        {run, RecordOf(proof.found), proof.postings, RecordOf(proof.left), RecordOf(proof.right)});
  }
  for (uint64_t i = 0; i < entries.size(); ++i) {
    if (!DecodeLeaf(entries[i].leaf, i)->HasKey(key.kind, key.value)) continue;
    BundleEntry entry = WithPath(i);
    if (!payloads) {
      entry.salt = entry.payload = "";
      entry.parts.clear();
    }
    writer.AddEntry(entry);
  }
  writer.End();
  return writer.Take();
}

std::vector<RecordAt> RecordsOf(const std::string& bundle) {
  std::vector<RecordAt> records;
  for (size_t at = 12; at < bundle.size();) {
    size_t size = 0;
    for (size_t i = at + 1; i < at + 5; ++i) size = size << 8 | static_cast<uint8_t>(bundle[i]);
    records.push_back({at, at + 5 + size, bundle[at], bundle.substr(at + 5, size)});
    at += 5 + size;
  }
  return records;
}

std::string BundleOf(const std::vector<RecordAt>& records, uint32_t version) {
  std::string bundle(kBundleMagic);
  bundle += std::string({'\0', '\0', '\0', static_cast<char>(version)});
  BundleTrailer trailer;
  for (const RecordAt& record : records) {
    if (record.type == kTrailerRecord) continue;
    bundle += RecordPrefix(record.type, record.body.size()) + record.body;
    ++trailer.records;
    if (record.type == kEntryRecord) ++trailer.entries;
    if (record.type != kLeftOutRecord) continue;
    if (const auto left_out = DecodeLeftOut(record.body)) {
      trailer.left_out += left_out->leaf_hashes.size() / sizeof(Hash);
    }
  }
  trailer.digest = HashBytes(Hasher().Plain(bundle));
  const std::string body = EncodeTrailer(trailer);
  return bundle + RecordPrefix(kTrailerRecord, body.size()) + body;
}

std::string ChangeRecord(const std::string& bundle, char type, size_t which,
                         const std::function<void(std::string&)>& change) {
  std::vector<RecordAt> records = RecordsOf(bundle);
  for (RecordAt& record : records) {
    if (record.type == type && which-- == 0) change(record.body);
  }
  return BundleOf(records, static_cast<uint8_t>(bundle[11]));
}

}  // namespace meso::audit
