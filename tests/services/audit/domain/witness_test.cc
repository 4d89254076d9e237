// What a witness takes and what it refuses, against logs that lie in every way it looks for.
#include "services/audit/domain/witness.h"

#include <gtest/gtest.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"

namespace meso::audit {
namespace {

using Kind = WitnessVerdict::Kind;

std::unique_ptr<SigningKey> Key(char fill = 1, const std::string& name = "log") {
  return *MakeSigningKey(name, std::string(32, fill));
}

// A log in memory; a fork shares its first leaves with another.
class Log {
 public:
  explicit Log(int size, int fork_at = 1 << 30) {
    for (int i = 0; i < size; ++i) {
      rows_.push_back(tree_.Append(hasher_.Leaf(absl::StrCat(i < fork_at ? "" : "fork ", i))));
      roots_.push_back(tree_.Root());
    }
  }
  std::string Note(uint64_t size, const std::optional<Hash>& index_root = std::nullopt) const {
    return SignCheckpoint(size, roots_[size], index_root, *Key());
  }
  Checkpoint At(uint64_t size) const { return {"log", size, roots_[size], std::nullopt}; }
  ConsistencySource prove() {
    return [this](uint64_t old_size, uint64_t size) -> absl::StatusOr<Proof> {
      ++asked;
      return ConsistencyProof(old_size, size, hasher_, [this](int level, uint64_t index) {
        return absl::StatusOr<Hash>(rows_.at(RowOfNode(level, index)).at(level));
      });
    };
  }
  int asked = 0;

