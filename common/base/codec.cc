#include "common/base/codec.h"

namespace meso {

Encoder& Encoder::Int(int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  for (int i = 0; i < 8; ++i) out_.push_back(static_cast<char>(bits >> (8 * i)));
  return *this;
}

Encoder& Encoder::String(absl::string_view value) {
  Int(static_cast<int64_t>(value.size()));
  out_.append(value.data(), value.size());
  return *this;
}

int64_t Decoder::Int() {
  if (!ok_ || rest_.size() < 8) {
    ok_ = false;
    return 0;
  }
  uint64_t bits = 0;
  for (int i = 0; i < 8; ++i) {
    bits |= static_cast<uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
  }
  rest_.remove_prefix(8);
  return static_cast<int64_t>(bits);
}

std::string Decoder::String() {
  const int64_t size = Int();
  if (!ok_ || size < 0 || static_cast<uint64_t>(size) > rest_.size()) {
    ok_ = false;
    return "";
  }
  std::string value(rest_.substr(0, static_cast<size_t>(size)));
  rest_.remove_prefix(static_cast<size_t>(size));
  return value;
}

size_t Decoder::Count() {
  const int64_t count = Int();
  if (!ok_ || count < 0 || static_cast<uint64_t>(count) > rest_.size()) {
    ok_ = false;
    return 0;
  }
  return static_cast<size_t>(count);
}

}  // namespace meso
