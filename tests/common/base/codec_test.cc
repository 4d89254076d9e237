#include "common/base/codec.h"

#include <random>

#include "gtest/gtest.h"

namespace meso {
namespace {

TEST(CodecTest, GivesBackWhatWasEncoded) {
  const std::string bytes = Encoder()
                                .Int(-1)
                                .String(std::string("\0x", 2))
                                .Int(INT64_MIN)
                                .String("")
                                .Int(INT64_MAX)
                                .Take();
  Decoder in(bytes);
  EXPECT_EQ(in.Int(), -1);
  EXPECT_EQ(in.String(), std::string("\0x", 2));
  EXPECT_EQ(in.Int(), INT64_MIN);
  EXPECT_EQ(in.String(), "");
  EXPECT_FALSE(in.done());
  EXPECT_EQ(in.Int(), INT64_MAX);
  EXPECT_TRUE(in.done());
}

TEST(CodecTest, FailsAtEveryCutAndReadsNothingAfterwards) {
  const std::string bytes = Encoder().String("abc").Int(7).Take();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    Decoder in(cut);
    in.String();
    EXPECT_EQ(in.Int(), 0) << size;
    EXPECT_FALSE(in.ok()) << size;
    EXPECT_FALSE(in.done()) << size;
    EXPECT_EQ(in.String(), "") << size;
  }
}

TEST(CodecTest, RefusesLengthsAndCountsTheInputCannotHold) {
  for (const int64_t length : {int64_t{-1}, int64_t{4}, INT64_MAX, INT64_MIN}) {
    const std::string bytes = Encoder().Int(length).Take() + "abc";
    Decoder text(bytes), count(bytes);
    EXPECT_EQ(text.String(), "");
    EXPECT_FALSE(text.ok()) << length;
    EXPECT_EQ(count.Count(), 0u);
    EXPECT_FALSE(count.ok()) << length;
  }
  const std::string fits = Encoder().Int(3).Take() + "abc";
  EXPECT_EQ(Decoder(fits).String(), "abc");
  EXPECT_EQ(Decoder(fits).Count(), 3u);
}

TEST(CodecTest, StaysInsideAnyInput) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (size_t n = random() % 40; n > 0; --n) {
      bytes.push_back(random() % 3 == 0 ? static_cast<char>(random()) : '\0');
    }
    Decoder in(bytes);
    for (int reads = 0; reads < 10; ++reads) {
      switch (random() % 3) {
        case 0:
          in.Int();
          break;
        case 1:
          EXPECT_LE(in.String().size(), bytes.size());
          break;
        default:
          EXPECT_LE(in.Count(), bytes.size());
      }
    }
  }
}

}  // namespace
}  // namespace meso
