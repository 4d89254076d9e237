#include "services/audit/witness_keys_file.h"

#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace meso::audit {

absl::StatusOr<std::vector<VerifierKey>> ParseWitnessKeys(absl::string_view text) {
  std::vector<VerifierKey> keys;
  std::set<std::string> seen;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    absl::StatusOr<VerifierKey> key = ParseWitnessKey(line);
    if (!key.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, ": ", key.status().message()));
    }
    if (!seen.insert(key->Encode()).second) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": the key is there twice"));
    }
    keys.push_back(*std::move(key));
  }
  return keys;
}

absl::StatusOr<std::unique_ptr<WitnessKeysFile>> WitnessKeysFile::Open(const std::string& path,
                                                                       const Clock& clock) {
  std::unique_ptr<WitnessKeysFile> file(new WitnessKeysFile());
  if (path.empty()) return file;
  file->file_ = std::make_unique<WatchedFile>(path, clock);
  const auto contents = file->file_->Get();
  const auto refused = [&path](absl::string_view why) {
    return absl::FailedPreconditionError(absl::StrCat("--witness_keys_file=", path, ": ", why));
  };
  if (contents->generation == 0) return refused("can't be read; name a file, or leave it out.");
  absl::StatusOr<std::vector<VerifierKey>> keys = ParseWitnessKeys(contents->text);
  if (!keys.ok()) return refused(keys.status().message());
  absl::MutexLock lock(&file->mutex_);
  file->generation_ = contents->generation;
  file->keys_ = *std::move(keys);
  return file;
}

std::vector<VerifierKey> WitnessKeysFile::Get() {
  if (file_ == nullptr) return {};
  const auto contents = file_->Get();
  absl::MutexLock lock(&mutex_);
  if (contents->generation == generation_) return keys_;
  generation_ = contents->generation;
  absl::StatusOr<std::vector<VerifierKey>> keys = ParseWitnessKeys(contents->text);
  if (!keys.ok()) {
    Log(Severity::kError, "witness keys not taken over",
        {{"file", file_->path()}, {"why", std::string(keys.status().message())}});
    return keys_;
  }
  keys_ = *std::move(keys);
  Log(Severity::kInfo, "witness keys changed", {{"keys", absl::StrCat(keys_.size())}});
  return keys_;
}

}  // namespace meso::audit
