// A witness with its memory on disk, against a log in memory that may lie.
#include "services/mesoctl/witness.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/base/failpoint.h"
#include "services/audit/domain/checkpoint.h"
#include "tests/support/child_process.h"

namespace meso::mesoctl {
namespace {

using Kind = Witness::Outcome::Kind;

std::string Contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class FakeLog final : public WitnessedLog {
 public:
  // Grown by leaves named after `face`.
  void Grow(int count, const std::string& face = "") {
    for (int i = 0; i < count; ++i) {
      rows_.push_back(tree_->Append(hasher_.Leaf(absl::StrCat(face, rows_.size()))));
    }
    note = audit::SignCheckpoint(tree_->size(), tree_->Root(), *key_);
  }
  void CutBack(size_t size) {
    auto rows = std::move(rows_);
    rows_.clear();
    tree_ = std::make_unique<audit::Tree>(hasher_);
    for (size_t i = 0; i < size; ++i) rows_.push_back(tree_->Append(rows[i][0]));
    note = audit::SignCheckpoint(size, tree_->Root(), *key_);
  }
  absl::StatusOr<std::string> NewestNote() override {
    if (!away.ok()) return away;
    return note;
  }
  absl::StatusOr<std::vector<std::string>> NewestNotes() override {
    std::vector<std::string> notes;
    for (const auto& [size, cosigned] : kept_cosigned) notes.push_back(cosigned);
    return notes;
  }
  absl::StatusOr<audit::Proof> Consistency(uint64_t old_size, uint64_t size) override {
    if (!proof_answer.ok()) return proof_answer;
    return audit::ConsistencyProof(old_size, size, hasher_, [this](int level, uint64_t index) {
      return absl::StatusOr<audit::Hash>(rows_.at(audit::RowOfNode(level, index)).at(level));
    });
  }
  absl::Status AddCosignature(uint64_t size, const std::string& line) override {
    if (on_add) on_add();
    if (!add_answer.ok()) return std::exchange(add_answer, absl::OkStatus());
    sizes.push_back(size);
    std::string& kept = kept_cosigned[size];
    kept = audit::AddSignatureLine(kept.empty() ? note : kept, line);
    if (audit::ParseCheckpoint(note)->size == size) note = kept;
    return absl::OkStatus();
  }
  audit::VerifierKey verifier() const { return key_->verifier(); }

  std::string note;
  absl::Status away;
  absl::Status add_answer;
  absl::Status proof_answer;
  std::function<void()> on_add;
  std::vector<uint64_t> sizes;  // cosigned
  std::map<uint64_t, std::string> kept_cosigned;

 private:
  const std::unique_ptr<audit::SigningKey> key_ = *audit::MakeSigningKey("log", std::string(32, 1));
  audit::Hasher hasher_;
  std::unique_ptr<audit::Tree> tree_ = std::make_unique<audit::Tree>(hasher_);
  std::vector<std::vector<audit::Hash>> rows_;
};

class WitnessRunTest : public testing::Test {
 protected:
  WitnessRunTest() { log_.Grow(5); }
  ~WitnessRunTest() override {
    SetFailpoint("witness.persisted", nullptr);
    SetFailpoint("file.before_rename", nullptr);
    SetFailpoint("file.after_rename", nullptr);
  }

  // As a new process would begin: everything but the directory is new.
  absl::StatusOr<Witness::Outcome> Step(bool trust_first = false) {
    return With(trust_first, [](Witness& witness) { return witness.Step(); });
  }
  // Another site's witness.
  absl::StatusOr<Witness::Outcome> StepOfSouth() {
    auto state = WitnessState::Open(temp_.path() + "/south");
    if (!state.ok()) return state.status();
    return Witness({{log_.verifier()}, true}, *south_, **state, log_, clock_).Step();
  }
  int CosignaturesOf(uint64_t size) {
    const auto opened = audit::OpenCosigned(log_.kept_cosigned[size], {log_.verifier()},
                                            {key_->verifier(), south_->verifier()});
    return opened.ok() ? static_cast<int>(opened->cosignatures.size()) : -1;
  }
  absl::StatusOr<Witness::Outcome> TrustFirst(const std::string& note) {
    return With(false, [&note](Witness& witness) { return witness.TrustFirst(note); });
  }
  absl::StatusOr<Witness::Outcome> Hear(const std::string& note) {
    return With(true, [&note](Witness& witness) { return witness.Hear(note); });
  }
  template <typename Fn>
  auto With(bool trust_first, Fn fn) -> decltype(fn(std::declval<Witness&>())) {
    auto state = WitnessState::Open(dir_);
    if (!state.ok()) return state.status();
    Witness witness({{log_.verifier()}, trust_first}, *key_, **state, log_, clock_);
    return fn(witness);
  }
  void ExpectRefused(const absl::StatusOr<Witness::Outcome>& outcome, const std::string& why) {
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->kind, Kind::kRefused);
    EXPECT_NE(outcome->why.find(why), std::string::npos) << outcome->why;
  }
  std::string Remembered() { return Contents(dir_ + "/checkpoint.note"); }

