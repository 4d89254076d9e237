// Witnesses as sites run them: real processes of mesoctl against a real audit service that is
// rolled back, truncated, forked, or dies; and a witness that dies between remembering and
// cosigning.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "meso/audit/v1/audit_service.grpc.pb.h"
#include "meso/events/v1/events.grpc.pb.h"
#include "services/audit/domain/checkpoint.h"
#include "tests/support/suite.h"

namespace meso {
namespace {

namespace fs = std::filesystem;
namespace v1 = audit::v1;
using Stub = v1::AuditService::Stub;

constexpr int kRefused = 6;

std::string Contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Shown {
  int exit_code = 0;
  std::string text;  // stdout and stderr
};

class WitnessSuiteTest : public testing::Test {
 protected:
  WitnessSuiteTest() {
    for (const std::string name : {"north", "south"}) {
      RunCommand({suite_.Binary("mesoctl"), "admin", "witness-key", name + ".test/witness", "-o",
                  Path(name + ".key")});
      std::ofstream(Path("witnesses"), std::ios::app) << Contents(Path(name + ".key.pub"));
      std::ofstream(Path(name + ".token"))
          << suite_.Token(absl::StrCat("users/", name), {"witness@*"});
    }
    StartLog();
  }

  std::string Path(const std::string& name) const { return absl::StrCat(suite_.dir(), "/", name); }
  void StartLog(std::vector<std::string> flags = {}) {
    flags.push_back(absl::StrCat("--witness_keys_file=", Path("witnesses")));
    suite_.Start("audit", "", flags);
    stub_ = v1::AuditService::NewStub(suite_.Channel("audit"));
  }
  void StopLog() { ASSERT_EQ(suite_.Terminate("audit"), 0); }

  std::string Out(const std::string& name) const { return Path(absl::StrCat(name, ".out")); }
  // A witness in a process of its own, its words in Out.
  void StartWitness(ChildProcess& process, const std::string& name,
                    const std::vector<std::string>& more, const std::string& failpoints = "") {
    std::vector<std::string> argv = {suite_.Binary("mesoctl"),
                                     "audit",
                                     "witness",
                                     "run",
                                     "--key=" + Path(name + ".key"),
                                     "--state=" + Path(name),
                                     "--token_file=" + Path(name + ".token")};
    // What `more` says counts.
    for (const auto& [flag, value] :
         {std::pair<std::string, std::string>{"--log_key=", suite_.KeyFile("audit-log.pub")},
          {"--audit_address=", suite_.Socket("audit")}}) {
      const bool is_given = std::any_of(more.begin(), more.end(), [&flag](const std::string& one) {
        return absl::StartsWith(one, flag);
      });
      if (!is_given) argv.push_back(flag + value);
    }
    argv.insert(argv.end(), more.begin(), more.end());
    fs::remove(Out(name));
    process.Start(argv, Out(name),
                  {{"MESO_FAILPOINTS", failpoints}, {"MESO_CONFIG", Path("no-contexts")}});
  }
  // One look of a witness.
  Shown Look(const std::string& name, std::vector<std::string> more = {},
             const std::string& failpoints = "") {
    more.push_back("--once");
    ChildProcess process;
    StartWitness(process, name, more, failpoints);
    Shown shown;
    shown.exit_code = process.Wait();
    shown.text = Contents(Out(name));
    return shown;
  }
  void MustCosign(const std::string& name, std::vector<std::string> more = {}) {
    const Shown shown = Look(name, std::move(more));
    EXPECT_EQ(shown.exit_code, 0) << shown.text;
    EXPECT_TRUE(absl::StrContains(shown.text, "cosigned ")) << shown.text;
  }
  void ExpectRefusal(const Shown& shown, const std::string& name, const std::string& why) {
    EXPECT_EQ(shown.exit_code, kRefused) << shown.text;
    EXPECT_TRUE(absl::StrContains(shown.text, "REFUSED")) << shown.text;
    EXPECT_TRUE(absl::StrContains(shown.text, why)) << shown.text;
    ASSERT_TRUE(fs::exists(Path(name + "/evidence"))) << shown.text;
    for (const auto& evidence : fs::directory_iterator(Path(name + "/evidence"))) {
      const std::vector<audit::VerifierKey> keys = {LogKey()};
      EXPECT_TRUE(audit::OpenCheckpoint(Contents(evidence.path() / "remembered.note"), keys).ok());
      EXPECT_TRUE(audit::OpenCheckpoint(Contents(evidence.path() / "presented.note"), keys).ok())
          << "both are the log's own word";
      EXPECT_TRUE(absl::StrContains(Contents(evidence.path() / "why.txt"), why));
    }
    EXPECT_EQ(Look(name).exit_code, kRefused) << "until a person has looked";
  }

