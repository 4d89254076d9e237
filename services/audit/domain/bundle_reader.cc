#include "services/audit/domain/bundle_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

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

void BundleReader::Renew(size_t size) {
  // Not initialized: a small bundle must not pay for a megabyte.
  StreamDigest::Buffer next = digest_.Take(std::max(size, kBufferSize));
  if (end_ > begin_) std::memcpy(next.bytes.get(), buffer_.bytes.get() + begin_, end_ - begin_);
  if (!Undigested().empty()) {
    const absl::string_view part = Undigested();
    digest_.Add(std::move(buffer_), part);
  }
  buffer_ = std::move(next);
  end_ -= begin_;
  begin_ = digest_begin_ = digest_end_ = 0;
}

bool BundleReader::Fill(size_t size) {
  if (end_ - begin_ >= size) return true;
  if (begin_ + size > buffer_.capacity) Renew(size);
  while (end_ - begin_ < size) {
    in_.read(buffer_.bytes.get() + end_, static_cast<std::streamsize>(buffer_.capacity - end_));
    if (in_.gcount() <= 0) return false;
    end_ += static_cast<size_t>(in_.gcount());
  }
  return true;
}

const char* BundleReader::ReadPrefix() {
  if (!Fill(kPrefixSize) ||
      absl::string_view(buffer_.bytes.get(), kBundleMagic.size()) != kBundleMagic) {
    return "This is not an export bundle: it does not begin with its magic.";
  }
  version_ = BigEndian32(buffer_.bytes.get() + kBundleMagic.size());
  if (version_ < 1 || version_ > kBundleVersion) {
    return "The bundle has a version this program does not know.";
  }
  begin_ = digest_end_ = kPrefixSize;
  return nullptr;
}

const char* BundleReader::ReadRecord() {
  if (!Fill(kRecordPrefixSize)) return "the bundle ends before its trailer";
  const size_t size = BigEndian32(buffer_.bytes.get() + begin_ + 1);
  if (size > kBundleRecordSizeMax) return "a record is longer than any can be";
  if (!Fill(kRecordPrefixSize + size)) return "the bundle ends inside a record";
  const absl::string_view record(buffer_.bytes.get() + begin_, kRecordPrefixSize + size);
  type_ = record[0];
  body_ = record.substr(kRecordPrefixSize);
  begin_ += record.size();
  if (type_ != kTrailerRecord) {
    digest_end_ = begin_;
    ++records_;
  }
  return nullptr;
}

bool BundleReader::AtEnd() {
  return begin_ == end_ && in_.peek() == std::istream::traits_type::eof();
}

}  // namespace meso::audit
