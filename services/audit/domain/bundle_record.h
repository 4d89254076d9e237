// The bodies of a bundle's records (meso.audit.v1.BundleHeader, BundleEntry, BundleLeftOut,
// BundleTrailer, BundleIndex, BundleKeyProof) and their types; an opening is a BundleEntry too.
//
// Shared by the two sides of bundle.h and by nobody else. A body has exactly one valid spelling: a
// decoder refuses what its encoder would not have written, so that no byte of a record is without
// meaning. Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_RECORD_H_
#define MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_RECORD_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/audit/domain/bundle.h"

namespace meso::audit {

inline constexpr char kHeaderRecord = 1;
inline constexpr char kCheckpointRecord = 2;
inline constexpr char kEntryRecord = 3;
inline constexpr char kLeftOutRecord = 4;
inline constexpr char kTrailerRecord = 5;
inline constexpr char kIndexRecord = 6;
inline constexpr char kKeyProofRecord = 7;
inline constexpr char kOpeningRecord = 8;

struct BundleLeftOut {
  uint64_t first_index = 0;
  std::string leaf_hashes;
};

struct BundleTrailer {
  uint64_t records = 0;
  uint64_t entries = 0;
  uint64_t left_out = 0;
  std::string digest;
};

std::string EncodeHeader(const BundleHeader& header);
std::string EncodeEntry(const BundleEntry& entry);
std::string EncodeLeftOut(const BundleLeftOut& left_out);
std::string EncodeTrailer(const BundleTrailer& trailer);
std::string EncodeIndex(const std::vector<BundleRun>& runs);
std::string EncodeKeyProof(const BundleKeyProof& proof);

// nullopt when the body is not one the encoder writes.
std::optional<BundleHeader> DecodeHeader(absl::string_view body);
std::optional<BundleEntry> DecodeEntry(absl::string_view body);
std::optional<BundleLeftOut> DecodeLeftOut(absl::string_view body);
std::optional<BundleTrailer> DecodeTrailer(absl::string_view body);
std::optional<std::vector<BundleRun>> DecodeIndex(absl::string_view body);
std::optional<BundleKeyProof> DecodeKeyProof(absl::string_view body);

// A record's first five bytes: type, then the length of its body, most significant byte first.
std::string RecordPrefix(char type, size_t size);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_RECORD_H_
