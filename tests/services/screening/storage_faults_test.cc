// A database that fails at every statement and every commit in turn: nothing is ever half done, and
// the same call afterwards succeeds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "generated/screening_migrations.h"
#include "tests/services/screening/operations_fixture.h"
#include "tests/support/faulty_database.h"

namespace meso::screening {
namespace {

constexpr char kRequestId[] = "11111111-1111-4111-8111-111111111111";

class StorageFaultsTest : public OperationsFixture {
 protected:
  StorageFaultsTest()
      : faulty_(*database_), on_faulty_(faulty_, database_.clock(), database_.ids(), peers_) {}

  absl::Status CreateAssessment() {
    return faulty_.Transact([&](Transaction& tx) {
      return on_faulty_.CreateAssessment(tx, CallBy(kNurse), Answers()).status();
    });
  }

  absl::Status PublishSecond() {
    return faulty_.Transact([&](Transaction& tx) {
      return on_faulty_
          .PublishRuleSet(tx, CallBy(kPublisher),
                          PublishRequest{"ruleSets/meso-default/revisions/r2", ""})
          .status();
    });
  }

  absl::Status RecordConsent() {
    CallContext call = CallBy(kNurse);
    call.reply_key = {kNurse, "RecordConsent", kRequestId, std::string(32, 'h')};
    ConsentReply reply;
    reply.encode = [](const Consent& consent) { return consent.name.value(); };
    reply.name_of = [](const std::string& bytes) -> absl::StatusOr<ConsentName> {
      return ConsentName(bytes);
    };
    return on_faulty_.RecordConsent(call, ConsentTo("cocktails/C-01/revisions/r1"), reply).status();
  }

  int64_t Count(const char* sql) {
    int64_t count = -1;
    EXPECT_TRUE(database_
                    ->Read([&](Transaction& tx) -> absl::Status {
                      auto row = QueryOne(tx, Sql(sql), {});
                      if (row.ok()) count = (*row)->Int(0);
                      return row.status();
                    })
                    .ok());
    return count;
  }

  FaultyDatabase faulty_;
  ScreeningOperations on_faulty_;
};

TEST_F(StorageFaultsTest, AnAssessmentIsThereWithItsEventOrNotAtAll) {
  Publish();
  ASSERT_TRUE(CreateAssessment().ok());
  const int statements = faulty_.statements();
  ASSERT_GE(statements, 5);
  int64_t expected = 1;
  for (int n = 1; n <= statements + 1; ++n) {
    // The last round fails the commit instead.
    n <= statements ? faulty_.FailStatement(n) : faulty_.FailCommit(1);
    EXPECT_EQ(CreateAssessment().code(), absl::StatusCode::kUnavailable) << n;
    EXPECT_EQ(Count("SELECT count(*) FROM assessment"), expected) << n;
    faulty_.Heal();
    EXPECT_TRUE(CreateAssessment().ok()) << n;
    ++expected;
    EXPECT_EQ(Count("SELECT count(*) FROM assessment"), expected) << n;
    EXPECT_EQ(Count("SELECT count(*) FROM meso_event WHERE type LIKE '%AssessmentCreated'"),
              expected)
        << n;
  }
}

TEST_F(StorageFaultsTest, ThereIsAlwaysExactlyOneRuleSetInForce) {
  Publish();
  ASSERT_TRUE(Write(kAuthor, &ScreeningOperations::CreateRuleSet, DefaultRuleSet()).ok());
  for (int n = 1;; ++n) {
    faulty_.FailStatement(n);
    const absl::Status status = PublishSecond();
    EXPECT_EQ(Count("SELECT count(*) FROM rule_set WHERE state = 2"), 1) << n;
    EXPECT_EQ(Count("SELECT count(*) FROM meso_event WHERE type LIKE '%RuleSetPublished'"),
              status.ok() ? 2 : 1)
        << n;
    if (status.ok()) break;
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << n;
    ASSERT_LT(n, 100);
  }
  EXPECT_EQ(Count("SELECT max(revision) FROM rule_set WHERE state = 2"), 2);
}

TEST_F(StorageFaultsTest, AConsentIsRecordedOnceHoweverOftenItsAnswerIsLost) {
  for (int n = 1;; ++n) {
    faulty_.FailStatement(n);
    if (RecordConsent().ok()) break;
    ASSERT_LT(n, 100);
    EXPECT_EQ(Count("SELECT count(*) FROM consent"), 0) << n;
    EXPECT_EQ(Count("SELECT count(*) FROM meso_audit"), 0) << n;
  }
  // Recorded now; with the answer lost, the repeated call finds it.
  faulty_.LoseAnswer(1);
  EXPECT_FALSE(RecordConsent().ok());
  EXPECT_TRUE(RecordConsent().ok());
  EXPECT_EQ(Count("SELECT count(*) FROM consent"), 1);
  EXPECT_EQ(Count("SELECT count(*) FROM meso_audit"), 1);
}

}  // namespace
}  // namespace meso::screening
