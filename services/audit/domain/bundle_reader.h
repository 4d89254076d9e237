// Reading the frame of a bundle: magic, version, records one behind the other, and the digest over
// all bytes before the trailer.
//
// Used by the offline verifier alone. Memory is bounded by the longest record whatever a file
// claims; a record's body is a view that lasts until the next one is read. Knows nothing of what
// the records mean. Belongs to one thread.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_READER_H_
#define MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_READER_H_

#include <cstdint>
#include <istream>
#include <memory>

#include "absl/strings/string_view.h"
#include "services/audit/domain/hash.h"

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
  Hash Digest() { return digest_.End(); }

 private:
  // Brings at least `size` unread bytes into the buffer; false at the stream's end.
  bool Fill(size_t size);

  std::istream& in_;
  Hasher digest_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  size_t begin_ = 0;  // of the unread bytes
  size_t end_ = 0;
  uint32_t version_ = 0;
  char type_ = 0;
  absl::string_view body_;
  uint64_t records_ = 0;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_BUNDLE_READER_H_