  // Fetches a bundle that ends where so many witnesses have cosigned, and verifies it with their
  // keys.
  void ExpectVerified(std::vector<std::string> fetch, const std::vector<std::string>& witnesses) {
    std::ofstream(Path("auditor.token")) << auditor_;
    std::vector<std::string> argv = {suite_.Binary("mesoctl"), "audit"};
    argv.insert(argv.end(), fetch.begin(), fetch.end());
    for (const std::string& flag :
         {absl::StrCat("--output=", Path("cosigned.bundle")), std::string("--force"),
          absl::StrCat("--cosignatures=", witnesses.size()),
          absl::StrCat("--token_file=", Path("auditor.token")),
          absl::StrCat("--audit_address=", suite_.Socket("audit"))}) {
      argv.push_back(flag);
    }
    const auto run = [this](const std::vector<std::string>& command) {
      ChildProcess process;
      process.Start(command, Path("auditor.out"), {{"MESO_CONFIG", Path("no-contexts")}});
      return process.Wait();
    };
    EXPECT_EQ(run(argv), 0) << Contents(Path("auditor.out"));
    std::vector<std::string> verify = {suite_.Binary("mesoctl"), "audit", "verify",
                                       Path("cosigned.bundle"),
                                       "--key=" + suite_.KeyFile("audit-log.pub")};
    for (const std::string& witness : witnesses) {
      verify.push_back("--witness=" + Path(witness + ".key.pub"));
    }
    EXPECT_EQ(run(verify), 0) << Contents(Path("auditor.out"));
  }

  audit::VerifierKey LogKey() {
    return *audit::ParseVerifierKey(Contents(suite_.KeyFile("audit-log.pub")));
  }
  v1::Checkpoint Newest() {
    v1::Checkpoint checkpoint;
    WaitUntil([&] {
      return suite_.Call<v1::AuditService>(*stub_, &Stub::GetCheckpoint, auditor_, {}, &checkpoint)
          .ok();
    });
    return checkpoint;
  }
  // Somebody reads the log, which is an entry; returns once that is signed.
  uint64_t Grow(int count = 1) {
    const uint64_t before = Newest().tree_size();
    for (int i = 0; i < count; ++i) {
      v1::ListEntriesResponse response;
      EXPECT_TRUE(
          suite_.Call<v1::AuditService>(*stub_, &Stub::ListEntries, auditor_, {}, &response).ok());
    }
    const auto has_grown = [&] {
      return Newest().tree_size() >= before + static_cast<uint64_t>(count);
    };
    EXPECT_TRUE(WaitUntil(has_grown));
    return Newest().tree_size();
  }
  std::vector<std::string> Cosigners(const std::string& note) {
    std::vector<audit::VerifierKey> witnesses;
    for (const std::string name : {"north", "south"}) {
      witnesses.push_back(*audit::ParseWitnessKey(Contents(Path(name + ".key.pub"))));
    }
    std::vector<std::string> names;
    const auto opened = audit::OpenCosigned(note, {LogKey()}, witnesses);
    EXPECT_TRUE(opened.ok()) << opened.status();
    if (!opened.ok()) return names;
    for (const auto& cosignature : opened->cosignatures) names.push_back(cosignature.witness);
    return names;
  }
  // The cosigned checkpoint among those the log keeps, newest first.
  std::vector<std::string> CosignersOf(uint64_t size) {
    v1::ListCheckpointsResponse list;
    EXPECT_TRUE(
        suite_.Call<v1::AuditService>(*stub_, &Stub::ListCheckpoints, auditor_, {}, &list).ok());
    for (const v1::Checkpoint& checkpoint : list.checkpoints()) {
      if (checkpoint.tree_size() == size) return Cosigners(checkpoint.note());
    }
    return {};
  }
  uint64_t RememberedBy(const std::string& name) {
    const auto checkpoint = audit::ParseCheckpoint(Contents(Path(name + "/checkpoint.note")));
    return checkpoint.ok() ? checkpoint->size : 0;
  }

  // The log's database as it is; only while the log is stopped.
  void Save(const std::string& name) { Copy(Path("data"), Path(name)); }
  void Restore(const std::string& name) {
    Copy(Path(name), Path("data"));
    ForgetWhatWasSigned();
  }
  // Whoever can change the database can take away what the log itself remembers beside it.
  void ForgetWhatWasSigned() { EXPECT_TRUE(fs::remove(suite_.KeyFile("audit-checkpoint.txt"))); }
  static void Copy(const std::string& from, const std::string& to) {
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive);
  }

