#include "services/audit/rpc/erasure_journal.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/support/child_process.h"

namespace meso::audit {
namespace {

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

Erasure SampleErasure(int number) {
  Erasure erasure;
  erasure.name = absl::StrCat("erasures/0198f2c4-0000-7000-8000-00000000000", number);
  erasure.pseudonym = std::string(32, 'a');
  erasure.generation = static_cast<uint64_t>(number);
  erasure.erased_payloads = 3;
  erasure.tree_size = 12;
  erasure.key_fingerprint = std::string(32, '\x07');
  erasure.ground = "a \"ground\"\nof two lines";
  erasure.eraser = "users/ines";
  erasure.erase_time = absl::FromUnixSeconds(1'795'165'200);
  return erasure;
}

TEST(ErasureJournalTest, KeepsEachOnceThroughRestartsAndCrashes) {
  TempDir dir;
  const std::string path = dir.path() + "/erasures.jsonl";
  {
    ErasureJournal journal(path);
    ASSERT_TRUE(journal.Open()->erasures.empty());
    for (int number : {1, 1, 2}) ASSERT_TRUE(journal.Keep(SampleErasure(number)).ok());
  }
  const std::string whole = ReadWhole(path);
  for (size_t cut = 0; cut <= whole.size(); cut += 29) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, cut);
    ErasureJournal journal(path);
    const auto kept = journal.Open();
    ASSERT_TRUE(kept.ok()) << cut << " " << kept.status();
    for (int number : {1, 2}) ASSERT_TRUE(journal.Keep(SampleErasure(number)).ok());
    EXPECT_EQ(ReadWhole(path), whole) << cut;
  }
  const auto kept = ErasureJournal(path).Open();
  ASSERT_EQ(kept->erasures.size(), 2u);
  EXPECT_EQ(kept->erasures[1].ground, SampleErasure(2).ground);
  EXPECT_EQ(kept->erasures[1].generation, 2u);
  EXPECT_EQ(kept->erasures[1].key_fingerprint, SampleErasure(2).key_fingerprint);
  EXPECT_EQ(kept->erasures[1].erase_time, SampleErasure(2).erase_time);
}

// Runs `test` as a user whom file modes bind; root is not bound by them.
template <typename Test>
void AsOrdinaryUser(const std::string& directory, const std::string& file, Test test) {
  constexpr uid_t kNobody = 65534;
  const bool root = geteuid() == 0;
  if (root) {
    ASSERT_EQ(chmod(directory.c_str(), 0777), 0);
    ASSERT_EQ(chown(file.c_str(), kNobody, kNobody), 0);
    ASSERT_EQ(seteuid(kNobody), 0);
  }
  test();
  if (root) {
    ASSERT_EQ(seteuid(0), 0);
  }
}

TEST(ErasureJournalTest, NeverTakesAFileItCanNotReadForEmpty) {
  TempDir dir;
  const std::string path = dir.path() + "/erasures.jsonl";
  {
    ErasureJournal journal(path);
    ASSERT_TRUE(journal.Open()->erasures.empty());
    ASSERT_TRUE(journal.Keep(SampleErasure(1)).ok());
  }
  const std::string whole = ReadWhole(path);
  ErasureJournal open_before(path);
  ASSERT_EQ(open_before.Open()->erasures.size(), 1u);
  ASSERT_EQ(chmod(path.c_str(), 0200), 0);
  AsOrdinaryUser(dir.path(), path, [&] {
    const absl::Status opened = ErasureJournal(path).Open().status();
    EXPECT_EQ(opened.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(absl::StrContains(opened.message(), "can't be read")) << opened;
    const absl::Status kept = open_before.Keep(SampleErasure(2));
    EXPECT_EQ(kept.code(), absl::StatusCode::kUnavailable) << kept;
  });
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  EXPECT_EQ(ReadWhole(path), whole) << "not a byte is lost";
  EXPECT_TRUE(open_before.Keep(SampleErasure(2)).ok()) << "and the next try goes on";
  EXPECT_EQ(ErasureJournal(path).Open()->erasures.size(), 2u);
}

TEST(ErasureJournalTest, LeavesAFileAloneThatHasBecomeShorter) {
  TempDir dir;
  const std::string path = dir.path() + "/erasures.jsonl";
  ErasureJournal journal(path);
  ASSERT_TRUE(journal.Open()->erasures.empty());
  for (int number : {1, 2}) ASSERT_TRUE(journal.Keep(SampleErasure(number)).ok());
  const std::string whole = ReadWhole(path);
  const std::string shorter = whole.substr(0, whole.find('\n') + 1);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << shorter;
  EXPECT_EQ(journal.Keep(SampleErasure(3)).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReadWhole(path), shorter);
  ASSERT_EQ(std::remove(path.c_str()), 0);
  EXPECT_EQ(journal.Keep(SampleErasure(3)).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReadWhole(path), "");
  // Put back, with a line that somebody added, it goes on behind that.
  const std::string added = absl::StrCat(whole, whole.substr(0, whole.find('\n') + 1));
  std::ofstream(path, std::ios::binary | std::ios::trunc) << added;
  ASSERT_TRUE(journal.Keep(SampleErasure(3)).ok());
  EXPECT_TRUE(absl::StartsWith(ReadWhole(path), added));
  EXPECT_EQ(ErasureJournal(path).Open()->erasures.size(), 4u);
}

TEST(ErasureJournalTest, RefusesALineThatIsNone) {
  TempDir dir;
  const std::string path = dir.path() + "/erasures.jsonl";
  std::ofstream(path) << "{\"name\": \"erasures/x\"}\n";
  const absl::Status status = ErasureJournal(path).Open().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(status.message(), "line 1")) << status;
  EXPECT_FALSE(ErasureJournal(dir.path() + "/no/such/file").Open().ok());
}

LegalHold SampleHold() {
  LegalHold hold;
  hold.name = "legalHolds/0198f2c4-0000-7000-8000-0000000000f1";
  hold.filter = absl::StrCat("(patient = \"pseudonyms/", std::string(32, 'a'),
                             "\" AND time >= \"1795165200000000000\")");
  hold.reason = "File \"12\"";
  hold.creator = "users/ines";
  hold.create_time = absl::FromUnixMicros(1'795'165'200'000'001);
  return hold;
}

TEST(ErasureJournalTest, KeepsHoldsWithEachOfTheirStatesOnce) {
  TempDir dir;
  const std::string path = dir.path() + "/erasures.jsonl";
  LegalHold asked = SampleHold();
  asked.lift_requester = "users/ines";
  LegalHold lifted = asked;
  lifted.lifter = "users/otto";
  lifted.lift_time = absl::FromUnixSeconds(1'795'165'300);
  {
    ErasureJournal journal(path);
    ASSERT_TRUE(journal.Open()->holds.empty());
    for (const LegalHold& hold : {SampleHold(), SampleHold(), asked, SampleHold(), asked}) {
      ASSERT_TRUE(journal.Keep(hold).ok());
    }
    ASSERT_TRUE(journal.Keep(SampleErasure(1)).ok());
  }
  {
    ErasureJournal journal(path);
    const auto kept = journal.Open();
    ASSERT_TRUE(kept.ok()) << kept.status();
    EXPECT_EQ(kept->erasures.size(), 1u);
    ASSERT_EQ(kept->holds.size(), 1u);
    EXPECT_EQ(kept->holds[0].state(), HoldState::kLiftRequested);
    EXPECT_EQ(kept->holds[0].filter, SampleHold().filter);
    EXPECT_EQ(kept->holds[0].reason, SampleHold().reason);
    EXPECT_EQ(kept->holds[0].create_time, SampleHold().create_time);
    ASSERT_TRUE(journal.Keep(lifted).ok());
    ASSERT_TRUE(journal.Keep(SampleHold()).ok());
  }
  const std::string whole = ReadWhole(path);
  EXPECT_EQ(std::count(whole.begin(), whole.end(), '\n'), 4);
  const auto kept = ErasureJournal(path).Open();
  ASSERT_EQ(kept->holds.size(), 1u);
  EXPECT_EQ(kept->holds[0].lifter, "users/otto");
  EXPECT_EQ(kept->holds[0].lift_time, lifted.lift_time);
}

TEST(ErasureJournalTest, RefusesAHoldThatOnePersonLifted) {
  TempDir dir;
  const std::string path = dir.path() + "/erasures.jsonl";
  LegalHold hold = SampleHold();
  hold.lifter = hold.creator;
  hold.lift_time = hold.create_time;
  for (const char* requester : {"", "users/ines"}) {
    hold.lift_requester = requester;
    std::remove(path.c_str());
    ErasureJournal journal(path);
    ASSERT_TRUE(journal.Open().ok());
    ASSERT_TRUE(journal.Keep(hold).ok());
    EXPECT_EQ(ErasureJournal(path).Open().status().code(), absl::StatusCode::kFailedPrecondition);
  }
}

}  // namespace
}  // namespace meso::audit
