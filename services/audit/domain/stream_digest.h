// SHA-256 over bytes that come in large buffers, counted beside the one who reads them.
//
// Hashing every byte of a bundle once more than its entries costs the verifier a fifth of its time,
// and needs nothing of what the bytes mean: a thread does it, started with the first buffer handed
// over. What fits into one buffer is hashed by the caller at the end, without a thread. Used by
// BundleReader. All but the thread's work belongs to one thread.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_STREAM_DIGEST_H_
#define MESO_SERVICES_AUDIT_DOMAIN_STREAM_DIGEST_H_

#include <cstddef>
#include <memory>

#include "absl/strings/string_view.h"
#include "services/audit/domain/hash.h"

namespace meso::audit {

class StreamDigest {
 public:
  // Memory of `capacity` bytes, not initialized.
  struct Buffer {
    std::unique_ptr<char[]> bytes;
    size_t capacity = 0;
  };

  StreamDigest();
  ~StreamDigest();

  // Hashes `part` of the buffer, which it keeps until then. Waits while many are.
  void Add(Buffer buffer, absl::string_view part);
  // A buffer that is done with, of at least this size, or a new one.
  Buffer Take(size_t capacity);
  // Buffers it holds, but for those just being hashed and put back.
  size_t kept() const;
  // Of all parts and then `rest`. Once; nothing may be added after it.
  Hash End(absl::string_view rest);

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;  // from the first part on
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_STREAM_DIGEST_H_
