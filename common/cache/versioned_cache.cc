#include "common/cache/versioned_cache.h"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/check.h"
#include "common/cache/redis_connection.h"

namespace meso {
namespace {

// Redis must be faster than the owner, or it is not worth asking.
constexpr absl::Duration kRedisTimeout = absl::Milliseconds(100);
// Longer than the longest load: what was read before the invalidation must not come back after it.
constexpr absl::Duration kTombstoneTtl = absl::Minutes(2);

// Stored as "<version>v<bytes>" or "<version>t" (tombstone). A value is refused by an equal version
// (it is there already, or was dropped); a tombstone replaces the value of its own version.
constexpr char kStoreIfNewer[] = R"lua(
local stored = redis.call('GET', KEYS[1])
if stored then
  local version = tonumber(string.match(stored, '^%d+'))
  local mine = tonumber(ARGV[1])
  if version and (version > mine or (version == mine and ARGV[2] ~= 't')) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return 1
)lua";

struct Stored {
  CachedValue value;
  bool dropped = false;  // a tombstone: nothing up to value.version is to be kept
};

std::optional<Stored> ParseStored(const std::string& text) {
  const size_t mark = text.find_first_not_of("0123456789");
  Stored stored;
  if (mark == std::string::npos || mark == 0 ||
      !absl::SimpleAtoi(text.substr(0, mark), &stored.value.version)) {
    return std::nullopt;
  }
  stored.dropped = text[mark] == 't';
  if (!stored.dropped) stored.value.bytes = text.substr(mark + 1);
  return stored;
}

// The values kept in the process: least recently used goes first. Not thread-safe.
class Front {
 public:
  Front(size_t entries_max, size_t bytes_max) : entries_max_(entries_max), bytes_max_(bytes_max) {}

  const Stored* Find(const std::string& key, absl::Time now) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    if (found->second->expire <= now) {
      Erase(found->second);
      return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->stored;
  }

  // The same rule as in Redis: never an older version over a newer one or its tombstone.
  void Put(const std::string& key, Stored stored, absl::Time now, absl::Duration ttl) {
    if (const Stored* present = Find(key, now); present != nullptr) {
      const int64_t version = present->value.version;
      if (version > stored.value.version) return;
      if (version == stored.value.version && !stored.dropped) return;
      Erase(index_.at(key));
    }
    bytes_ += Size(key, stored);
    entries_.push_front({key, std::move(stored), now + ttl});
    index_[key] = entries_.begin();
    while (entries_.size() > entries_max_ || bytes_ > bytes_max_) Erase(std::prev(entries_.end()));
  }

 private:
  struct Entry {
    std::string key;
    Stored stored;
    absl::Time expire;
  };
  using Entries = std::list<Entry>;

  static size_t Size(const std::string& key, const Stored& stored) {
    return 2 * key.size() + stored.value.bytes.size() + 200;
  }
  void Erase(Entries::iterator entry) {
    bytes_ -= Size(entry->key, entry->stored);
    index_.erase(entry->key);
    entries_.erase(entry);
  }

  const size_t entries_max_;
  const size_t bytes_max_;
  size_t bytes_ = 0;
  Entries entries_;
  std::unordered_map<std::string, Entries::iterator> index_;
};

// One load that several callers wait for.
struct Flight {
  absl::Mutex mutex;
  bool landed ABSL_GUARDED_BY(mutex) = false;
  absl::StatusOr<CachedValue> result ABSL_GUARDED_BY(mutex) = absl::UnknownError("in flight");
};

}  // namespace

struct VersionedCache::Impl {
  explicit Impl(const CacheOptions& given)
      : options(given), front(given.front_entries_max, given.front_bytes_max) {
    MESO_CHECK(options.clock != nullptr, "the cache needs a clock");
    if (RedisConnection::IsConfigured(options.redis)) {
      redis = std::make_unique<RedisConnection>(options.redis, kRedisTimeout);
    }
  }

  const CacheOptions options;
  absl::Mutex mutex;
  Front front ABSL_GUARDED_BY(mutex);
  std::map<std::string, std::shared_ptr<Flight>> flights ABSL_GUARDED_BY(mutex);
  absl::BitGen random ABSL_GUARDED_BY(mutex);

  absl::Mutex
      redis_mutex;  // taken alone, never under `mutex`: a slow Redis must not stop the front
  std::unique_ptr<RedisConnection> redis ABSL_PT_GUARDED_BY(redis_mutex);

