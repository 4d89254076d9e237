#include "services/audit/witness_keys.h"

#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/checkpoint_retention.h"

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
    if (static_cast<int>(keys.size()) == kWitnessesMax) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": more than ", kWitnessesMax,
                                                     " keys; name fewer witnesses"));
    }
    keys.push_back(*std::move(key));
  }
  return keys;
}

absl::StatusOr<std::unique_ptr<WitnessKeys>> WitnessKeys::Open(
    const std::string& path, std::function<WitnessKeysText()> read) {
  std::unique_ptr<WitnessKeys> witnesses(new WitnessKeys(path, std::move(read)));
  if (path.empty()) return witnesses;
  const WitnessKeysText now = witnesses->read_();
  const auto refused = [&path](absl::string_view why) {
    return absl::FailedPreconditionError(absl::StrCat("--witness_keys_file=", path, ": ", why));
  };
  if (now.generation == 0) return refused("can't be read; name a file, or leave it out.");
  absl::StatusOr<std::vector<VerifierKey>> keys = ParseWitnessKeys(now.text);
  if (!keys.ok()) return refused(keys.status().message());
  absl::MutexLock lock(&witnesses->mutex_);
  witnesses->generation_ = now.generation;
  witnesses->keys_ = *std::move(keys);
  return witnesses;
}

std::vector<VerifierKey> WitnessKeys::Get() {
  if (path_.empty()) return {};
  const WitnessKeysText now = read_();
  absl::MutexLock lock(&mutex_);
  if (now.generation == generation_) return keys_;
  generation_ = now.generation;
  absl::StatusOr<std::vector<VerifierKey>> keys = ParseWitnessKeys(now.text);
  if (!keys.ok()) {
    Log(Severity::kError, "witness keys not taken over",
        {{"file", path_}, {"why", std::string(keys.status().message())}});
    return keys_;
  }
  keys_ = *std::move(keys);
  Log(Severity::kInfo, "witness keys changed", {{"keys", absl::StrCat(keys_.size())}});
  return keys_;
}

}  // namespace meso::audit
