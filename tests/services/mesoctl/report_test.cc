#include "services/mesoctl/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "common/base/error.h"

namespace meso::mesoctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> Lines(const absl::Status& status) {
  return absl::StrSplit(RenderError("call", status), '\n');
}

TEST(ReportTest, EveryStatusCodeHasTheExitCodeScriptsRelyOn) {
  const std::pair<absl::StatusCode, int> expected[] = {
      {absl::StatusCode::kOk, 0},
      {absl::StatusCode::kFailedPrecondition, 1},
      {absl::StatusCode::kAborted, 1},
      {absl::StatusCode::kAlreadyExists, 1},
      {absl::StatusCode::kOutOfRange, 1},
      {absl::StatusCode::kInvalidArgument, 2},
      {absl::StatusCode::kUnimplemented, 2},
      {absl::StatusCode::kNotFound, 3},
      {absl::StatusCode::kUnauthenticated, 4},
      {absl::StatusCode::kPermissionDenied, 4},
      {absl::StatusCode::kUnavailable, 5},
      {absl::StatusCode::kDeadlineExceeded, 5},
      {absl::StatusCode::kResourceExhausted, 5},
      {absl::StatusCode::kInternal, 5},
      {absl::StatusCode::kUnknown, 5},
      {absl::StatusCode::kCancelled, 5},
      {absl::StatusCode::kDataLoss, 6},
  };
  for (const auto& [code, exit_code] : expected) {
    EXPECT_EQ(static_cast<int>(ExitCodeOf(absl::Status(code, "x"))), exit_code)
        << absl::StatusCodeToString(code);
  }
}

TEST(ReportTest, ListsEveryBadFieldOnALineOfItsOwnAndCountsThemOnce) {
  FieldErrors errors;
  errors.Required("parent");
  errors.Invalid("patient", "is no patients/{code}");
  const std::vector<std::string> lines = Lines(errors.ToStatus());
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[0], "mesoctl: call: INVALID_ARGUMENT / FIELD_REQUIRED");
  EXPECT_THAT(lines[1], HasSubstr("2 bad fields"));
  EXPECT_THAT(lines[2], HasSubstr("- FIELD_REQUIRED parent"));
  EXPECT_EQ(lines[3], "  - FIELD_INVALID patient: is no patients/{code}");
  EXPECT_THAT(lines[4], HasSubstr("Next: "));
}

TEST(ReportTest, ShowsWhatAPeerSaidBehindARefusal) {
  const absl::Status stock =
      Error(absl::StatusCode::kFailedPrecondition, "INSUFFICIENT_STOCK", "too little")
          .Because({"LOT_RECALLED", "lots/1", "called back"})
          .Because({"LOT_EXPIRED", "lots/2", "ended yesterday"});
  const absl::Status refusal =
      Error(absl::StatusCode::kFailedPrecondition, "STOCK_NOT_AVAILABLE", "The site lacks it.")
          .CausedBy(stock);
  EXPECT_THAT(Lines(refusal),
              ElementsAre("mesoctl: call: FAILED_PRECONDITION / STOCK_NOT_AVAILABLE",
                          "  The site lacks it.", HasSubstr("says INSUFFICIENT_STOCK"),
                          "    - LOT_RECALLED lots/1: called back",
                          "    - LOT_EXPIRED lots/2: ended yesterday",
                          HasSubstr("mesoctl errors explain STOCK_NOT_AVAILABLE")));
}

TEST(ReportTest, SaysWhatToDoNextWhereTheMessageCannot) {
  EXPECT_THAT(RenderError("call", TokenMissing()), HasSubstr("--token_file"));
  EXPECT_THAT(RenderError("call", TokenExpired()), HasSubstr("mesoctl admin token"));
  EXPECT_THAT(RenderError("call", Overloaded(absl::Milliseconds(200))), HasSubstr("after 200ms"));
  EXPECT_THAT(RenderError("call", absl::DeadlineExceededError("late")),
              HasSubstr("same request_id"));
  EXPECT_THAT(RenderError("call", absl::NotFoundError("no such lot")), Not(HasSubstr("Next:")));
  EXPECT_THAT(RenderError("sites list", RoleRequired({"doctor"}), "ListSites"),
              HasSubstr("`mesoctl describe ListSites` names the roles"));
  EXPECT_THAT(RenderError("events tail", RoleRequired({"doctor"})), Not(HasSubstr("METHOD")));
}

}  // namespace
}  // namespace meso::mesoctl
