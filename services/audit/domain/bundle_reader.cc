#include "services/audit/domain/bundle_reader.h"

#include <algorithm>
#include <cstring>

#include "services/audit/domain/bundle.h"
#include "services/audit/domain/bundle_record.h"

namespace meso::audit {
namespace {

constexpr size_t kBufferSize = 1 << 20;
constexpr size_t kPrefixSize = 12;
constexpr size_t kRecordPrefixSize = 5;

uint32_t BigEndian32(const char* bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

}  // namespace

bool BundleReader::Fill(size_t size) {
  if (end_ - begin_ >= size) return true;
  const size_t capacity = std::max(size, std::max(capacity_, kBufferSize));
  if (capacity > capacity_) {
    // Not initialized: a small bundle must not pay for a megabyte.
    std::unique_ptr<char[]> larger(new char[capacity]);
    if (end_ > begin_) std::memcpy(larger.get(), buffer_.get() + begin_, end_ - begin_);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  } else {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
  }
  end_ -= begin_;
  begin_ = 0;
  while (end_ < size) {
    in_.read(buffer_.get() + end_, static_cast<std::streamsize>(capacity_ - end_));
    if (in_.gcount() <= 0) return false;
    end_ += static_cast<size_t>(in_.gcount());
  }
  return true;
}

const char* BundleReader::ReadPrefix() {
  if (!Fill(kPrefixSize) || absl::string_view(buffer_.get(), kBundleMagic.size()) != kBundleMagic) {
    return "This is not an export bundle: it does not begin with its magic.";
  }
  version_ = BigEndian32(buffer_.get() + kBundleMagic.size());
  if (version_ < 1 || version_ > kBundleVersion) {
    return "The bundle has a version this program does not know.";
  }
  digest_.Begin();
  digest_.Add(absl::string_view(buffer_.get(), kPrefixSize));
  begin_ = kPrefixSize;
  return nullptr;
}

const char* BundleReader::ReadRecord() {
  if (!Fill(kRecordPrefixSize)) return "the bundle ends before its trailer";
  const size_t size = BigEndian32(buffer_.get() + begin_ + 1);
  if (size > kBundleRecordSizeMax) return "a record is longer than any can be";
  if (!Fill(kRecordPrefixSize + size)) return "the bundle ends inside a record";
  const absl::string_view record(buffer_.get() + begin_, kRecordPrefixSize + size);
  type_ = record[0];
  body_ = record.substr(kRecordPrefixSize);
  begin_ += record.size();
  if (type_ != kTrailerRecord) {
    digest_.Add(record);
    ++records_;
  }
  return nullptr;
}

bool BundleReader::AtEnd() { return !Fill(1); }

}  // namespace meso::audit
