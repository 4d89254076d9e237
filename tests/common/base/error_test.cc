#include "common/base/error.h"

#include "absl/strings/cord.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace meso {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using Code = absl::StatusCode;

TEST(ErrorTest, CarriesAllItsDetails) {
  const absl::Status peer = Error(Code::kFailedPrecondition, "LOT_EXPIRED", "x").With("lot", "l");
  const absl::Status status = Error(Code::kFailedPrecondition, "STOCK_NOT_AVAILABLE", "No stock.")
                                  .With("site", "sites/par-1")
                                  .With("amount", "3")
                                  .Because({"LOT_EXPIRED", "lots/1", "order more"})
                                  .Because({"LOT_RECALLED", "lots/2", "return it"})
                                  .RetryAfter(absl::Milliseconds(1500))
                                  .CausedBy(peer);
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_EQ(status.message(), "No stock.");
  EXPECT_EQ(ReasonOf(status), "STOCK_NOT_AVAILABLE");
  const ErrorDetails details = DetailsOf(status);
  EXPECT_EQ(details.domain, "");
  EXPECT_THAT(details.metadata, ElementsAre(Pair("amount", "3"), Pair("site", "sites/par-1")));
  ASSERT_EQ(details.violations.size(), 2u);
  EXPECT_EQ(details.violations[1].reason, "LOT_RECALLED");
  EXPECT_EQ(details.violations[1].subject, "lots/2");
  EXPECT_EQ(details.violations[1].description, "return it");
  EXPECT_EQ(details.retry_after, absl::Milliseconds(1500));
  ASSERT_EQ(details.causes.size(), 1u);
  EXPECT_EQ(details.causes[0].reason, "LOT_EXPIRED");
  EXPECT_EQ(details.causes[0].metadata.at("lot"), "l");
}

TEST(ErrorTest, ComesBackFromItsDetails) {
  ErrorDetails details;
  details.reason = "SLOT_TAKEN";
  details.domain = "scheduling.meso";
  details.metadata = {{"site", ""}};
  const ErrorDetails back = DetailsOf(MakeStatus(Code::kAborted, "m", details));
  EXPECT_EQ(back.reason, details.reason);
  EXPECT_EQ(back.domain, details.domain);
  EXPECT_EQ(back.metadata, details.metadata);
  EXPECT_FALSE(back.retry_after.has_value());
}

TEST(ErrorTest, HasNoReasonWithoutDetailsOrWithBrokenOnes) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), "");
  EXPECT_EQ(ReasonOf(absl::InternalError("x")), "");
  absl::Status broken = Error(Code::kAborted, "SLOT_TAKEN", "x");
  broken.SetPayload("meso/error-details", absl::Cord("not details"));
  EXPECT_EQ(ReasonOf(broken), "");
}

TEST(ErrorTest, IgnoresACauseThatIsNotOneOfOurs) {
  const absl::Status status =
      Error(Code::kUnavailable, "DEPENDENCY_DOWN", "x").CausedBy(absl::UnknownError("y"));
  EXPECT_TRUE(DetailsOf(status).causes.empty());
}

TEST(ErrorTest, CutsAnEndlessChainOfCauses) {
  absl::Status status = Error(Code::kAborted, "DEPTH_0", "x");
  for (int i = 1; i < 50; ++i) {
    status = Error(Code::kAborted, "DEPTH_" + std::to_string(i), "x").CausedBy(status);
  }
  int depth = 0;
  for (ErrorDetails at = DetailsOf(status); !at.causes.empty();) {
    ErrorDetails next = at.causes.front();
    at = std::move(next);
    ++depth;
  }
  EXPECT_EQ(ReasonOf(status), "DEPTH_49");
  EXPECT_LE(depth, 4);
  EXPECT_GE(depth, 1);
}

TEST(FieldErrorsTest, ReportsAllBadFieldsAtOnce) {
  FieldErrors errors;
  EXPECT_TRUE(errors.ToStatus().ok());
  errors.Required("name");
  errors.Invalid("amount", "must be positive");
  errors.Add("CHECK_DIGIT_WRONG", "gtin", "check digit must be 3");
  const absl::Status status = errors.ToStatus();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "FIELD_REQUIRED");
  const ErrorDetails details = DetailsOf(status);
  ASSERT_EQ(details.violations.size(), 3u);
  EXPECT_EQ(details.violations[0].subject, "name");
  EXPECT_EQ(details.violations[1].reason, "FIELD_INVALID");
  EXPECT_EQ(details.violations[2].reason, "CHECK_DIGIT_WRONG");
  EXPECT_THAT(std::string(status.message()), HasSubstr("amount: must be positive"));
}

struct SharedError {
  absl::Status status;
  Code code;
  std::string reason;
};

TEST(ErrorTest, GivesTheSharedErrorsTheirCodesAndReasons) {
  const std::vector<SharedError> cases = {
      {ResourceNotFound("lots/1"), Code::kNotFound, "RESOURCE_NOT_FOUND"},
      {AlreadyExists("lots/1"), Code::kAlreadyExists, "ALREADY_EXISTS"},
      {EtagMismatch("lots/1", "a", "b"), Code::kAborted, "ETAG_MISMATCH"},
      {RequestIdReused("r"), Code::kAlreadyExists, "REQUEST_ID_REUSED"},
      {PageTokenInvalid(), Code::kInvalidArgument, "PAGE_TOKEN_INVALID"},
      {FilterInvalid("f", "w", {"a"}), Code::kInvalidArgument, "FILTER_INVALID"},
      {TokenMissing(), Code::kUnauthenticated, "TOKEN_MISSING"},
      {TokenInvalid("w"), Code::kUnauthenticated, "TOKEN_INVALID"},
      {TokenExpired(), Code::kUnauthenticated, "TOKEN_EXPIRED"},
      {RoleRequired({"nurse"}), Code::kPermissionDenied, "ROLE_REQUIRED"},
      {SiteForbidden("sites/x"), Code::kPermissionDenied, "SITE_FORBIDDEN"},
      {Overloaded(absl::Seconds(1)), Code::kResourceExhausted, "OVERLOADED"},
      {DeadlineRequired(), Code::kInvalidArgument, "DEADLINE_REQUIRED"},
      {MessageTooLarge(2, 1), Code::kInvalidArgument, "MESSAGE_TOO_LARGE"},
      {DependencyDown("audit", "w"), Code::kUnavailable, "DEPENDENCY_DOWN"},
      {StorageUnavailable("w"), Code::kUnavailable, "STORAGE_UNAVAILABLE"},
      {StateNotAllowed("lots/1", "A", "B"), Code::kFailedPrecondition, "STATE_NOT_ALLOWED"},
  };
  for (const SharedError& c : cases) {
    EXPECT_EQ(c.status.code(), c.code) << c.reason;
    EXPECT_EQ(ReasonOf(c.status), c.reason);
    EXPECT_FALSE(c.status.message().empty()) << c.reason;
  }
  EXPECT_TRUE(DetailsOf(Overloaded(absl::Seconds(1))).retry_after.has_value());
}

}  // namespace
}  // namespace meso
