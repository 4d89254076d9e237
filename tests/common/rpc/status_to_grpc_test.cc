#include "common/rpc/status_to_grpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace meso {
namespace {

using absl::StatusCode;
using ::testing::SizeIs;

absl::Status RoundTrip(const absl::Status& status) {
  return GrpcToStatus(StatusToGrpc(status, "inventory"));
}

TEST(StatusToGrpcTest, EverythingAnErrorSaysArrives) {
  const absl::Status peer = MakeStatus(
      StatusCode::kFailedPrecondition, "Out of stock.",
      {"INSUFFICIENT_STOCK",
       "inventory.meso",
       {{"product", "products/p"}},
       {{"LOT_EXPIRED", "lots/l", "expired yesterday"}, {"LOT_RECALLED", "lots/m", "recalled"}},
       std::nullopt,
       {}});
  const absl::Status sent =
      Error(StatusCode::kFailedPrecondition, "STOCK_NOT_AVAILABLE", "No stock. Choose a day.")
          .With("site", "sites/par-1")
          .Because({"STOCK_NOT_AVAILABLE", "sites/par-1", "none left"})
          .RetryAfter(absl::Milliseconds(1500))
          .CausedBy(peer);
  const absl::Status got = GrpcToStatus(StatusToGrpc(sent, "scheduling"));
  EXPECT_EQ(got.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(got.message(), "No stock. Choose a day.");
  const ErrorDetails details = DetailsOf(got);
  EXPECT_EQ(details.reason, "STOCK_NOT_AVAILABLE");
  EXPECT_EQ(details.domain, "scheduling.meso");
  EXPECT_EQ(details.metadata.at("site"), "sites/par-1");
  EXPECT_EQ(details.retry_after, absl::Milliseconds(1500));
  ASSERT_THAT(details.violations, SizeIs(1));
  EXPECT_EQ(details.violations[0].description, "none left");
  ASSERT_THAT(details.causes, SizeIs(1));
  EXPECT_EQ(details.causes[0].domain, "inventory.meso");
  EXPECT_EQ(details.causes[0].metadata.at("product"), "products/p");
  ASSERT_THAT(details.causes[0].violations, SizeIs(2));
  EXPECT_EQ(details.causes[0].violations[1].reason, "LOT_RECALLED");
}

TEST(StatusToGrpcTest, FieldErrorsKeepTheirOwnReasons) {
  FieldErrors errors;
  errors.Required("a");
  errors.Add("CHECK_DIGIT_WRONG", "gtin", "the check digit is 4, not 5: look again");
  const absl::Status got = RoundTrip(errors.ToStatus());
  EXPECT_EQ(got.code(), StatusCode::kInvalidArgument);
  const ErrorDetails details = DetailsOf(got);
  ASSERT_THAT(details.violations, SizeIs(2));
  EXPECT_EQ(details.violations[0].reason, "FIELD_REQUIRED");
  EXPECT_EQ(details.violations[1].reason, "CHECK_DIGIT_WRONG");
  EXPECT_EQ(details.violations[1].description, "the check digit is 4, not 5: look again");
}

TEST(StatusToGrpcTest, WhatIsNotFoundIsNamedAsAResource) {
  const grpc::Status sent = StatusToGrpc(ResourceNotFound("sites/par-1/rooms/r-1"), "scheduling");
  google::rpc::Status proto;
  ASSERT_TRUE(proto.ParseFromString(sent.error_details()));
  google::rpc::ResourceInfo resource;
  ASSERT_TRUE(proto.details(proto.details_size() - 1).UnpackTo(&resource));
  EXPECT_EQ(resource.resource_type(), "Room");
  EXPECT_EQ(resource.resource_name(), "sites/par-1/rooms/r-1");
}

TEST(StatusToGrpcTest, AnEndlessErrorIsCutToWhatClientsAccept) {
  FieldErrors errors;
  for (int i = 0; i < 1000; ++i) errors.Invalid(absl::StrCat("items[", i, "].lot"), "is no lot");
  const grpc::Status sent = StatusToGrpc(errors.ToStatus(), "inventory");
  EXPECT_LE(sent.error_details().size() + sent.error_message().size(), 7u << 10);
  const absl::Status got = GrpcToStatus(sent);
  EXPECT_EQ(ReasonOf(got), "FIELD_INVALID");
  EXPECT_GT(DetailsOf(got).violations.size(), 20u);
  // Characters stay whole.
  const grpc::Status accents =
      StatusToGrpc(Error(StatusCode::kInternal, "X", std::string(1023, 'x') + "éé"), "x");
  google::rpc::Status proto;
  EXPECT_TRUE(proto.ParseFromString(accents.error_details()));
}

TEST(StatusToGrpcTest, UnknownErrorsBecomeNeutral) {
  const absl::Status shown = PublicStatus(absl::NotFoundError("row 17 of secrets"), "c-1");
  EXPECT_EQ(shown.code(), StatusCode::kInternal);
  EXPECT_EQ(ReasonOf(shown), "INTERNAL");
  EXPECT_FALSE(absl::StrContains(shown.message(), "secrets"));
  EXPECT_EQ(PublicStatus(absl::CancelledError("x"), "c").code(), StatusCode::kCancelled);
  EXPECT_EQ(PublicStatus(absl::DeadlineExceededError("x"), "c").code(),
            StatusCode::kDeadlineExceeded);
  const absl::Status ours = Overloaded(absl::Seconds(1));
  EXPECT_EQ(PublicStatus(ours, "c"), ours);
}

TEST(StatusToGrpcTest, ForeignDetailsGiveNoReason) {
  EXPECT_TRUE(GrpcToStatus(grpc::Status::OK).ok());
  EXPECT_EQ(ReasonOf(GrpcToStatus(grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone"))), "");
  EXPECT_EQ(ReasonOf(GrpcToStatus(grpc::Status(grpc::StatusCode::ABORTED, "x", "\xff\xff"))), "");
  google::rpc::Status proto;
  google::rpc::ErrorInfo info;
  info.set_reason("QUOTA");
  info.set_domain("proxy.example.com");
  proto.add_details()->PackFrom(info);
  const absl::Status got =
      GrpcToStatus(grpc::Status(grpc::StatusCode::UNAVAILABLE, "x", proto.SerializeAsString()));
  EXPECT_EQ(got.code(), StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(got), "");
}

}  // namespace
}  // namespace meso
