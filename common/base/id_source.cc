#include "common/base/id_source.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/base/check.h"

namespace meso {
namespace {

std::string FormatUuid(const unsigned char bytes[16]) {
  const std::string hex =
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes), 16));
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-",
                      hex.substr(16, 4), "-", hex.substr(20, 12));
}

}  // namespace

std::string Uuid7Source::NewId() {
  unsigned char bytes[16];
  MESO_CHECK(RAND_bytes(bytes, sizeof(bytes)) == 1, "the system's random source failed");
  uint64_t ms = 0;
  uint32_t counter = 0;
  {
    // Within one millisecond, and when the clock steps back, the 12-bit counter keeps the order.
    absl::MutexLock lock(&mutex_);
    ms = static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixMillis(clock_.Now())));
    if (ms <= last_ms_) {
      ms = last_ms_;
      if (++counter_ > 0xfff) {
        ++ms;
        counter_ = 0;
      }
    } else {
      counter_ = bytes[6] & 0x07;
    }
    last_ms_ = ms;
    counter = counter_;
  }
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(ms >> (8 * (5 - i)));
  bytes[6] = static_cast<unsigned char>(0x70 | (counter >> 8));
  bytes[7] = static_cast<unsigned char>(counter);
  bytes[8] = static_cast<unsigned char>(0x80 | (bytes[8] & 0x3f));
  return FormatUuid(bytes);
}

std::string Uuid7Source::NewSpanId() {
  unsigned char bytes[8] = {};
  while (std::all_of(bytes, bytes + sizeof(bytes), [](unsigned char b) { return b == 0; })) {
    MESO_CHECK(RAND_bytes(bytes, sizeof(bytes)) == 1, "the system's random source failed");
  }
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes), sizeof(bytes)));
}

std::string SequentialIdSource::NewSpanId() {
  absl::MutexLock lock(&mutex_);
  return absl::StrFormat("%016x", ++next_span_);
}

std::string SequentialIdSource::NewId() {
  absl::MutexLock lock(&mutex_);
  return absl::StrFormat("00000000-0000-7000-8000-%012x", ++next_);
}

std::string Uuid5(absl::string_view space, absl::string_view name) {
  std::string input = absl::HexStringToBytes(absl::StrReplaceAll(space, {{"-", ""}}));
  MESO_CHECK(input.size() == 16, "Uuid5 needs a UUID as its name space");
  absl::StrAppend(&input, name);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  MESO_CHECK(EVP_Digest(input.data(), input.size(), digest, &size, EVP_sha1(), nullptr) == 1,
             "SHA-1 is not available");
  digest[6] = static_cast<unsigned char>(0x50 | (digest[6] & 0x0f));
  digest[8] = static_cast<unsigned char>(0x80 | (digest[8] & 0x3f));
  return FormatUuid(digest);
}

}  // namespace meso