  TempDir temp_;
  const std::string dir_ = temp_.path() + "/witness";
  const std::unique_ptr<audit::CosigningKey> key_ =
      *audit::MakeCosigningKey("north", std::string(32, 2));
  const std::unique_ptr<audit::CosigningKey> south_ =
      *audit::MakeCosigningKey("south", std::string(32, 3));
  ManualClock clock_{absl::FromUnixSeconds(1'795'165'200)};
  FakeLog log_;
};

TEST_F(WitnessRunTest, TrustsNobodyAtTheFirstContactUnlessTold) {
  const absl::Status status = Step().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("--trust_first"), std::string::npos) << status;
  EXPECT_EQ(Remembered(), "");
  EXPECT_TRUE(log_.sizes.empty());
  EXPECT_EQ(Step(true)->kind, Kind::kCosigned);
  log_.Grow(4);
  EXPECT_EQ(Step()->kind, Kind::kCosigned) << "from now on it knows the log";
  EXPECT_EQ(log_.sizes, (std::vector<uint64_t>{5, 9}));
  const auto opened = audit::OpenCosigned(log_.note, {log_.verifier()}, {key_->verifier()});
  ASSERT_EQ(opened->cosignatures.size(), 1u);
  EXPECT_EQ(opened->cosignatures[0].time, clock_.Now());
}

TEST_F(WitnessRunTest, BeginsWithACheckpointGotByHandAndGoesOnWithItAfterARestart) {
  const std::string by_hand = log_.note;
  log_.Grow(4);
  ASSERT_TRUE(TrustFirst(by_hand).ok());
  EXPECT_EQ(TrustFirst(by_hand)->kind, Kind::kUnchanged) << "the very one that is remembered";
  EXPECT_EQ(Step()->size, 9u);
  const std::string remembered = Remembered();
  // Started again with the same words.
  EXPECT_EQ(TrustFirst(by_hand)->kind, Kind::kUnchanged);
  EXPECT_EQ(Remembered(), remembered) << "it knows more by now";
  EXPECT_EQ(Step()->kind, Kind::kUnchanged);
  // A checkpoint the log has not signed is none, also then.
  const std::string foreign = audit::SignCheckpoint(
      5, audit::EmptyRoot(), **audit::MakeSigningKey("log", std::string(32, 9)));
  EXPECT_EQ(TrustFirst(foreign).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(std::filesystem::exists(dir_ + "/refused"));
}

TEST_F(WitnessRunTest, AnotherTreeOfTheRememberedSizeIsRefusedAtTheStart) {
  ASSERT_TRUE(TrustFirst(log_.note).ok());
  FakeLog other;
  other.Grow(5, "another face ");
  const auto outcome = TrustFirst(other.note);
  ExpectRefused(outcome, "two different trees of 5");
  EXPECT_EQ(Contents(outcome->evidence + "/presented.note"), other.note);
  // Started again and again it adds nothing to that.
  const auto again = TrustFirst(other.note);
  ExpectRefused(again, "two different trees of 5");
  EXPECT_EQ(again->evidence, "");
  ExpectRefused(Step(), "two different trees of 5");
}

TEST_F(WitnessRunTest, CosignsEachCheckpointOnce) {
  EXPECT_EQ(Step(true)->kind, Kind::kCosigned);
  EXPECT_EQ(Step()->kind, Kind::kUnchanged);
  EXPECT_EQ(log_.sizes.size(), 1u);
}

TEST_F(WitnessRunTest, ABusyLogHasCheckpointsThatAllWitnessesHaveCosigned) {
  ASSERT_EQ(StepOfSouth()->size, 5u);
  ASSERT_EQ(Step(true)->size, 5u);
  // From now on they never look at the same moment.
  for (const uint64_t size : {uint64_t{9}, uint64_t{17}, uint64_t{25}}) {
    log_.Grow(4);
    ASSERT_EQ(StepOfSouth()->size, size);
    log_.Grow(4);
    const auto outcome = Step();
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->kind, Kind::kCosigned);
    EXPECT_EQ(outcome->size, size + 4) << "the newest is cosigned, too";
    EXPECT_EQ(CosignaturesOf(size), 2);
  }
  EXPECT_EQ(CosignaturesOf(13), 2) << "the other way round";
}

TEST_F(WitnessRunTest, WhatAnotherHasCosignedIsJudgedLikeTheNewest) {
  ASSERT_EQ(StepOfSouth()->size, 5u);
  ASSERT_EQ(Step(true)->size, 5u);
  // South alone is shown another face and cosigns it; the newest looks as it did.
  const std::string newest = log_.note;
  log_.CutBack(3);
  log_.Grow(4, "other");
  log_.kept_cosigned[7] =
      audit::AddSignatureLine(log_.note, *audit::Cosign(log_.note, *south_, clock_.Now()));
  log_.note = newest;
  log_.proof_answer = absl::NotFoundError("no such tree");
  EXPECT_EQ(Step().status(), log_.proof_answer) << "an error, not passed over for the newest";
  log_.proof_answer = absl::OkStatus();
  const auto outcome = Step();
  ExpectRefused(outcome, "is not the beginning of");
  EXPECT_FALSE(outcome->evidence.empty());
  EXPECT_EQ(CosignaturesOf(7), 1);
}

TEST_F(WitnessRunTest, ACosignatureThatDidNotArriveIsHandedOverAtTheNextLook) {
  ASSERT_EQ(StepOfSouth()->size, 5u);
  ASSERT_EQ(Step(true)->size, 5u);
  log_.Grow(4);
  ASSERT_EQ(StepOfSouth()->size, 9u);
  log_.Grow(4);
  log_.add_answer = absl::UnavailableError("away");
  EXPECT_TRUE(absl::IsUnavailable(Step().status()));
  EXPECT_EQ(CosignaturesOf(9), 1);
  const auto outcome = Step();
  EXPECT_EQ(outcome->caught_up, 9u);
  EXPECT_EQ(outcome->size, 13u);
  EXPECT_EQ(CosignaturesOf(9), 2);
}

TEST_F(WitnessRunTest, OfManyCosignedCheckpointsItTakesTheOneThatMostHave) {
  ASSERT_EQ(StepOfSouth()->size, 5u);
  ASSERT_EQ(Step(true)->size, 5u);
  const auto west = *audit::MakeCosigningKey("west", std::string(32, 4));
  log_.Grow(4);
  ASSERT_EQ(StepOfSouth()->size, 9u);
  log_.kept_cosigned[9] = audit::AddSignatureLine(log_.kept_cosigned[9],
                                                  *audit::Cosign(log_.note, *west, clock_.Now()));
  log_.Grow(4);
  ASSERT_EQ(StepOfSouth()->size, 13u);
  log_.Grow(4);
  EXPECT_EQ(Step()->caught_up, 9u);
  EXPECT_EQ(log_.sizes, (std::vector<uint64_t>{5, 5, 9, 13, 9, 17}));
}

TEST_F(WitnessRunTest, ACosignedCheckpointThatIsReplacedMeanwhileIsPassedOver) {
  ASSERT_EQ(StepOfSouth()->size, 5u);
  ASSERT_EQ(Step(true)->size, 5u);
  log_.Grow(4);
  ASSERT_EQ(StepOfSouth()->size, 9u);
  log_.Grow(4);
  log_.add_answer = absl::NotFoundError("replaced");
  EXPECT_EQ(Step()->size, 13u);
  EXPECT_EQ(CosignaturesOf(9), 1);
  EXPECT_EQ(CosignaturesOf(13), 1);
}

TEST_F(WitnessRunTest, TakesTheNextWhenTheLogHasReplacedTheCheckpoint) {
  log_.add_answer = absl::NotFoundError("replaced");
  log_.on_add = [this] {
    log_.on_add = nullptr;
    log_.Grow(1);
  };
  const auto outcome = Step(true);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->size, 6u);
  EXPECT_EQ(log_.sizes, (std::vector<uint64_t>{6}));
}

TEST_F(WitnessRunTest, RefusesACutLogForGoodAndKeepsTheEvidence) {
  ASSERT_TRUE(Step(true).ok());
  const std::string remembered = Remembered();
  log_.CutBack(3);
  const auto outcome = Step();
  ExpectRefused(outcome, "cut back");
  EXPECT_EQ(Contents(outcome->evidence + "/remembered.note"), remembered);
  EXPECT_EQ(Contents(outcome->evidence + "/presented.note"), log_.note);
  EXPECT_NE(Contents(outcome->evidence + "/why.txt").find("cut back"), std::string::npos);
  EXPECT_EQ(Remembered(), remembered);
  // Growing past it does not make it good again.
  log_.Grow(10);
  ExpectRefused(Step(), "cut back");
  EXPECT_EQ(log_.sizes.size(), 1u);
  // A person has found out (here: restored the log as it was).
  std::filesystem::remove(dir_ + "/refused");
  EXPECT_EQ(Step()->kind, Kind::kCosigned) << "the leaves are those it knows";
}

TEST_F(WitnessRunTest, RefusesAForkWithTheProofThatFails) {
  ASSERT_TRUE(Step(true).ok());
  log_.CutBack(3);
  log_.Grow(9, "another face ");
  const auto outcome = Step();
  ExpectRefused(outcome, "not the beginning");
  EXPECT_GT(Contents(outcome->evidence + "/proof.txt").size(), 64u);
}

TEST_F(WitnessRunTest, FindsTwoFacesInWhatAnotherWitnessHeard) {
  FakeLog other;
  other.Grow(3);
  log_.CutBack(3);
  ASSERT_TRUE(Step(true).ok());
  EXPECT_EQ(Hear(other.note)->kind, Kind::kUnchanged);
  log_.Grow(4);
  other.Grow(4, "another face ");
  EXPECT_EQ(Step()->kind, Kind::kCosigned) << "each face by itself is consistent";
  ExpectRefused(Hear(other.note), "two different trees");
  ExpectRefused(Step(), "two different trees");
}

TEST_F(WitnessRunTest, FindsATruncatedLogByACheckpointItNeverSaw) {
  log_.Grow(4);
  const std::string heard = log_.note;
  log_.CutBack(5);
  ASSERT_TRUE(Step(true).ok());
  ExpectRefused(Hear(heard), "has signed 9 entries and offers 5");
}

// Another address, a key that was changed, damage on the way: none of it is the log's word.
TEST_F(WitnessRunTest, WhatTheLogHasNotSignedIsAnErrorNotEvidence) {
  const std::string honest = log_.note;
  const auto expect_error = [this](const std::string& note, const std::string& says) {
    log_.note = note;
    const absl::Status status = Step(true).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_NE(status.message().find(says), std::string::npos) << status;
    EXPECT_FALSE(std::filesystem::exists(dir_ + "/refused"));
    EXPECT_FALSE(std::filesystem::exists(dir_ + "/evidence"));
  };
  const auto expect_all = [&] {
    const auto another = *audit::MakeSigningKey("log", std::string(32, 9));
    expect_error(audit::SignCheckpoint(5, audit::EmptyRoot(), *another), "--log_key");
    const auto elsewhere = *audit::MakeSigningKey("elsewhere", std::string(32, 9));
    expect_error(audit::SignCheckpoint(9, audit::EmptyRoot(), *elsewhere), "the address");
    // The origin is what counts, not the signature's name.
    const auto same_key = *audit::MakeSigningKey("elsewhere", std::string(32, 1));
    const auto log_key = *audit::MakeSigningKey("log", std::string(32, 1));
    expect_error(
        audit::AddSignature(audit::SignCheckpoint(9, audit::EmptyRoot(), *same_key), *log_key),
        "of the log elsewhere");
    expect_error("nonsense", "not the log's word");
  };
  expect_all();
  EXPECT_EQ(Remembered(), "");
  log_.note = honest;
  ASSERT_EQ(Step(true)->kind, Kind::kCosigned);
  const std::string remembered = Remembered();
  expect_all();
  EXPECT_EQ(Remembered(), remembered);
  log_.note = honest;
  EXPECT_TRUE(Step().ok()) << "nothing has to be removed by a person";
}

TEST_F(WitnessRunTest, AMemorySignedWithTheKeyBeforeSaysWhichKeyIsMissing) {
  ASSERT_TRUE(Step(true).ok());
  const auto next = *audit::MakeSigningKey("log", std::string(32, 9));
  auto state = WitnessState::Open(dir_);
  ASSERT_TRUE(state.ok());
  Witness witness({{next->verifier()}, false}, *key_, **state, log_, clock_);
  const absl::Status status = witness.Step().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("give the one before, too"), std::string::npos) << status;
}

