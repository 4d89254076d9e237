#include "services/audit/domain/wire.h"

namespace meso::audit {
namespace {
constexpr int kVarint = 0;
constexpr int kFixed64 = 1;
constexpr int kLength = 2;
constexpr int kFixed32 = 5;
}  // namespace

void WireWriter::Varint(uint64_t value) {
  while (value >= 0x80) {
    out_.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out_.push_back(static_cast<char>(value));
}

void WireWriter::Number(int field, uint64_t value) {
  if (value == 0) return;
  Varint(static_cast<uint64_t>(field) << 3 | kVarint);
  Varint(value);
}

void WireWriter::Bytes(int field, absl::string_view value) {
  if (!value.empty()) Element(field, value);
}

void WireWriter::Element(int field, absl::string_view value) {
  Varint(static_cast<uint64_t>(field) << 3 | kLength);
  Varint(value.size());
  out_.append(value.data(), value.size());
}

bool WireReader::Varint(uint64_t* value) {
  // Most are of one byte.
  if (!rest_.empty() && static_cast<uint8_t>(rest_[0]) < 0x80) {
    *value = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return true;
  }
  *value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) return false;
    const uint8_t byte = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    if (shift == 63 && byte > 1) return false;
    *value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

bool WireReader::Next() {
  while (ok_ && !rest_.empty()) {
    uint64_t tag = 0;
    ok_ = Varint(&tag) && tag >> 3 != 0 && tag >> 3 < (1u << 29);
    if (!ok_) return false;
    field_ = static_cast<int>(tag >> 3);
    form_ = static_cast<int>(tag & 7);
    if (form_ == kVarint) {
      ok_ = Varint(&number_);
      return ok_;
    }
    uint64_t size = form_ == kFixed64 ? 8 : 4;
    ok_ = form_ == kFixed64 || form_ == kFixed32 || (form_ == kLength && Varint(&size));
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return false;
    bytes_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
    if (form_ == kLength) return true;  // the fixed forms are of no field known here: passed over
  }
  return false;
}

uint64_t WireReader::Number() {
  if (form_ != kVarint) ok_ = false;
  return ok_ ? number_ : 0;
}

absl::string_view WireReader::Bytes() {
  if (form_ != kLength) ok_ = false;
  return ok_ ? bytes_ : absl::string_view();
}

}  // namespace meso::audit
