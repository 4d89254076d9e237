#include "services/audit/domain/bundle_record.h"

#include "services/audit/domain/wire.h"

namespace meso::audit {
namespace {

std::string EncodeKey(const Key& key) {
  WireWriter out;
  out.Number(1, static_cast<uint64_t>(key.kind));
  out.Bytes(2, key.value);
  return out.Take();
}

Key DecodeKey(absl::string_view bytes) {
  Key key;
  uint64_t kind = 0;
  WireReader in(bytes);
  while (in.Next()) {
    if (in.field() == 1) kind = in.Number();
    if (in.field() == 2) key.value = std::string(in.Bytes());
  }
  key.kind = static_cast<KeyKind>(kind <= static_cast<uint64_t>(KeyKind::kRequest) ? kind : 0);
  return key;
}

std::string EncodePart(const BundlePart& part) {
  WireWriter out;
  out.Reserve(part.commitment.size() + part.salt.size() + part.payload.size() + 16);
  out.Bytes(1, part.commitment);
  out.Bytes(2, part.salt);
  out.Bytes(3, part.payload);
  return out.Take();
}

BundlePart DecodePart(absl::string_view bytes) {
  BundlePart part;
  WireReader in(bytes);
  while (in.Next()) {
    if (in.field() == 1) part.commitment = std::string(in.Bytes());
    if (in.field() == 2) part.salt = std::string(in.Bytes());
    if (in.field() == 3) part.payload = std::string(in.Bytes());
  }
  return part;
}

std::string EncodeRun(const BundleRun& run) {
  WireWriter out;
  out.Number(1, run.begin);
  out.Number(2, run.end);
  out.Number(3, run.keys);
  out.Bytes(4, HashView(run.root));
  return out.Take();
}

// A root of another length becomes one that does not encode to the same bytes.
BundleRun DecodeRun(absl::string_view bytes) {
  BundleRun run;
  WireReader in(bytes);
  while (in.Next()) {
    if (in.field() == 1) run.begin = in.Number();
    if (in.field() == 2) run.end = in.Number();
    if (in.field() == 3) run.keys = in.Number();
    if (in.field() == 4) {
      const absl::string_view root = in.Bytes();
      if (root.size() == sizeof(Hash)) run.root = HashFrom(root);
    }
  }
  return run;
}

std::string EncodeIndexLeaf(const BundleIndexLeaf& leaf) {
  WireWriter out;
  out.Number(1, leaf.place);
  out.Bytes(2, leaf.leaf);
  out.Bytes(3, leaf.path);
  return out.Take();
}

BundleIndexLeaf DecodeIndexLeaf(absl::string_view bytes) {
  BundleIndexLeaf leaf;
  WireReader in(bytes);
  while (in.Next()) {
    if (in.field() == 1) leaf.place = in.Number();
    if (in.field() == 2) leaf.leaf = std::string(in.Bytes());
    if (in.field() == 3) leaf.path = std::string(in.Bytes());
  }
  return leaf;
}

}  // namespace

std::string EncodeHeader(const BundleHeader& header) {
  WireWriter out;
  out.Bytes(1, header.origin);
  out.Number(2, header.tree_size);
  out.Number(3, static_cast<uint64_t>(header.time_ns));
  out.Bytes(4, header.filter);
  out.Number(5, header.payloads ? 1 : 0);
  if (header.key) out.Element(6, EncodeKey(*header.key));
  return out.Take();
}

std::string EncodeEntry(const BundleEntry& entry) {
  WireWriter out;
  out.Reserve(entry.leaf.size() + entry.hashes.size() + entry.salt.size() + entry.payload.size() +
              64);
  out.Number(1, entry.index);
  out.Bytes(2, entry.leaf);
  out.Bytes(3, entry.hashes);
  out.Bytes(4, entry.salt);
  out.Bytes(5, entry.payload);
  for (const BundlePart& part : entry.parts) out.Element(6, EncodePart(part));
  out.Bytes(7, entry.path);
  return out.Take();
}

std::string EncodeLeftOut(const BundleLeftOut& left_out) {
  WireWriter out;
  out.Number(1, left_out.first_index);
  out.Bytes(2, left_out.leaf_hashes);
  return out.Take();
}

std::string EncodeTrailer(const BundleTrailer& trailer) {
  WireWriter out;
  out.Number(1, trailer.records);
  out.Number(2, trailer.entries);
  out.Number(3, trailer.left_out);
  out.Bytes(4, trailer.digest);
  return out.Take();
}

std::string EncodeIndex(const std::vector<BundleRun>& runs) {
  WireWriter out;
  for (const BundleRun& run : runs) out.Element(1, EncodeRun(run));
  return out.Take();
}

std::string EncodeKeyProof(const BundleKeyProof& proof) {
  WireWriter out;
  out.Number(1, proof.run);
  if (proof.found) out.Element(2, EncodeIndexLeaf(*proof.found));
  out.Bytes(3, proof.postings);
  if (proof.left) out.Element(4, EncodeIndexLeaf(*proof.left));
  if (proof.right) out.Element(5, EncodeIndexLeaf(*proof.right));
  return out.Take();
}

std::optional<BundleHeader> DecodeHeader(absl::string_view body) {
  BundleHeader header;
  WireReader in(body);
  while (in.Next()) {
    if (in.field() == 1) header.origin = std::string(in.Bytes());
    if (in.field() == 2) header.tree_size = in.Number();
    if (in.field() == 3) header.time_ns = static_cast<int64_t>(in.Number());
    if (in.field() == 4) header.filter = std::string(in.Bytes());
    if (in.field() == 5) header.payloads = in.Number() != 0;
    if (in.field() == 6) header.key = DecodeKey(in.Bytes());
  }
  if (!in.ok() || absl::string_view(EncodeHeader(header)) != body) return std::nullopt;
  return header;
}

std::optional<BundleEntry> DecodeEntry(absl::string_view body) {
  BundleEntry entry;
  WireReader in(body);
  while (in.Next()) {
    if (in.field() == 1) entry.index = in.Number();
    if (in.field() == 2) entry.leaf = std::string(in.Bytes());
    if (in.field() == 3) entry.hashes = std::string(in.Bytes());
    if (in.field() == 4) entry.salt = std::string(in.Bytes());
    if (in.field() == 5) entry.payload = std::string(in.Bytes());
    if (in.field() == 6) entry.parts.push_back(DecodePart(in.Bytes()));
    if (in.field() == 7) entry.path = std::string(in.Bytes());
  }
  if (!in.ok() || absl::string_view(EncodeEntry(entry)) != body) return std::nullopt;
  return entry;
}

std::optional<BundleLeftOut> DecodeLeftOut(absl::string_view body) {
  BundleLeftOut left_out;
  WireReader in(body);
  while (in.Next()) {
    if (in.field() == 1) left_out.first_index = in.Number();
    if (in.field() == 2) left_out.leaf_hashes = std::string(in.Bytes());
  }
  if (!in.ok() || absl::string_view(EncodeLeftOut(left_out)) != body) return std::nullopt;
  return left_out;
}

std::optional<BundleTrailer> DecodeTrailer(absl::string_view body) {
  BundleTrailer trailer;
  WireReader in(body);
  while (in.Next()) {
    if (in.field() == 1) trailer.records = in.Number();
    if (in.field() == 2) trailer.entries = in.Number();
    if (in.field() == 3) trailer.left_out = in.Number();
    if (in.field() == 4) trailer.digest = std::string(in.Bytes());
  }
  if (!in.ok() || absl::string_view(EncodeTrailer(trailer)) != body) return std::nullopt;
  return trailer;
}

std::optional<std::vector<BundleRun>> DecodeIndex(absl::string_view body) {
  std::vector<BundleRun> runs;
  WireReader in(body);
  while (in.Next()) {
    if (in.field() == 1) runs.push_back(DecodeRun(in.Bytes()));
  }
  if (!in.ok() || absl::string_view(EncodeIndex(runs)) != body) return std::nullopt;
  return runs;
}

std::optional<BundleKeyProof> DecodeKeyProof(absl::string_view body) {
  BundleKeyProof proof;
  WireReader in(body);
  while (in.Next()) {
    if (in.field() == 1) proof.run = in.Number();
    if (in.field() == 2) proof.found = DecodeIndexLeaf(in.Bytes());
    if (in.field() == 3) proof.postings = std::string(in.Bytes());
    if (in.field() == 4) proof.left = DecodeIndexLeaf(in.Bytes());
    if (in.field() == 5) proof.right = DecodeIndexLeaf(in.Bytes());
  }
  if (!in.ok() || absl::string_view(EncodeKeyProof(proof)) != body) return std::nullopt;
  return proof;
}

std::string RecordPrefix(char type, size_t size) {
  std::string prefix(1, type);
  for (int shift = 24; shift >= 0; shift -= 8) {
    prefix.push_back(static_cast<char>(size >> shift & 0xff));
  }
  return prefix;
}

}  // namespace meso::audit