// A disk that is full of a sudden, or wrong.
TEST_F(WitnessRunTest, AContradictionIsToldAlsoWhenItCantBeWrittenDown) {
  ASSERT_TRUE(Step(true).ok());
  log_.CutBack(3);
  std::ofstream(dir_ + "/evidence") << "a file in its place";
  const auto outcome = Step();
  ExpectRefused(outcome, "cut back");
  EXPECT_EQ(outcome->evidence, "");
  EXPECT_NE(outcome->not_kept.find(dir_ + "/evidence"), std::string::npos) << outcome->not_kept;
  EXPECT_EQ(outcome->presented, log_.note) << "it is nowhere else";
  ExpectRefused(Step(), "cut back");
  EXPECT_EQ(log_.sizes.size(), 1u);
}

TEST_F(WitnessRunTest, AContradictionIsToldAlsoWhenNothingCanBeWritten) {
  ASSERT_TRUE(Step(true).ok());
  log_.CutBack(3);
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  const struct rlimit nothing = {0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &nothing), 0);
  const auto outcome = Step();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, handler);
  ExpectRefused(outcome, "cut back");
  EXPECT_NE(outcome->not_kept.find("refused"), std::string::npos) << outcome->not_kept;
  EXPECT_FALSE(std::filesystem::exists(dir_ + "/refused"));
  // With room again it is found again, and kept.
  const auto again = Step();
  ExpectRefused(again, "cut back");
  EXPECT_EQ(Contents(again->evidence + "/presented.note"), log_.note);
}

