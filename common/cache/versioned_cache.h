// A read-through cache: a bounded map in the process in front of Redis, in front of the owner.
//
// For values that are expensive to fetch and harmless when a little old, above all immutable
// revisions (cocktails, rule sets). Never for rights, slots, stock or clearances, and never for
// patient data. Every value carries its row's version: a newer version is never overwritten by an
// older one, and an invalidation leaves a tombstone that keeps late loads of what it dropped out.
// Concurrent misses of one key load once. Redis away, slow or emptied is a miss, never an error.
// Another process's invalidation is seen here once the front's copy has expired (`front_ttl`).
// Thread-safe.
#ifndef MESO_COMMON_CACHE_VERSIONED_CACHE_H_
#define MESO_COMMON_CACHE_VERSIONED_CACHE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace meso {

struct CacheOptions {
  std::string redis;             // unix:PATH, host:port or none
  std::string space;             // "screening": keys are meso:cache:<space>:<key>
  const Clock* clock = nullptr;  // required: the front's expiry
  size_t front_entries_max = 1000;
  size_t front_bytes_max = 4 << 20;
};

struct CachedValue {
  int64_t version = 0;  // of the row the value was made from; at least 0
  std::string bytes;
};

// How long a value may be served. Lifetimes are shortened at random by up to a tenth, so that what
// was loaded together does not expire together.
struct CacheLifetime {
  absl::Duration ttl;
  absl::Duration front_ttl;
  // For what can change: 5 minutes, 10 s in the process.
  static CacheLifetime Mutable() { return {absl::Minutes(5), absl::Seconds(10)}; }
  // For what never changes: a day.
  static CacheLifetime Immutable() { return {absl::Hours(24), absl::Hours(24)}; }
};

class VersionedCache {
 public:
  // Fetches the value from its owner, with a deadline of its own.
  using Load = std::function<absl::StatusOr<CachedValue>()>;

  explicit VersionedCache(const CacheOptions& options);
  ~VersionedCache();

  // The value of `key` (a resource name, never a patient's) from the front, from Redis, or from
  // `load`. May wait for another thread's load of the same key; blocks, so not inside a
  // transaction. Errors: only those of `load`, which are not cached.
  absl::StatusOr<CachedValue> Get(const std::string& key, const CacheLifetime& lifetime,
                                  const Load& load);

  // Drops `key` up to and including `version` here and in Redis; a load that began earlier and
  // brings such a version is answered to its callers but not kept. When Redis is away its copy
  // lives on until its ttl.
  void Invalidate(const std::string& key, int64_t version);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meso

#endif  // MESO_COMMON_CACHE_VERSIONED_CACHE_H_
