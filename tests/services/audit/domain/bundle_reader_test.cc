// Bundles larger than a buffer: the frame alone, and verified whole.
#include "services/audit/domain/bundle_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "services/audit/domain/bundle.h"
#include "services/audit/domain/bundle_record.h"
#include "services/audit/domain/stream_digest.h"
#include "tests/services/audit/domain/bundle_samples.h"

namespace meso::audit {
namespace {

constexpr size_t kMegabyte = 1 << 20;

// Records of these sizes and a trailer of `trailer` bytes behind them; bytes differ everywhere.
std::string FrameOf(const std::vector<size_t>& sizes, size_t trailer) {
  std::string bundle = std::string(kBundleMagic) + std::string("\0\0\0\2", 4);
  unsigned state = 1;
  const auto add = [&](char type, size_t size) {
    bundle += RecordPrefix(type, size);
    for (size_t i = 0; i < size; ++i) {
      state = state * 1103515245 + 12345;
      bundle.push_back(static_cast<char>(state >> 16));
    }
  };
  for (const size_t size : sizes) add(kEntryRecord, size);
  add(kTrailerRecord, trailer);
  return bundle;
}

// Reads all of a frame and holds every record and the digest against the bytes.
void ExpectRead(const std::vector<size_t>& sizes, size_t trailer) {
  SCOPED_TRACE(testing::PrintToString(sizes));
  const std::string bundle = FrameOf(sizes, trailer);
  std::istringstream in(bundle);
  BundleReader reader(in);
  ASSERT_EQ(reader.ReadPrefix(), nullptr);
  size_t at = kBundleMagic.size() + 4;
  for (size_t i = 0; i <= sizes.size(); ++i) {
    const size_t size = i < sizes.size() ? sizes[i] : trailer;
    ASSERT_EQ(reader.ReadRecord(), nullptr);
    ASSERT_EQ(reader.body(), absl::string_view(bundle).substr(at + 5, size)) << i;
    if (i < sizes.size()) at += 5 + size;
  }
  EXPECT_EQ(reader.records(), sizes.size());
  EXPECT_EQ(reader.Digest(), Hasher().Plain(absl::string_view(bundle).substr(0, at)));
  EXPECT_TRUE(reader.AtEnd());
}

TEST(BundleReaderTest, HashesEveryRecordOnceWhereverABufferEnds) {
  ExpectRead({}, 40);
  ExpectRead({100, kMegabyte - 200}, 300);
  ExpectRead({kMegabyte, 3 * kMegabyte, 4 * kMegabyte, 1, 2 * kMegabyte + 1, 5}, 40);
  // The trailer ends with the first buffer, with the second, a byte before and a byte behind.
  const size_t frame = kBundleMagic.size() + 4 + 5 + 5 + 40;
  for (const size_t shift : {0, 1, 2}) {
    ExpectRead({kMegabyte - frame + 1 - shift}, 40);
    ExpectRead({kMegabyte / 2, kMegabyte + kMegabyte / 2 - frame - 4 - shift}, 40);
  }
  std::vector<size_t> many;
  for (size_t i = 0; i < 9000; ++i) many.push_back(1 + i * 7919 % 1300);
  ExpectRead(many, 40);
}

TEST(BundleReaderTest, SaysWhereALargeOneIsCut) {
  const std::string bundle = FrameOf({kMegabyte, kMegabyte}, 40);
  for (const size_t cut : {size_t{46}, kMegabyte + 20}) {
    std::istringstream in(bundle.substr(0, bundle.size() - cut));
    BundleReader reader(in);
    ASSERT_EQ(reader.ReadPrefix(), nullptr);
    ASSERT_EQ(reader.ReadRecord(), nullptr);
    EXPECT_THAT(reader.ReadRecord(), testing::HasSubstr("ends inside a record"));
  }
  std::istringstream in(bundle + "x");
  BundleReader reader(in);
  ASSERT_EQ(reader.ReadPrefix(), nullptr);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(reader.ReadRecord(), nullptr);
  EXPECT_FALSE(reader.AtEnd());
}

// Each a little larger than the one before, as a bundle made to fill the verifier's memory has
// them.
TEST(BundleReaderTest, KeepsNoMoreBuffersThanAreUnderWay) {
  StreamDigest digest;
  for (size_t i = 0; i < 300; ++i) {
    StreamDigest::Buffer buffer = digest.Take(kMegabyte + (i % 2) * i);
    ASSERT_GE(buffer.capacity, kMegabyte + (i % 2) * i);
    buffer.bytes[0] = 'x';
    const absl::string_view part(buffer.bytes.get(), 1);
    digest.Add(std::move(buffer), part);
    ASSERT_LE(digest.kept(), 6u) << i;
  }
  EXPECT_EQ(digest.End("y"), Hasher().Plain(std::string(300, 'x') + "y"));
}

TEST(BundleReaderTest, MayBeGivenUpWithBuffersStillToHash) {
  StreamDigest digest;
  for (int i = 0; i < 4; ++i) {
    StreamDigest::Buffer buffer = digest.Take(4 * kMegabyte);
    const absl::string_view part(buffer.bytes.get(), buffer.capacity);
    std::fill(buffer.bytes.get(), buffer.bytes.get() + buffer.capacity, 'x');
    digest.Add(std::move(buffer), part);
  }
  EXPECT_LE(digest.kept(), 4u);
}

VerifyReport Verify(const std::string& bundle) {
  std::istringstream in(bundle);
  VerifyOptions options;
  options.keys = {SampleKey()->verifier()};
  return VerifyBundle(in, options);
}

TEST(BundleReaderTest, ALargeBundleIsVerifiedToItsLastByte) {
  const IndexedLog log(12000, {5000}, {8192});
  const std::string bundle = log.LogBundle();
  ASSERT_GT(bundle.size(), 4 * kMegabyte);
  const VerifyReport report = Verify(bundle);
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.entries, 12000u);
  // What only the digest covers: the time in the header, in the first buffer.
  const RecordAt header = RecordsOf(bundle).front();
  std::optional<BundleHeader> later = DecodeHeader(header.body);
  ASSERT_TRUE(later.has_value());
  later->time_ns += 1;
  ASSERT_EQ(EncodeHeader(*later).size(), header.body.size());
  std::string changed = bundle;
  changed.replace(header.end - header.body.size(), header.body.size(), EncodeHeader(*later));
  EXPECT_EQ(Verify(changed).problem,
            "The bundle is damaged outside of its entries: its trailer does not fit.");
  changed = bundle;
  changed[bundle.size() / 2] ^= 1;
  EXPECT_THAT(Verify(changed).problem, testing::HasSubstr("entries/"));
}

}  // namespace
}  // namespace meso::audit