  std::string RedisKey(const std::string& key) const {
    return absl::StrCat("meso:cache:", options.space, ":", key);
  }

  absl::Duration Shortened(absl::Duration ttl) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return ttl * absl::Uniform(random, 0.9, 1.0);
  }

  std::optional<Stored> Fetch(const std::string& key) ABSL_LOCKS_EXCLUDED(redis_mutex) {
    if (redis == nullptr) return std::nullopt;
    absl::MutexLock lock(&redis_mutex);
    const auto reply = redis->Run({"GET", RedisKey(key)});
    if (!reply.ok() || reply->kind != RedisReply::Kind::kText) return std::nullopt;
    return ParseStored(reply->text);
  }

  void Store(const std::string& key, const Stored& stored, absl::Duration ttl)
      ABSL_LOCKS_EXCLUDED(redis_mutex) {
    if (redis == nullptr) return;
    const std::string body = stored.dropped ? "t" : absl::StrCat("v", stored.value.bytes);
    absl::MutexLock lock(&redis_mutex);
    // A failure costs the next reader a load, nothing else.
    (void)redis->Run({"EVAL", kStoreIfNewer, "1", RedisKey(key), absl::StrCat(stored.value.version),
                      body, absl::StrCat(std::max<int64_t>(1, absl::ToInt64Milliseconds(ttl)))});
  }

  // The work of the one thread that loads: Redis, then the owner.
  absl::StatusOr<CachedValue> FetchOrLoad(const std::string& key, const CacheLifetime& lifetime,
                                          const Load& load) {
    const std::optional<Stored> stored = Fetch(key);
    if (stored.has_value() && !stored->dropped) {
      absl::MutexLock lock(&mutex);
      const absl::Time now = options.clock->Now();
      front.Put(key, *stored, now, Shortened(lifetime.front_ttl));
      // An invalidation may have come since the fetch; its tombstone is the newer word.
      const Stored* kept = front.Find(key, now);
      if (kept == nullptr || !kept->dropped) return stored->value;
    }
    absl::StatusOr<CachedValue> loaded = load();
    if (!loaded.ok()) return loaded;
    MESO_CHECK(loaded->version >= 0, "a version is never negative");
    absl::Duration ttl;
    {
      absl::MutexLock lock(&mutex);
      front.Put(key, {*loaded, false}, options.clock->Now(), Shortened(lifetime.front_ttl));
      ttl = Shortened(lifetime.ttl);
    }
    Store(key, {*loaded, false}, ttl);
    return loaded;
  }
};

VersionedCache::VersionedCache(const CacheOptions& options)
    : impl_(std::make_unique<Impl>(options)) {}

VersionedCache::~VersionedCache() = default;

absl::StatusOr<CachedValue> VersionedCache::Get(const std::string& key,
                                                const CacheLifetime& lifetime, const Load& load) {
  MESO_CHECK(!absl::StrContains(key, "patients/"), "patient data is never cached");
  std::shared_ptr<Flight> flight;
  bool pilot = false;
  {
    absl::MutexLock lock(&impl_->mutex);
    const Stored* stored = impl_->front.Find(key, impl_->options.clock->Now());
    if (stored != nullptr && !stored->dropped) return stored->value;
    std::shared_ptr<Flight>& place = impl_->flights[key];
    if (place == nullptr) {
      place = std::make_shared<Flight>();
      pilot = true;
    }
    flight = place;
  }
  if (!pilot) {
    absl::MutexLock lock(&flight->mutex);
    flight->mutex.Await(absl::Condition(&flight->landed));
    return flight->result;
  }
  absl::StatusOr<CachedValue> result = impl_->FetchOrLoad(key, lifetime, load);
  {
    absl::MutexLock lock(&impl_->mutex);
    const auto place = impl_->flights.find(key);
    if (place != impl_->flights.end() && place->second == flight) impl_->flights.erase(place);
  }
  absl::MutexLock lock(&flight->mutex);
  flight->result = result;
  flight->landed = true;
  return result;
}

void VersionedCache::Invalidate(const std::string& key, int64_t version) {
  const Stored tombstone{{version, ""}, true};
  {
    absl::MutexLock lock(&impl_->mutex);
    impl_->front.Put(key, tombstone, impl_->options.clock->Now(), kTombstoneTtl);
    // Whoever asks from now on must not be answered by a load that began before.
    impl_->flights.erase(key);
  }
  impl_->Store(key, tombstone, kTombstoneTtl);
}

}  // namespace meso
