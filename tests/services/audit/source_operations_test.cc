// Intake seen from the log: sources with gaps, silence and hashes that disagree; entries of real
// outboxes through the real relay.
#include "services/audit/source_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/audit/audit_draft.h"
#include "common/audit/audit_heartbeat.h"
#include "common/audit/audit_relay.h"
#include "services/audit/events/audit_consumer.h"
#include "tests/services/audit/audit_log_fixture.h"

namespace meso::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class SourceOperationsTest : public AuditLogFixture {
 protected:
  SourcePage List(const SourceListRequest& request = {}) {
    auto page = Write([&](Transaction& tx) { return sources_.ListSources(tx, request); });
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *std::move(page) : SourcePage();
  }
  SourceView Only() {
    const SourcePage page = List();
    EXPECT_EQ(page.sources.size(), 1u);
    return page.sources.empty() ? SourceView() : page.sources[0];
  }

  // A source's database with a relay into this log.
  void Record(const std::string& patient = "") {
    AuditRecord record;
    record.time = source_.clock().Now();
    record.service = "inventory";
    record.method = "m";
    record.outcome = "OK";
    if (!patient.empty()) record.keys.emplace("patient", patient);
    ASSERT_TRUE(source_->Transact([&](Transaction& tx) { return AppendAudit(tx, record); }).ok());
  }
  void Beat() {
    ASSERT_TRUE(
        WriteHeartbeat(*source_, "inventory", source_.clock().Now(), absl::Minutes(1)).ok());
  }
  AuditDelivery delivery() {
    return [this](const AuditSource& from, const std::vector<AuditRecord>& records) {
      std::vector<AuditRecord> taken = records;
      if (damage_) {
        damage_(&taken);
        for (AuditRecord& record : taken) record.digest = DigestOf(record);  // as it arrived
      }
      return DeliverOwnEntries(*db(), ops_, from.service, from.epoch, taken, &sources_);
    };
  }
  void Deliver(int records_max = 256) {
    AuditRelayOptions options;
    options.records_max = records_max;
    AuditRelay relay(*source_, source_.clock(), delivery(), options);
    const absl::Status status = relay.DeliverNow();
    ASSERT_TRUE(status.ok()) << status;
  }
  std::vector<AuditRecord> OwnRecords() {
    std::vector<AuditRecord> records;
    EXPECT_TRUE(db()->Read([&](Transaction& tx) -> absl::Status {
                      records = *ListAuditAfter(tx, 0, 100);
                      return absl::OkStatus();
                    })
                    .ok());
    return records;
  }

  std::vector<std::pair<std::string, absl::Duration>> lags_;
  SourceOperations sources_{clock_, [this](const std::string& service, absl::Duration lag) {
                              lags_.emplace_back(service, lag);
                            }};
  TempDatabase source_{"inventory"};
  std::function<void(std::vector<AuditRecord>*)> damage_;
};

TEST_F(SourceOperationsTest, AgreesWithTheSourceHoweverItsEntriesWereDelivered) {
  for (const int records_max : {1, 2, 7, 256}) {
    for (int i = 0; i < 9; ++i) Record(i % 2 == 0 ? "patients/p-1" : "");
    Beat();  // over what still waits
    Deliver(records_max);
    Record();
    Deliver(records_max);
    Beat();  // over what has gone
    Record();
    Deliver(records_max);
    const SourceView source = Only();
    EXPECT_FALSE(source.row.state.hash_mismatch) << records_max;
    EXPECT_NE(source.row.state.heartbeat_time_ns, 0);
    EXPECT_FALSE(source.missing.has_value());
    EXPECT_TRUE(source.current);
  }
  // More than are hashed in one step, and nothing delivered between.
  for (int i = 0; i < 700; ++i) Record();
  Beat();
  Beat();
  Deliver();
  EXPECT_FALSE(Only().row.state.hash_mismatch);
  EXPECT_TRUE(OwnRecords().empty()) << "no complaint";
}

TEST_F(SourceOperationsTest, ShowsThatWhatCameIsNotWhatWasCommitted) {
  Record();
  damage_ = [](std::vector<AuditRecord>* records) { (*records)[0].reason = "SOMETHING_ELSE"; };
  Deliver();
  damage_ = nullptr;
  EXPECT_FALSE(Only().row.state.hash_mismatch) << "not known yet";
  Beat();
  Deliver();
  EXPECT_TRUE(Only().row.state.hash_mismatch);
  const std::vector<AuditRecord> own = OwnRecords();
  ASSERT_EQ(own.size(), 1u) << "the log says so in itself";
  EXPECT_EQ(own[0].method, "audit/sourceMismatch");
  EXPECT_THAT(own[0].object_name, HasSubstr("sources/inventory/epochs/"));
  EXPECT_TRUE(own[0].violation);
  Beat();
  Deliver();
  EXPECT_TRUE(Only().row.state.hash_mismatch);
  EXPECT_EQ(OwnRecords().size(), 1u) << "once";
}