  Suite suite_;
  std::unique_ptr<Stub> stub_;
  const std::string auditor_ = suite_.Token("users/ines", {"compliance_auditor@*"});
};

TEST_F(WitnessSuiteTest, TwoWitnessesFollowOneLog) {
  Grow(2);
  EXPECT_EQ(Look("north").exit_code, 1) << "the first contact is a person's decision";
  MustCosign("north", {"--trust_first"});
  MustCosign("south", {"--trust_first"});
  Grow(3);
  MustCosign("north");
  const uint64_t size = RememberedBy("north");
  EXPECT_EQ(CosignersOf(size), (std::vector<std::string>{"north.test/witness"}));
  // An auditor who trusts north more than the log.
  Grow(2);
  ExpectVerified({"export"}, {"north"});
  ExpectVerified({"prove", "users/ines"}, {"north"});
  // What one has seen the other can hold against the log.
  MustCosign("south", {"--note=" + Path("north/checkpoint.note")});
  EXPECT_GE(RememberedBy("south"), size);
  // A restart of the log is none of a witness's business.
  StopLog();
  StartLog();
  Grow();
  MustCosign("north");
}

TEST_F(WitnessSuiteTest, ALogThatNeverRestsHasCheckpointsOfAllWitnesses) {
  Grow(2);
  MustCosign("north", {"--trust_first"});
  MustCosign("south", {"--trust_first"});
  uint64_t size = 0;
  for (int look = 0; look < 3; ++look) {
    Grow(2);
    MustCosign("north");
    size = RememberedBy("north");
    Grow(2);
    MustCosign("south");
    EXPECT_GT(RememberedBy("south"), size) << "the newest, too";
    EXPECT_EQ(CosignersOf(size).size(), 2u);
  }
  Grow(2);
  ExpectVerified({"export"}, {"north", "south"});
  ExpectVerified({"prove", "users/ines"}, {"north", "south"});
}

TEST_F(WitnessSuiteTest, CheckpointsReachWhoeverFollowsTheEvents) {
  Grow(2);
  MustCosign("north", {"--trust_first"});
  const uint64_t size = RememberedBy("north");
  events::v1::PullEventsRequest request;
  request.add_types("meso.audit.v1.CheckpointSigned");
  events::v1::PullEventsResponse response;
  const auto stub = events::v1::EventService::NewStub(suite_.Channel("audit"));
  ASSERT_TRUE(suite_
                  .Call<events::v1::EventService>(
                      *stub, &events::v1::EventService::Stub::PullEvents,
                      suite_.Token("users/ada", {"chain_admin@*"}), request, &response)
                  .ok());
  ASSERT_GE(response.events_size(), 2) << "the first signature, and the cosignature";
  const events::v1::Event& last = response.events(response.events_size() - 1);
  EXPECT_EQ(last.subject(), LogKey().name);
  v1::CheckpointSigned told;
  ASSERT_TRUE(told.ParseFromString(last.data()));
  EXPECT_EQ(told.tree_size(), size);
  EXPECT_EQ(Cosigners(told.note()), (std::vector<std::string>{"north.test/witness"}));
  // Somebody who kept what was told holds it against the log later.
  std::ofstream(Path("told.note")) << told.note();
  const Shown shown = Look("south", {"--trust_first", "--note=" + Path("told.note")});
  EXPECT_EQ(shown.exit_code, 0) << shown.text;
}

TEST_F(WitnessSuiteTest, ALogRestoredFromAnOlderFileIsRefused) {
  Grow(2);
  StopLog();
  Save("older");
  StartLog();
  Grow(4);
  MustCosign("north", {"--trust_first"});
  MustCosign("south", {"--trust_first"});
  StopLog();
  Restore("older");
  StartLog();
  ExpectRefusal(Look("north"), "north", "cut back");
  // Nor is it good again once it has outgrown what was signed: it is another log then.
  while (Newest().tree_size() <= RememberedBy("south")) Grow(3);
  ExpectRefusal(Look("south"), "south", "not the beginning");
}

TEST_F(WitnessSuiteTest, AForkIsFoundByWhatTheOtherWitnessHasSeen) {
  Grow(2);
  MustCosign("north", {"--trust_first"});
  MustCosign("south", {"--trust_first"});
  StopLog();
  Save("fork");
  // One face, shown to north.
  StartLog();
  Grow(5);
  MustCosign("north");
  StopLog();
  Save("face");
  // Another face of the same key, shown to south: by itself it is consistent.
  Restore("fork");
  StartLog();
  const uint64_t seen = RememberedBy("north");
  while (Newest().tree_size() <= seen) Grow(2);
  MustCosign("south");
  ExpectRefusal(Look("south", {"--note=" + Path("north/checkpoint.note")}), "south", "two faces");
}

TEST_F(WitnessSuiteTest, ALogTruncatedBehindAWitnessedCheckpointIsRefused) {
  // More than a start and a look add.
  constexpr uint64_t kCut = 40;
  Grow(static_cast<int>(kCut));
  MustCosign("north", {"--trust_first"});
  const uint64_t size = RememberedBy("north");
  StopLog();
  // The tail is cut off as somebody with the file and SQL would, checkpoints and all; the log's own
  // check at start finds nothing.
  int exit_code = 0;
  RunCommand(
      {"python3", "-c",
       absl::StrCat("import sqlite3,sys\n"
                    "d=sqlite3.connect(sys.argv[1])\n"
                    "for t in [r[0] for r in d.execute(\"select name from sqlite_master "
                    "where type='trigger'\").fetchall()]: d.execute('drop trigger '+t)\n"
                    "n=",
                    size - kCut,
                    "\n"
                    "for t in ('audit_entry','audit_tree','audit_tree_upper','audit_payload_part',"
                    "'audit_key','audit_source_entry'): d.execute(f'delete from {t} where "
                    "entry_index>=?',(n,))\n"
                    "d.execute('delete from audit_checkpoint')\n"
                    "d.execute('delete from audit_cosignature')\n"
                    "d.commit()\n"),
       Path("data/audit.db")},
      &exit_code);
  ASSERT_EQ(exit_code, 0);
  ForgetWhatWasSigned();
  StartLog();
  ASSERT_LT(Newest().tree_size(), size);
  ExpectRefusal(Look("north"), "north", "cut back");
}

TEST_F(WitnessSuiteTest, AWitnessKilledBetweenRememberingAndCosigningGoesOn) {
  Grow(2);
  const Shown killed = Look("north", {"--trust_first"}, "witness.persisted=kill");
  EXPECT_EQ(killed.exit_code, 128 + 9) << killed.text;
  const uint64_t size = RememberedBy("north");
  EXPECT_GT(size, 0u) << "on disk before anybody can have the cosignature";
  EXPECT_TRUE(CosignersOf(size).empty());
  MustCosign("north");
  EXPECT_EQ(CosignersOf(RememberedBy("north")), (std::vector<std::string>{"north.test/witness"}));
  // Killed before the new content has its name: the old one is there, whole.
  const uint64_t before = RememberedBy("north");
  Grow(2);
  EXPECT_EQ(Look("north", {}, "file.before_rename=kill").exit_code, 128 + 9);
  EXPECT_EQ(RememberedBy("north"), before);
  MustCosign("north");
  EXPECT_GT(RememberedBy("north"), before);
}

TEST_F(WitnessSuiteTest, AChangeOfTheLogsKeyIsFollowedWithEitherKey) {
  Grow();
  MustCosign("north", {"--trust_first"});
  const std::string old_key = Contents(suite_.KeyFile("audit-log.pub"));
  StopLog();
  int exit_code = 0;
  RunCommand({suite_.Binary("mesoctl"), "admin", "log-key", "rotate", "--keys", suite_.KeyFile("")},
             &exit_code);
  ASSERT_EQ(exit_code, 0);
  ASSERT_NE(Contents(suite_.KeyFile("audit-log.pub")), old_key);
  StartLog({"--previous_log_key_file=" + suite_.KeyFile("audit-log.previous.key")});
  Grow();
  // During the overlap one key is enough, either; the remembered note is signed by the old one.
  MustCosign("north", {"--log_key=" + suite_.KeyFile("audit-log.previous.pub")});
  StopLog();
  // The file is emptied when the change is over; the command line may stay as it is.
  std::ofstream(Path("no.key")) << "";
  StartLog({"--previous_log_key_file=" + Path("no.key")});
  Grow();
  const Shown shown = Look("north");
  EXPECT_EQ(shown.exit_code, 0) << shown.text << "what it remembers was signed by both";
  v1::ListEntriesRequest request;
  request.set_filter("object_type = \"LogKey\"");
  v1::ListEntriesResponse response;
  ASSERT_TRUE(
      suite_.Call<v1::AuditService>(*stub_, &Stub::ListEntries, auditor_, request, &response).ok());
  ASSERT_EQ(response.entries_size(), 1) << "the change of the key is an entry";
}

TEST_F(WitnessSuiteTest, TheSameWordsStartAWitnessAgain) {
  Grow(2);
  std::ofstream(Path("first.note")) << Newest().note();
  const std::vector<std::string> words = {"--checkpoint=" + Path("first.note")};
  MustCosign("north", words);
  const uint64_t remembered = RememberedBy("north");
  Grow(3);
  MustCosign("north", words);
  EXPECT_GT(RememberedBy("north"), remembered);
  // The first one, too, as `audit checkpoint -o json` shows it.
  ChildProcess json;
  std::ofstream(Path("auditor.token")) << auditor_;
  json.Start({suite_.Binary("mesoctl"), "audit", "checkpoint", "-o", "json",
              "--token_file=" + Path("auditor.token"), "--audit_address=" + suite_.Socket("audit")},
             Path("first.json"), {{"MESO_CONFIG", Path("no-contexts")}});
  ASSERT_EQ(json.Wait(), 0);
  MustCosign("south", {"--checkpoint=" + Path("first.json")});
}

// As a site runs it: it outlives the log, and goes on by itself.
TEST_F(WitnessSuiteTest, AWitnessThatStaysUpFollowsALogThatIsStoppedAndStarted) {
  Grow(2);
  ChildProcess north;
  StartWitness(north, "north", {"--trust_first", "--interval=1s"});
  const auto cosigned = [this] {
    size_t count = 0;
    const std::string text = Contents(Out("north"));
    for (size_t at = 0; (at = text.find("cosigned ", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  ASSERT_TRUE(WaitUntil([&] { return cosigned() > 0; })) << Contents(Out("north"));
  const uint64_t before = RememberedBy("north");
  StopLog();
  ASSERT_TRUE(WaitUntil([&] { return absl::StrContains(Contents(Out("north")), "UNAVAILABLE"); }))
      << "it says that nobody answers";
  const size_t seen = cosigned();
  StartLog();
  EXPECT_GT(Grow(2), before);
  ASSERT_TRUE(WaitUntil([&] { return cosigned() > seen; })) << Contents(Out("north"));
  EXPECT_GT(RememberedBy("north"), before);
  EXPECT_TRUE(north.running());
  // What it then meets ends it, as it ends one look.
  std::ofstream(Path("north/refused"), std::ios::trunc) << "The log has been cut back.\n";
  EXPECT_EQ(north.Wait(), kRefused);
  EXPECT_TRUE(absl::StrContains(Contents(Out("north")), "REFUSED")) << Contents(Out("north"));
}

TEST_F(WitnessSuiteTest, WhatAnotherLogSaysIsNoEvidenceAgainstThisOne) {
  Grow(2);
  MustCosign("north", {"--trust_first"});
  const std::string remembered = Contents(Path("north/checkpoint.note"));
  // Another key than the log signs with, as after a change that has not reached the witness.
  int exit_code = 0;
  RunCommand(
      {suite_.Binary("mesoctl"), "admin", "init", Path("other"), "--log_name", LogKey().name},
      &exit_code);
  ASSERT_EQ(exit_code, 0);
  const Shown other = Look("south", {"--trust_first", "--log_key=" + Path("other/audit-log.pub")});
  EXPECT_EQ(other.exit_code, kRefused) << other.text;
  EXPECT_TRUE(absl::StrContains(other.text, "not the log's word")) << other.text;
  EXPECT_FALSE(fs::exists(Path("south/refused")));
  EXPECT_FALSE(fs::exists(Path("south/checkpoint.note")));
  // The change is over before the witness has the new key: what it is offered is signed by nobody
  // it knows.
  StopLog();
  RunCommand({suite_.Binary("mesoctl"), "admin", "log-key", "rotate", "--keys", suite_.KeyFile("")},
             &exit_code);
  ASSERT_EQ(exit_code, 0);
  StartLog();
  Grow();
  const std::string old_key = "--log_key=" + suite_.KeyFile("audit-log.previous.pub");
  const Shown late = Look("north", {old_key});
  EXPECT_EQ(late.exit_code, kRefused) << late.text;
  EXPECT_TRUE(absl::StrContains(late.text, "--log_key may be given twice")) << late.text;
  EXPECT_FALSE(fs::exists(Path("north/refused")));
  EXPECT_FALSE(fs::exists(Path("north/evidence")));
  EXPECT_EQ(Contents(Path("north/checkpoint.note")), remembered);
  MustCosign("north", {old_key, "--log_key=" + suite_.KeyFile("audit-log.pub")});
}

}  // namespace
}  // namespace meso
