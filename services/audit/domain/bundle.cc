#include "services/audit/domain/bundle.h"

#include <utility>

#include "common/base/check.h"
#include "services/audit/domain/bundle_record.h"

namespace meso::audit {
namespace {

std::string FilePrefix(uint32_t version) {
  std::string prefix(kBundleMagic);
  for (int shift = 24; shift >= 0; shift -= 8) {
    prefix.push_back(static_cast<char>(version >> shift & 0xff));
  }
  return prefix;
}

}  // namespace

void PutPayload(std::vector<PayloadPart> parts, uint32_t schema_version, BundleEntry* entry) {
  if (schema_version < 2 && parts.size() == 1 && parts.front().readable()) {
    entry->salt = std::move(parts.front().salt);
    entry->payload = std::move(parts.front().payload);
  } else {
    entry->parts = std::move(parts);
  }
}

void BundleWriter::Begin(const BundleHeader& header, uint32_t version) {
  hasher_.Begin();
  const std::string prefix = FilePrefix(version);
  hasher_.Add(prefix);
  out_ += prefix;
  AddRecord(kHeaderRecord, EncodeHeader(header));
}

void BundleWriter::AddRecord(char type, absl::string_view body) {
  MESO_CHECK(body.size() <= kBundleRecordSizeMax, "a record fits its limit");
  const std::string prefix = RecordPrefix(type, body.size());
  if (type != kTrailerRecord) {
    hasher_.Add(prefix);
    hasher_.Add(body);
    ++records_;
  }
  out_ += prefix;
  out_.append(body.data(), body.size());
}

void BundleWriter::AddCheckpoint(absl::string_view note) { AddRecord(kCheckpointRecord, note); }

void BundleWriter::AddOpening(const BundleEntry& opening) {
  AddRecord(kOpeningRecord, EncodeEntry(opening));
}

void BundleWriter::AddIndex(const std::vector<BundleRun>& runs) {
  AddRecord(kIndexRecord, EncodeIndex(runs));
}

void BundleWriter::AddKeyProof(const BundleKeyProof& proof) {
  AddRecord(kKeyProofRecord, EncodeKeyProof(proof));
}

void BundleWriter::AddEntry(const BundleEntry& entry) {
  FlushLeftOut();
  AddRecord(kEntryRecord, EncodeEntry(entry));
  ++entries_;
}

void BundleWriter::AddLeftOut(uint64_t index, const Hash& leaf_hash) {
  // A hole in the indexes is a damaged log: the records say so instead of closing it.
  if (index != left_out_first_ + left_out_hashes_.size() / sizeof(Hash)) FlushLeftOut();
  if (left_out_hashes_.empty()) left_out_first_ = index;
  left_out_hashes_.append(HashView(leaf_hash).data(), leaf_hash.size());
  ++left_out_;
  if (left_out_hashes_.size() == kBundleLeftOutMax * sizeof(Hash)) FlushLeftOut();
}

void BundleWriter::FlushLeftOut() {
  if (left_out_hashes_.empty()) return;
  AddRecord(kLeftOutRecord, EncodeLeftOut({left_out_first_, left_out_hashes_}));
  left_out_hashes_.clear();
}

void BundleWriter::End() {
  FlushLeftOut();
  const std::string digest = HashBytes(hasher_.End());
  AddRecord(kTrailerRecord, EncodeTrailer({records_, entries_, left_out_, digest}));
}

std::string BundleWriter::Take() {
  std::string bytes = std::move(out_);
  out_.clear();
  return bytes;
}

}  // namespace meso::audit
