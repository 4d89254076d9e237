#include "common/process/process_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_database.h"

namespace meso {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class ProcessJournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<ProcessJournal> Journal(std::map<std::string, std::string> flags = {
                                              {"listen", "127.0.0.1:1"}, {"redis", "none"}}) {
    JournalOptions options;
    options.service = "inventory";
    options.version = "1.2.3";
    options.interval = absl::Minutes(1);
    options.flags = std::move(flags);
    options.before_heartbeat = [this] { return held_back_ ? held_back_() : absl::OkStatus(); };
    auto journal = std::make_unique<ProcessJournal>(*db_, db_.clock(), std::move(options));
    journal->WatchKeyFile("jwks_file", jwks_, /*secret=*/false);
    journal->WatchKeyFile("offer_key_file", secret_, /*secret=*/true);
    return journal;
  }
  static void Write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
  }
  // The records since the last call.
  std::vector<AuditRecord> New() {
    std::vector<AuditRecord> records;
    EXPECT_TRUE(db_->Read([&](Transaction& tx) -> absl::Status {
                     records = *ListAuditAfter(tx, seen_, 1000);
                     return absl::OkStatus();
                   })
                    .ok());
    if (!records.empty()) seen_ = records.back().sequence;
    return records;
  }
  std::vector<std::string> NewMethods() {
    std::vector<std::string> methods;
    for (const AuditRecord& record : New()) methods.push_back(record.method);
    return methods;
  }

  TempDir dir_;
  TempDatabase db_{"inventory"};
  const std::string jwks_ = dir_.path() + "/jwks.json";
  const std::string secret_ = dir_.path() + "/offer.key";
  std::function<absl::Status()> held_back_;
  int64_t seen_ = 0;
};

TEST_F(ProcessJournalTest, StartHeartbeatsStop) {
  auto journal = Journal();
  ASSERT_TRUE(journal->Start().ok());
  std::vector<AuditRecord> records = New();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].method, "process/start");
  EXPECT_EQ(records[0].actor, "services/inventory");
  EXPECT_EQ(records[0].object_type, "Process");
  EXPECT_EQ(records[0].outcome, "OK");
  EXPECT_EQ(records[0].facts.at("version"), "1.2.3");
  EXPECT_EQ(records[0].facts.at("configuration").size(), 64u);
  EXPECT_EQ(records[0].facts.count("run_before"), 0u);
  EXPECT_EQ(records[1].method, "process/heartbeat");
  EXPECT_EQ(records[1].facts.at("sequence"), "1");
  EXPECT_EQ(records[1].facts.at("running_hash").size(), 64u);
  EXPECT_EQ(records[1].facts.at("interval_seconds"), "60");

  db_.clock().Advance(absl::Seconds(59));
  ASSERT_TRUE(journal->Tick().ok());
  EXPECT_THAT(New(), IsEmpty());
  db_.clock().Advance(absl::Seconds(1));
  ASSERT_TRUE(journal->Tick().ok());
  ASSERT_TRUE(journal->Tick().ok());
  EXPECT_THAT(NewMethods(), ElementsAre("process/heartbeat"));
  db_.clock().Advance(-absl::Hours(1));
  ASSERT_TRUE(journal->Tick().ok());
  EXPECT_THAT(NewMethods(), ElementsAre("process/heartbeat")) << "a clock set back silences nobody";

  ASSERT_TRUE(journal->Stop().ok());
  ASSERT_TRUE(journal->Stop().ok());
  ASSERT_TRUE(journal->Tick().ok());
  EXPECT_THAT(NewMethods(), ElementsAre("process/stop", "process/heartbeat"));
}

TEST_F(ProcessJournalTest, AnEndWithoutAStopIsToldByTheNextStart) {
  ASSERT_TRUE(Journal()->Start().ok());  // and gone
  auto second = Journal();
  ASSERT_TRUE(second->Start().ok());
  EXPECT_EQ(New().at(2).facts.at("run_before"), "ended without a stop");
  ASSERT_TRUE(second->Stop().ok());
  New();
  ASSERT_TRUE(Journal()->Start().ok());
  EXPECT_EQ(New().at(0).facts.count("run_before"), 0u);
}

