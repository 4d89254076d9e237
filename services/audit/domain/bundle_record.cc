#include "services/audit/domain/bundle_record.h"

#include "services/audit/domain/wire.h"

namespace meso::audit {

std::string EncodeHeader(const BundleHeader& header) {
  WireWriter out;
  out.Bytes(1, header.origin);
  out.Number(2, header.tree_size);
  out.Number(3, static_cast<uint64_t>(header.time_ns));
  out.Bytes(4, header.filter);
  out.Number(5, header.payloads ? 1 : 0);
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

std::optional<BundleHeader> DecodeHeader(absl::string_view body) {
  BundleHeader header;
  WireReader in(body);
  while (in.Next()) {
    if (in.field() == 1) header.origin = std::string(in.Bytes());
    if (in.field() == 2) header.tree_size = in.Number();
    if (in.field() == 3) header.time_ns = static_cast<int64_t>(in.Number());
    if (in.field() == 4) header.filter = std::string(in.Bytes());
    if (in.field() == 5) header.payloads = in.Number() != 0;
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

std::string RecordPrefix(char type, size_t size) {
  std::string prefix(1, type);
  for (int shift = 24; shift >= 0; shift -= 8) {
    prefix.push_back(static_cast<char>(size >> shift & 0xff));
  }
  return prefix;
}

}  // namespace meso::audit