// The hash is public. Were it made of the draft alone, whoever has an export could try out names.
// Source and log were upgraded while entries were on their way: each began to hash somewhere else.
TEST_F(SourceOperationsTest, ASourceFromBeforeThereWereHashesIsNotAccused) {
  for (int i = 0; i < 3; ++i) Record();
  Deliver();
  const auto forget = [](Database& database, const char* statement) {
    ASSERT_TRUE(database.Transact([&](Transaction& tx) { return tx.Execute(statement, {}); }).ok());
  };
  forget(*db(), "DELETE FROM audit_source_state");
  forget(*source_,
         "UPDATE meso_source SET audit_chain_sequence = audit_deleted, audit_chain_hash = "
         "x'0000000000000000000000000000000000000000000000000000000000000000'");
  Record();
  Beat();
  Deliver();
  EXPECT_FALSE(Only().row.state.hash_mismatch);
  Record();
  Beat();
  Deliver();
  EXPECT_FALSE(Only().row.state.hash_mismatch) << "from the first heartbeat on they agree";
  EXPECT_TRUE(OwnRecords().empty());
  Record();
  damage_ = [](std::vector<AuditRecord>* records) { records->front().method = "other"; };
  Deliver();
  damage_ = nullptr;
  Beat();
  Deliver();
  EXPECT_TRUE(Only().row.state.hash_mismatch);
}

TEST_F(SourceOperationsTest, TheSameEntryNeverGivesTheSameHash) {
  std::set<std::string> hashes;
  for (int i = 0; i < 3; ++i) {
    TempDatabase database("inventory");
    AuditRecord record;
    record.time = database.clock().Now();
    record.keys.emplace("patient", "patients/p-1");
    ASSERT_TRUE(database->Transact([&](Transaction& tx) { return AppendAudit(tx, record); }).ok());
    ASSERT_TRUE(
        WriteHeartbeat(*database, "inventory", database.clock().Now(), absl::Minutes(1)).ok());
    ASSERT_TRUE(database
                    ->Read([&](Transaction& tx) -> absl::Status {
                      hashes.insert((*ListAuditAfter(tx, 1, 1))[0].facts.at("running_hash"));
                      return absl::OkStatus();
                    })
                    .ok());
  }
  EXPECT_EQ(hashes.size(), 3u);
}

TEST_F(SourceOperationsTest, NamesWhatIsMissingBehindTheLastNumber) {
  ASSERT_TRUE(Append(Run(1, 5)).ok());
  EXPECT_FALSE(Only().missing.has_value());
  // It said with a delivery that there are more.
  Batch batch = Run(6, 6);
  batch.newest_sequence = 20;
  ASSERT_TRUE(Append(batch).ok());
  EXPECT_EQ(Only().missing, std::make_pair(uint64_t{7}, uint64_t{20}));
  EXPECT_EQ(Only().row.state.claimed_sequence, 20u);
  // The log is behind the source: it was set back, and the source has forgotten what it sent.
  sources_.NoteGap(Run(31, 33));
  EXPECT_EQ(Only().missing, std::make_pair(uint64_t{7}, uint64_t{33}));
  // It arrives after all.
  ASSERT_TRUE(Append(Run(7, 33)).ok());
  EXPECT_FALSE(Only().missing.has_value());
}

TEST_F(SourceOperationsTest, ASourceIsSilentAfterThreeHeartbeatsByTheLogsClock) {
  Batch batch = Run(1, 1);
  batch.drafts[0].method = "process/heartbeat";
  batch.drafts[0].facts = {{"interval_seconds", "10"}};
  ASSERT_TRUE(Append(batch).ok());
  clock_.Advance(absl::Seconds(30));
  EXPECT_FALSE(Only().silent);
  clock_.Advance(absl::Microseconds(1));
  EXPECT_TRUE(Only().silent);
  ASSERT_TRUE(Append(Run(2, 2)).ok());
  EXPECT_FALSE(Only().silent);
}

TEST_F(SourceOperationsTest, ListsByServiceTheNewestEpochFirstPageByPage) {
  constexpr char kNewer[] = "0198f2c4-0000-7000-8000-00000000e002";
  ASSERT_TRUE(Append(Run(1, 3)).ok());
  Batch restored = Run(1, 1);
  restored.epoch = kNewer;
  ASSERT_TRUE(Append(restored).ok());
  ASSERT_TRUE(Append(Run(1, 2, "inventory"), Caller("services/inventory", "service")).ok());
  clock_.Advance(absl::Hours(1));
  SourceListRequest request;
  request.page_size = 1;
  std::vector<std::string> seen;
  do {
    const SourcePage page = List(request);
    ASSERT_EQ(page.sources.size(), 1u);
    const SourceView& source = page.sources[0];
    seen.push_back(absl::StrCat(source.row.name, " ", source.row.epoch == kNewer ? "new" : "old",
                                " ", source.row.last_sequence, source.current ? " current" : "",
                                source.silent ? " silent" : ""));
    request.after = page.next_after;
  } while (!request.after.empty() && seen.size() < 10);
  EXPECT_THAT(seen, ElementsAre("inventory old 2 current silent", "scheduling new 1 current silent",
                                "scheduling old 3"));
}

TEST_F(SourceOperationsTest, MeasuresLagAndSilence) {
  Record();
  clock_.Set(source_.clock().Now() + absl::Milliseconds(40));
  Deliver();
  EXPECT_THAT(lags_, ElementsAre(Pair("inventory", absl::Milliseconds(40))));
  clock_.Advance(absl::Seconds(90));
  EXPECT_THAT(sources_.Silences(), ElementsAre(Pair("inventory", absl::Seconds(90))));
  // After a restart of the log.
  SourceOperations again(clock_);
  EXPECT_TRUE(again.Silences().empty());
  ASSERT_TRUE(db()->Read([&](Transaction& tx) { return again.LoadArrivals(tx); }).ok());
  EXPECT_THAT(again.Silences(), ElementsAre(Pair("inventory", absl::Seconds(90))));
}

}  // namespace
}  // namespace meso::audit
