#include "common/auth/authenticator.h"

#include <openssl/evp.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "common/auth/jwt.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/log.h"
#include "common/config/watched_file.h"

namespace meso {
namespace {

constexpr size_t kCacheSizeMax = 10'000;
constexpr absl::Duration kCacheTimeMax = absl::Seconds(60);

std::string Sha256(absl::string_view text) {
  unsigned char digest[32];
  unsigned int size = 0;
  MESO_CHECK(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) == 1,
             "SHA-256 is not available");
  return std::string(reinterpret_cast<const char*>(digest), size);
}

class JwksAuthenticator final : public Authenticator {
 public:
  explicit JwksAuthenticator(AuthenticatorOptions options)
      : options_(std::move(options)), file_(options_.jwks_file, *options_.clock) {}

  absl::Status Load() {
    const auto contents = file_.Get();
    if (contents->generation == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("Cannot read --jwks_file=", options_.jwks_file,
                       ". 'mesoctl admin init' makes it; check the path and that this user may "
                       "read it."));
    }
    absl::StatusOr<KeySet> keys = ParseJwks(contents->text);
    absl::MutexLock lock(&mutex_);
    generation_ = contents->generation;
    if (!keys.ok()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "--jwks_file=", options_.jwks_file, " cannot be used: ", keys.status().message(),
          "; name the jwks.json that 'mesoctl admin init' made."));
    }
    keys_ = std::make_shared<const KeySet>(*std::move(keys));
    cache_.clear();
    return absl::OkStatus();
  }

  absl::StatusOr<Principal> Authenticate(absl::string_view authorization,
                                         bool* first_use) override {
    if (first_use != nullptr) *first_use = false;
    if (authorization.empty()) return TokenMissing();
    if (!absl::StartsWithIgnoreCase(authorization, "Bearer ")) {
      return TokenInvalid("the header does not begin with Bearer");
    }
    const absl::string_view token = authorization.substr(7);
    if (token.size() > kTokenSizeMax) return TokenInvalid("it is longer than 8 KB");
    ReloadIfChanged();
    const absl::Time now = options_.clock->Now();
    const std::string digest = Sha256(token);
    std::shared_ptr<const KeySet> keys;
    std::optional<Cached> known;
    {
      absl::MutexLock lock(&mutex_);
      keys = keys_;
      const auto it = cache_.find(digest);
      if (it != cache_.end() && now < it->second.until && now >= it->second.since) {
        known = it->second;
      }
    }
    if (known) {
      if (first_use != nullptr) *first_use = IsFirstUse(digest, known->expiry, now);
      return std::move(known->principal);
    }
    absl::StatusOr<VerifiedToken> verified =
        VerifyToken(token, *keys, options_.issuer, options_.audience);
    if (!verified.ok()) return verified.status();
    if (absl::Status times = CheckTokenTimes(*verified, now); !times.ok()) return times;
    Remember(digest, *verified, keys, now);
    if (first_use != nullptr) *first_use = IsFirstUse(digest, verified->expiry, now);
    return std::move(verified->principal);
  }

  void ForgetFirstUse(absl::string_view authorization) override {
    const std::string digest =
        Sha256(authorization.substr(std::min<size_t>(7, authorization.size())));
    absl::MutexLock lock(&mutex_);
    used_.erase(digest);
  }

 private:
  struct Cached {
    Principal principal;
    absl::Time since;
    absl::Time until;
    absl::Time expiry;  // of the token
  };

  void ReloadIfChanged() {
    const auto contents = file_.Get();
    {
      absl::MutexLock lock(&mutex_);
      if (contents->generation == generation_) return;
    }
    // A broken new file keeps the old keys: a half-written file must not lock everybody out.
    if (const absl::Status loaded = Load(); !loaded.ok()) {
      Log(Severity::kError, "key set not reloaded", {{"why", std::string(loaded.message())}});
    } else {
      Log(Severity::kInfo, "key set reloaded", {{"file", options_.jwks_file}});
    }
  }

  void Remember(const std::string& digest, const VerifiedToken& verified,
                const std::shared_ptr<const KeySet>& keys, absl::Time now) {
    absl::MutexLock lock(&mutex_);
    // The keys may have changed since the signature was checked.
    if (keys != keys_) return;
    if (cache_.size() >= kCacheSizeMax) MakeRoom(now);
    cache_[digest] = {verified.principal, now, std::min(verified.expiry, now + kCacheTimeMax),
                      verified.expiry};
  }

  bool IsFirstUse(const std::string& digest, absl::Time expiry, absl::Time now) {
    absl::MutexLock lock(&mutex_);
    if (used_.size() >= kCacheSizeMax && used_.count(digest) == 0) {
      absl::erase_if(used_, [now](const auto& entry) { return entry.second <= now; });
      // A login told twice is better than memory without end.
      if (used_.size() >= kCacheSizeMax) used_.clear();
    }
    return used_.emplace(digest, expiry).second;
  }

  void MakeRoom(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    absl::erase_if(cache_, [now](const auto& entry) { return entry.second.until <= now; });
    // Ten thousand live tokens: verifying anew costs 0.1 ms each, an eviction order would cost
    // more.
    if (cache_.size() >= kCacheSizeMax) cache_.clear();
  }

  const AuthenticatorOptions options_;
  WatchedFile file_;
  absl::Mutex mutex_;
  std::shared_ptr<const KeySet> keys_ ABSL_GUARDED_BY(mutex_);
  int64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<std::string, Cached> cache_ ABSL_GUARDED_BY(mutex_);
  // Tokens met, with their ends: beyond the cache, which forgets after a minute.
  absl::flat_hash_map<std::string, absl::Time> used_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Authenticator>> Authenticator::Create(
    const AuthenticatorOptions& options) {
  MESO_CHECK(options.clock != nullptr, "an authenticator needs a clock");
  auto authenticator = std::make_unique<JwksAuthenticator>(options);
  if (absl::Status loaded = authenticator->Load(); !loaded.ok()) return loaded;
  return authenticator;
}

}  // namespace meso