TEST_F(ProcessJournalTest, ChangedFlagsAreNamedAndTheirValuesNot) {
  ASSERT_TRUE(Journal()->Start().ok());
  New();
  ASSERT_TRUE(Journal()->Start().ok());
  EXPECT_THAT(NewMethods(), ElementsAre("process/start", "process/heartbeat")) << "the same flags";
  ASSERT_TRUE(Journal({{"listen", "127.0.0.1:hush"}, {"heartbeat", "10s"}})->Start().ok());
  const std::vector<AuditRecord> records = New();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[1].method, "process/configuration");
  EXPECT_EQ(records[1].action, "U");
  EXPECT_EQ(records[1].facts.at("flags"), "heartbeat,listen,redis");
  EXPECT_EQ(records[1].facts.at("configuration"), records[0].facts.at("configuration"));
  for (const auto& [name, value] : records[1].facts) {
    EXPECT_THAT(value, Not(::testing::HasSubstr("hush")));
  }
  ASSERT_TRUE(Journal({{"listen", "127.0.0.1:hush"}, {"heartbeat", "10s"}})->Start().ok());
  EXPECT_THAT(NewMethods(), ElementsAre("process/start", "process/heartbeat"));
}

TEST_F(ProcessJournalTest, ChangedKeyFilesAreTold) {
  Write(jwks_, "one");
  Write(secret_, "secret one");
  auto journal = Journal();
  ASSERT_TRUE(journal->Start().ok());
  New();
  Write(jwks_, "another");
  Write(secret_, "secret number two");
  db_.clock().Advance(absl::Seconds(2));
  ASSERT_TRUE(journal->Tick().ok());
  std::vector<AuditRecord> records = New();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].method, "process/key");
  EXPECT_EQ(records[0].facts.at("flag"), "jwks_file");
  EXPECT_EQ(records[0].facts.at("sha256"),
            "ae448ac86c4e8e4dec645729708ef41873ae79c6dff84eff73360989487f08e5");
  EXPECT_EQ(records[1].facts.at("flag"), "offer_key_file");
  EXPECT_EQ(records[1].facts.count("sha256"), 0u) << "nothing of a secret";
  ASSERT_TRUE(journal->Tick().ok());
  EXPECT_THAT(New(), IsEmpty());
  ASSERT_TRUE(journal->Stop().ok());
  New();
  // Also what changed while nothing ran.
  Write(jwks_, "a third");
  ASSERT_TRUE(Journal()->Start().ok());
  EXPECT_THAT(NewMethods(), ElementsAre("process/start", "process/key", "process/heartbeat"));
}

TEST_F(ProcessJournalTest, ARestoreUnderANewEpochIsTold) {
  ASSERT_TRUE(Journal()->Start().ok());
  const std::string before = New().at(0).facts.at("epoch");
  ASSERT_TRUE(db_->Transact([](Transaction& tx) {
                   return tx.Execute(
                       "UPDATE meso_source SET epoch = '0198f2c4-0000-7000-8000-00000000e009'", {});
                 })
                  .ok());
  ASSERT_TRUE(Journal()->Start().ok());
  const AuditRecord start = New().at(0);
  EXPECT_EQ(start.facts.at("epoch_before"), before);
  EXPECT_EQ(start.facts.at("epoch"), "0198f2c4-0000-7000-8000-00000000e009");
}

TEST_F(ProcessJournalTest, WhatCannotBeWrittenIsMadeUpForAtTheNextTick) {
  held_back_ = [] { return absl::UnavailableError("the disk is full"); };
  auto journal = Journal();
  EXPECT_FALSE(journal->Start().ok());
  EXPECT_THAT(NewMethods(), ElementsAre("process/start"));
  EXPECT_FALSE(journal->Tick().ok());
  EXPECT_THAT(New(), IsEmpty());
  held_back_ = nullptr;
  ASSERT_TRUE(journal->Tick().ok());
  EXPECT_THAT(NewMethods(), ElementsAre("process/heartbeat"));

  ASSERT_TRUE(db_->Transact([](Transaction& tx) {
                   return tx.Execute("ALTER TABLE meso_audit RENAME TO away", {});
                 })
                  .ok());
  auto second = Journal();
  EXPECT_FALSE(second->Start().ok());
  ASSERT_TRUE(db_->Transact([](Transaction& tx) {
                   return tx.Execute("ALTER TABLE away RENAME TO meso_audit", {});
                 })
                  .ok());
  ASSERT_TRUE(second->Tick().ok());
  EXPECT_THAT(NewMethods(), ElementsAre("process/start", "process/heartbeat"));
}

}  // namespace
}  // namespace meso