 private:
  Hasher hasher_;
  Tree tree_{hasher_};
  std::vector<std::vector<Hash>> rows_;
  std::vector<Hash> roots_ = {EmptyRoot()};
};

const std::vector<VerifierKey>& Keys() {
  static const auto& keys = *new std::vector<VerifierKey>{Key()->verifier()};
  return keys;
}

void ExpectContradiction(const absl::StatusOr<WitnessVerdict>& verdict, const std::string& why) {
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->kind, Kind::kContradiction);
  EXPECT_NE(verdict->why.find(why), std::string::npos) << verdict->why;
}

TEST(WitnessTest, TakesEveryHonestGrowth) {
  Log log(33);
  for (uint64_t old_size = 0; old_size <= 33; ++old_size) {
    for (uint64_t size = old_size; size <= 33; ++size) {
      const auto verdict = JudgeNewest(log.Note(size), Keys(), log.At(old_size), log.prove());
      ASSERT_TRUE(verdict.ok());
      EXPECT_EQ(verdict->kind, size == old_size ? Kind::kSame : Kind::kLater)
          << old_size << " to " << size << ": " << verdict->why;
      EXPECT_EQ(verdict->checkpoint, log.At(size));
    }
  }
}

TEST(WitnessTest, SaysWhenNothingIsRemembered) {
  Log log(5);
  EXPECT_EQ(JudgeNewest(log.Note(5), Keys(), std::nullopt, log.prove())->kind, Kind::kFirst);
  EXPECT_EQ(log.asked, 0);
}

TEST(WitnessTest, RefusesALogThatWasCutBack) {
  Log log(9);
  ExpectContradiction(JudgeNewest(log.Note(8), Keys(), log.At(9), log.prove()), "cut back");
  EXPECT_EQ(log.asked, 0) << "no proof can excuse it";
}

TEST(WitnessTest, RefusesAForkOfTheSameAndOfALargerSize) {
  Log log(9);
  Log fork(12, 6);
  ExpectContradiction(JudgeNewest(fork.Note(9), Keys(), log.At(9), fork.prove()),
                      "two different trees of 9");
  const auto grown = JudgeNewest(fork.Note(12), Keys(), log.At(9), fork.prove());
  ExpectContradiction(grown, "not the beginning");
  EXPECT_TRUE(grown->proof.has_value()) << "evidence";
  // Up to the fork they are one log.
  EXPECT_EQ(JudgeNewest(fork.Note(12), Keys(), log.At(6), fork.prove())->kind, Kind::kLater);
}

TEST(WitnessTest, RefusesProofsThatProveNothing) {
  Log log(12);
  const auto with = [&log](const absl::StatusOr<Proof>& proof) {
    return JudgeNewest(log.Note(12), Keys(), log.At(7),
                       [&proof](uint64_t, uint64_t) { return proof; });
  };
  ExpectContradiction(with(Proof()), "not the beginning");
  Proof good = *log.prove()(7, 12);
  EXPECT_EQ(with(good)->kind, Kind::kLater);
  Proof longer = good;
  longer.push_back(good[0]);
  ExpectContradiction(with(longer), "not the beginning");
  good[1][0] ^= 1;
  ExpectContradiction(with(good), "not the beginning");
  ExpectContradiction(with(absl::DataLossError("the node is gone")), "can't prove");
  // Not having an answer is no contradiction.
  EXPECT_EQ(with(absl::UnavailableError("away")).status().code(), absl::StatusCode::kUnavailable);
}

TEST(WitnessTest, RefusesTwoIndexesOfOneTree) {
  Log log(5);
  Checkpoint remembered = log.At(5);
  remembered.index_root = Hasher().Plain("one");
  ExpectContradiction(
      JudgeNewest(log.Note(5, Hasher().Plain("two")), Keys(), remembered, log.prove()),
      "two different key indexes");
  EXPECT_EQ(JudgeNewest(log.Note(5, Hasher().Plain("one")), Keys(), remembered, log.prove())->kind,
            Kind::kSame);
}

// Only what the log has signed can speak against it.
TEST(WitnessTest, WhatTheLogHasNotSignedIsAnErrorAndNoContradiction) {
  Log log(5);
  const auto expect_error = [&log](const std::string& note, const std::string& why) {
    const absl::Status status = JudgeNewest(note, Keys(), log.At(5), log.prove()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << note;
    EXPECT_NE(status.message().find(why), std::string::npos) << status;
  };
  std::string note = log.Note(5);
  note[note.size() - 9] = note[note.size() - 9] == 'A' ? 'B' : 'A';
  expect_error(note, "does not hold");
  expect_error(SignCheckpoint(5, log.At(5).root, *Key(9)), "no signature by a known key");
  expect_error("nonsense", "signature block");
  // The same key under two names: the other log's text signed with both lines.
  const auto other = Key(1, "other");
  expect_error(AddSignature(SignCheckpoint(5, log.At(5).root, *other), *Key()), "of the log other");
}

TEST(WitnessTest, RefusesANewOriginWhateverKeysItHas) {
  Log log(12);
  const auto opened = Key(3, absl::StrCat(log.At(12).origin, "/2"));
  Checkpoint checkpoint = log.At(12);
  checkpoint.opening = 9;
  const std::string note = SignCheckpoint(checkpoint, *opened);
  const std::string why = absl::StrCat("opened anew as ", opened->verifier().name, " at entries/9");
  const absl::Status unknown = JudgeNewest(note, Keys(), log.At(7), log.prove()).status();
  EXPECT_TRUE(absl::IsDataLoss(unknown)) << "not signed by a key it has: no evidence";
  EXPECT_NE(unknown.message().find(why), std::string::npos) << unknown;
  std::vector<VerifierKey> both = Keys();
  both.push_back(opened->verifier());
  ExpectContradiction(JudgeNewest(note, both, log.At(7), log.prove()), why);
  // A person has decided: it begins with the new origin.
  EXPECT_EQ(JudgeNewest(note, {opened->verifier()}, std::nullopt, log.prove())->kind, Kind::kFirst);
}

TEST(WitnessTest, HoldsAHeardCheckpointAgainstWhatTheLogOffers) {
  Log log(12);
  Log fork(12, 6);
  const auto heard = [&log](const std::string& note, uint64_t newest) {
    return JudgeHeard(note, Keys(), log.At(newest), log.prove());
  };
  EXPECT_EQ(heard(log.Note(12), 12)->kind, Kind::kSame);
  EXPECT_EQ(heard(log.Note(4), 12)->kind, Kind::kEarlier);
  EXPECT_EQ(heard(log.Note(0), 12)->kind, Kind::kEarlier);
  EXPECT_EQ(heard(fork.Note(6), 12)->kind, Kind::kEarlier);
  ExpectContradiction(heard(log.Note(12), 11), "has signed 12 entries and offers 11");
  ExpectContradiction(heard(fork.Note(12), 12), "two different trees");
  ExpectContradiction(heard(fork.Note(8), 12), "two faces");
  const absl::Status foreign = heard(SignCheckpoint(4, log.At(4).root, *Key(9)), 12).status();
  EXPECT_EQ(foreign.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(foreign), "FIELD_INVALID") << "says nothing about the log";
}

}  // namespace
}  // namespace meso::audit
