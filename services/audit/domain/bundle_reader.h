// Reading the frame of a bundle: magic, version, records one behind the other, and the digest over
// all bytes before the trailer.
//
// Used by the verifier, offline and in VerifyLog. Memory is bounded by a few of the longest records
// whatever a file claims; a record's body is a view that lasts until the next one is read. Knows
// nothing of what the records mean. Belongs to one thread.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_READER_H_
#define MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_READER_H_

#include <cstdint>
#include <istream>

#include "absl/strings/string_view.h"
#include "services/audit/domain/hash.h"
#include "services/audit/domain/stream_digest.h"

namespace meso::audit {

class BundleReader {
 public:
  explicit BundleReader(std::istream& in) : in_(in) {}

  // The magic and the version. nullptr, or what is wrong.
  const char* ReadPrefix();
  // The next record. nullptr, or what is wrong.
  const char* ReadRecord();
  // True when nothing follows the record read last.
  bool AtEnd();

  uint32_t version() const { return version_; }
  char type() const { return type_; }
  absl::string_view body() const { return body_; }
  // Records read that the digest covers: all but a trailer.
  uint64_t records() const { return records_; }
  // Of every byte before the trailer; once, after the trailer was read.
  Hash Digest() { return digest_.End(Undigested()); }

 private:
  // Brings at least `size` unread bytes into the buffer; false at the stream's end.
  bool Fill(size_t size);
  // Goes on in another buffer, with the unread bytes.
  void Renew(size_t size);
  absl::string_view Undigested() const {
    return {buffer_.bytes.get() + digest_begin_, digest_end_ - digest_begin_};
  }

  std::istream& in_;
  StreamDigest digest_;
  StreamDigest::Buffer buffer_;
  size_t begin_ = 0;  // of the unread bytes
  size_t end_ = 0;
  size_t digest_begin_ = 0;  // of the bytes read that digest_ has not got yet
  size_t digest_end_ = 0;
  uint32_t version_ = 0;
  char type_ = 0;
  absl::string_view body_;
  uint64_t records_ = 0;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_READER_H_
