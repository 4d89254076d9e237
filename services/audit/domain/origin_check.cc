#include "services/audit/domain/origin_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/key_bundle.h"
#include "services/audit/domain/leaf_view.h"
#include "services/audit/domain/merkle_tree.h"

namespace meso::audit {
namespace {

constexpr char kOfAnotherLog[] = "A checkpoint is of another log than the bundle's header says.";

std::vector<LogOpening> Plain(const std::vector<VerifiedOpening>& openings) {
  std::vector<LogOpening> plain;
  for (const VerifiedOpening& one : openings) plain.push_back(one.opening);
  return plain;
}

}  // namespace

std::vector<VerifierKey> OriginCheck::KeysOf(absl::string_view origin) const {
  std::vector<VerifierKey> keys;
  std::copy_if(options_.keys.begin(), options_.keys.end(), std::back_inserter(keys),
               [origin](const VerifierKey& key) { return absl::string_view(key.name) == origin; });
  return keys;
}

absl::StatusOr<CosignedCheckpoint> OriginCheck::Open(absl::string_view note,
                                                     bool* is_signed) const {
  MESO_ASSIGN_OR_RETURN(Checkpoint claimed, ParseCheckpoint(note));
  *is_signed = claimed.origin == header_.origin || !KeysOf(claimed.origin).empty();
  if (*is_signed) return OpenCosigned(note, options_.keys, options_.witnesses);
  return CosignedCheckpoint{std::move(claimed), {}};
}

std::string OriginCheck::TakeOpening(absl::string_view body) {
  EntryRecordView view;
  if (!ReadEntryView(body, &view) || !view.hashes.empty() || !view.salt.empty() ||
      !view.payload.empty() || !view.parts.empty() || records_.size() == kBundleOpeningsMax) {
    return "A record of the log's openings is damaged.";
  }
  records_.push_back({view.index, std::string(view.leaf), std::string(view.path)});
  return "";
}

std::string OriginCheck::ProveOpenings(const Checkpoint& newest, Hasher& hasher) {
  for (const Record& record : records_) {
    Proof path;
    if (record.index >= newest.size || !ReadPath(record.path, &path) ||
        !VerifyInclusion(hasher.Leaf(record.leaf), record.index, newest.size, path, newest.root,
                         hasher)) {
      return absl::StrCat("The opening at entries/", record.index,
                          " is not what was hashed into the log.");
    }
    absl::StatusOr<LogOpening> opening = ReadOpening(record.leaf, record.index);
    if (!opening.ok()) {
      return absl::StrCat("The entry at entries/", record.index, " opens no origin.");
    }
    openings_.push_back({*std::move(opening), false});
  }
  const std::string problem = ProblemOf(Plain(openings_), newest);
  if (problem.empty()) return "";
  return absl::StrCat("The log's origins don't follow each other: ", problem, ".");
}

std::string OriginCheck::CheckLost(VerifiedOpening* one) const {
  const LogOpening& opening = one->opening;
  const std::vector<VerifierKey> keys = KeysOf(opening.lost.origin);
  if (keys.empty()) return "";
  one->lost_signed = OpenCheckpoint(opening.lost_note, keys).ok();
  if (one->lost_signed) return "";
  return absl::StrCat("The checkpoint that entries/", opening.index,
                      " says was lost is not signed by ", opening.lost.origin, ".");
}

std::string OriginCheck::Close(const std::vector<Checkpoint>& checkpoints, Hasher& hasher) {
  const Checkpoint& newest = checkpoints.back();
  if (newest.origin != header_.origin) return kOfAnotherLog;
  if (std::string problem = ProveOpenings(newest, hasher); !problem.empty()) return problem;
  spans_ = SpansOf(Plain(openings_), newest.origin);
  for (const Checkpoint& checkpoint : checkpoints) {
    bool known = false;
    bool holds = false;
    for (const OriginSpan& span : spans_) {
      known |= span.origin == checkpoint.origin;
      holds |= span.Holds(checkpoint);
    }
    if (!known) return kOfAnotherLog;
    if (!holds) {
      return absl::StrCat("The checkpoint of ", checkpoint.size, " entries of ", checkpoint.origin,
                          " is not of the part of the log that is this origin's.");
    }
  }
  for (VerifiedOpening& opening : openings_) {
    if (std::string problem = CheckLost(&opening); !problem.empty()) return problem;
  }
  return "";
}

std::string OriginCheck::CheckRemembered() const {
  const Checkpoint& remembered = *options_.remembered;
  bool known = false;
  for (const OriginSpan& span : spans_) {
    if (span.Holds(remembered)) return "";
    known |= span.origin == remembered.origin;
  }
  const std::vector<LogOpening> openings = Plain(openings_);
  if (const LogOpening* lost = DeclaredLost(openings, remembered)) {
    return absl::StrCat("The remembered checkpoint of ", remembered.size, " entries of ",
                        remembered.origin, " is of what the log says was lost: of ",
                        lost->lost.size, " entries it has kept the first ", lost->kept_size,
                        " (entries/", lost->index, ").");
  }
  if (!known) return "The remembered checkpoint is of another log.";
  return absl::StrCat("The log has been cut back: the remembered checkpoint has ", remembered.size,
                      " entries of ", remembered.origin,
                      ", more than the log says it had when it was opened anew.");
}

bool OriginCheck::Opens(uint64_t index) const {
  return std::any_of(openings_.begin(), openings_.end(),
                     [index](const VerifiedOpening& one) { return one.opening.index == index; });
}

}  // namespace meso::audit
