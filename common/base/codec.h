// A length-prefixed byte format for small internal records (error details, queued audit entries,
// pending calls): integers as little-endian 64 bit, strings as length and bytes. Not for anything
// that leaves the suite; those are protobuf messages. A Decoder never reads past its input: after
// the first failure every read gives an empty value and ok() is false.
#ifndef MESO_COMMON_BASE_CODEC_H_
#define MESO_COMMON_BASE_CODEC_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace meso {

class Encoder {
 public:
  Encoder& Int(int64_t value);
  Encoder& String(absl::string_view value);
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

class Decoder {
 public:
  explicit Decoder(absl::string_view input) : rest_(input) {}
  int64_t Int();
  std::string String();
  // A count of records that follow, refused when it exceeds what the rest could hold.
  size_t Count();
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  absl::string_view rest_;
  bool ok_ = true;
};

}  // namespace meso

#endif  // MESO_COMMON_BASE_CODEC_H_