TEST_F(WitnessRunTest, WhatStopsTheWitnessIsWrittenBeforeTheEvidence) {
  ASSERT_TRUE(Step(true).ok());
  log_.CutBack(3);
  bool first = true;
  SetFailpoint("file.after_rename", [&] {
    EXPECT_TRUE(std::filesystem::exists(dir_ + "/refused"));
    EXPECT_EQ(std::filesystem::exists(dir_ + "/evidence"), !first);
    first = false;
  });
  ExpectRefused(Step(), "cut back");
  EXPECT_FALSE(first);
}

TEST_F(WitnessRunTest, ALogThatIsAwayIsNoContradiction) {
  ASSERT_TRUE(Step(true).ok());
  log_.away = absl::UnavailableError("away");
  EXPECT_EQ(Step().status().code(), absl::StatusCode::kUnavailable);
  log_.away = absl::OkStatus();
  EXPECT_EQ(Step()->kind, Kind::kUnchanged);
}

TEST_F(WitnessRunTest, WhatWasNotHandedOverIsHandedOverNextTime) {
  log_.add_answer = absl::UnavailableError("away");
  EXPECT_EQ(Step(true).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(audit::ParseCheckpoint(Remembered())->size, 5u) << "persisted before it was signed";
  EXPECT_EQ(Step()->kind, Kind::kCosigned);
}

TEST_F(WitnessRunTest, PersistsBeforeItCosigns) {
  bool persisted = false;
  SetFailpoint("witness.persisted", [&] {
    persisted = audit::ParseCheckpoint(Remembered())->size == 5;
    EXPECT_TRUE(log_.sizes.empty());
  });
  ASSERT_TRUE(Step(true).ok());
  EXPECT_TRUE(persisted);
  SetFailpoint("witness.persisted", nullptr);
  // The old content is there until the new one is complete.
  log_.Grow(2);
  SetFailpoint("file.before_rename",
               [&] { EXPECT_EQ(audit::ParseCheckpoint(Remembered())->size, 5u); });
  ASSERT_TRUE(Step().ok());
  EXPECT_EQ(audit::ParseCheckpoint(Remembered())->size, 7u);
}

TEST_F(WitnessRunTest, OneWitnessPerDirectory) {
  const auto state = WitnessState::Open(dir_);
  ASSERT_TRUE(state.ok());
  struct stat info;
  ASSERT_EQ(stat(dir_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  const absl::Status second = WitnessState::Open(dir_).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(second.message().find("another witness"), std::string::npos);
}

TEST_F(WitnessRunTest, ADirectoryThatOthersMayEnterIsNoMemory) {
  std::filesystem::create_directory(dir_);
  ASSERT_EQ(chmod(dir_.c_str(), 0755), 0);
  const absl::Status status = WitnessState::Open(dir_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("chmod 700 " + dir_), std::string::npos) << status;
}

TEST_F(WitnessRunTest, ADamagedMemoryIsAnError) {
  ASSERT_TRUE(Step(true).ok());
  std::ofstream(dir_ + "/checkpoint.note", std::ios::trunc) << "half a no";
  EXPECT_EQ(Step(true).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(log_.sizes.size(), 1u);
}

}  // namespace
}  // namespace meso::mesoctl
