#include "common/rpc/paging.h"

#include <gtest/gtest.h>

#include "meso/test/v1/note_service.pb.h"

namespace meso {
namespace {

using test::v1::CountNotesRequest;

TEST(PagingTest, PageSizesAreDefaultedCappedAndNeverNegative) {
  const auto size = [](int32_t asked) {
    FieldErrors errors;
    const int result = PageSize(asked, errors);
    return errors.empty() ? result : -1;
  };
  EXPECT_EQ(size(0), 50);
  EXPECT_EQ(size(1), 1);
  EXPECT_EQ(size(500), 500);
  EXPECT_EQ(size(501), 500);
  EXPECT_EQ(size(-1), -1);
}

TEST(PagingTest, ATokenBelongsToItsQueryAndOnlyToIt) {
  CountNotesRequest query;
  query.set_parent("sites/par-1");
  const std::string key("k\0ey", 4);
  const std::string token = MakePageToken(query, key);
  CountNotesRequest next = query;
  next.set_page_size(7);
  next.set_page_token(token);
  EXPECT_EQ(ReadPageToken(next, token).value(), key);
  EXPECT_EQ(ReadPageToken(next, "").value(), "");
  next.set_parent("sites/syd-1");
  EXPECT_EQ(ReasonOf(ReadPageToken(next, token).status()), "PAGE_TOKEN_INVALID");
  test::v1::GetNoteRequest other_type;
  EXPECT_EQ(ReasonOf(ReadPageToken(other_type, token).status()), "PAGE_TOKEN_INVALID");
}

TEST(PagingTest, DamagedTokensAreRefused) {
  CountNotesRequest query;
  const std::string token = MakePageToken(query, "key");
  for (size_t i = 0; i < token.size(); ++i) {
    EXPECT_FALSE(ReadPageToken(query, token.substr(0, i)).ok() && i > 0) << i;
  }
  for (const std::string& bad : {std::string("!"), token + token, std::string(3000, 'A')}) {
    EXPECT_EQ(ReasonOf(ReadPageToken(query, bad).status()), "PAGE_TOKEN_INVALID");
  }
}

}  // namespace
}  // namespace meso
