// Ten thousand random single-bit edits of a log of 2,000 entries, each found: 4,500 in entries and
// payloads, 1,500 in nodes, 1,000 in the key index, all in rows of the store and by the service's
// own checks; 1,000 in checkpoints and 2,000 in bundles, by the verifier; and what somebody does on
// purpose: edit, delete, swap, replay, renumber, roll back, hide.
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/audit/domain/bundle_record.h"
#include "services/audit/domain/index_page.h"
#include "tests/services/audit/domain/bundle_samples.h"
#include "tests/services/audit/key_index_fixture.h"

namespace meso::audit {
namespace {

constexpr uint64_t kSize = 2000;
constexpr uint64_t kSeed = 20'261'129;

class TamperTest : public KeyIndexFixture {
 protected:
  void SetUp() override {
    std::cout << "seed " << kSeed << "\n";
    for (const uint64_t size : {500, 1000, 1500, 2000}) {
      Grow(size);
      Settle();
      ASSERT_TRUE(Sign().ok());
      clock_.Advance(absl::Hours(1));
    }
    Tamper("UPDATE audit_entry SET time_ns = time_ns WHERE entry_index < 0");  // takes off triggers
  }

  void FlipBit(std::string* bytes) {
    const size_t bit = random_() % (bytes->size() * 8);
    (*bytes)[bit / 8] = static_cast<char>((*bytes)[bit / 8] ^ (1 << bit % 8));
  }
  uint64_t AnyIndex() { return random_() % kSize; }

  // Runs `look` while `change` is in force, and takes it back.
  absl::Status While(const std::function<absl::Status(Transaction&)>& change,
                     const std::function<absl::Status(Transaction&)>& look) {
    absl::Status seen = absl::UnknownError("never looked");
    const absl::Status rolled_back = db()->Transact([&](Transaction& tx) -> absl::Status {
      const absl::Status changed = change(tx);
      if (!changed.ok()) return changed;
      seen = look(tx);
      return absl::AbortedError("taken back");
    });
    EXPECT_TRUE(absl::StrContains(rolled_back.message(), "taken back")) << rolled_back;
    return seen;
  }
  static absl::Status Update(Transaction& tx, const std::string& table, const std::string& column,
                             const std::string& key, int64_t at, const std::string& bytes) {
    return tx.Execute(
        Sql::Dynamic(absl::StrCat("UPDATE ", table, " SET ", column, " = $1 WHERE ", key, " = $2")),
        {Blob{bytes}, at});
  }
  std::string Load(const std::string& table, const std::string& column, const std::string& key,
                   int64_t at) {
    const auto rows = Write([&](Transaction& tx) {
      return tx.Query(
          Sql::Dynamic(absl::StrCat("SELECT ", column, " FROM ", table, " WHERE ", key, " = $1")),
          {at});
    });
    return rows.ok() && !rows->empty() ? rows->front().Bytes(0) : "";
  }
  absl::Status ProveIn(Transaction& tx, const std::string& name) {
    auto run = prove_.BeginProof(tx, Auditor(), {name, false});
    if (!run.ok()) return run.status();
    while (!(*run)->done) {
      auto step = prove_.ReadProofStep(tx, **run);
      if (!step.ok()) return step.status();
      const absl::Status written = ProveOperations::WriteProofStep(
          Auditor(), *std::move(step), [] { return absl::OkStatus(); }, run->get());
      if (!written.ok()) return written;
    }
    const VerifyReport report = Verify((*run)->writer.Take());
    return report.ok ? absl::OkStatus() : absl::DataLossError(report.problem);
  }
  // The name behind a key's hash.
  std::string NameOf(const Hash& key) {
    if (names_.empty()) {
      Hasher hasher;
      const PseudonymKey pseudonyms = SamplePseudonyms();
      const auto add = [&](KeyKind kind, const std::string& name) {
        const std::string value =
            kind == KeyKind::kPatient ? pseudonyms.PseudonymOf(name, hasher) : name;
        names_[IndexKeyHash({kind, value}, hasher)] = name;
      };
      for (uint64_t i = 0; i < kSize; ++i) add(KeyKind::kLot, LotOf(i));
      for (int i = 0; i < 50; ++i) add(KeyKind::kPatient, absl::StrCat("patients/q-", i));
      for (int i = 0; i < 4; ++i) {
        add(KeyKind::kPatient, absl::StrCat("patients/p-", i));
        add(KeyKind::kActor, absl::StrCat("users/u", i));
      }
      add(KeyKind::kLot, kLot);
      add(KeyKind::kAppointment, kAppointment);
      add(KeyKind::kActor, "services/scheduling");
      for (const char* site : {"sites/par-1", "sites/syd-1"}) add(KeyKind::kSite, site);
    }
    const auto found = names_.find(key);
    EXPECT_NE(found, names_.end());
    return found == names_.end() ? "" : found->second;
  }

  std::mt19937_64 random_{kSeed};
  std::map<Hash, std::string> names_;
};

TEST_F(TamperTest, FindsEveryBitOfEntriesAndPayloads) {
  int edits = 0;
  while (edits < 4500) {
    const uint64_t index = AnyIndex();
    const std::string part = absl::StrCat("part = ", random_() % 3, " AND entry_index");
    const std::string places[][3] = {{"audit_entry", "leaf", "entry_index"},
                                     {"audit_entry", "leaf", "entry_index"},
                                     {"audit_payload_part", "cipher", part},
                                     {"audit_payload_part", "commitment", part}};
    const auto& place = places[random_() % 4];
    std::string bytes = Load(place[0], place[1], place[2], static_cast<int64_t>(index));
    if (bytes.empty()) continue;
    FlipBit(&bytes);
    const absl::Status seen = While(
        [&](Transaction& tx) {
          return Update(tx, place[0], place[1], place[2], static_cast<int64_t>(index), bytes);
        },
        [&](Transaction& tx) { return ops_.GetEntry(tx, Auditor(), index).status(); });
    ASSERT_EQ(ReasonOf(seen), "LEAF_MISMATCH") << place[0] << " " << index << ": " << seen;
    ASSERT_TRUE(absl::StrContains(seen.message(), absl::StrCat("entries/", index, " "))) << seen;
    ++edits;
  }
}

// An entry whose path goes by the node that row `index` has at `level`.
uint64_t EntryBeside(uint64_t index, size_t level) {
  const uint64_t width = uint64_t{1} << level;
  const uint64_t begin = index + 1 - width;
  if (level == 0) return index;
  const bool right = (begin / width) % 2 == 1;
  return !right && index + 1 < kSize ? index + 1 : begin - 1;
}

TEST_F(TamperTest, FindsEveryBitOfNodes) {
  for (int edits = 0; edits < 1500; ++edits) {
    const bool upper = edits % 10 == 0;
    const uint64_t index = upper ? random_() % (kSize / 256) * 256 + 255 : AnyIndex();
    const std::string table = upper ? "audit_tree_upper" : "audit_tree";
    std::string row = Load(table, "hashes", "entry_index", static_cast<int64_t>(index));
    const std::string before = row;
    FlipBit(&row);
    size_t place = 0;
    while (row.substr(place * 32, 32) == before.substr(place * 32, 32)) ++place;
    const size_t level = upper ? place + kTreeRowLevels : place;
    const uint64_t entry = EntryBeside(index, level);
    const absl::Status seen = While(
        [&](Transaction& tx) {
          return Update(tx, table, "hashes", "entry_index", static_cast<int64_t>(index), row);
        },
        [&](Transaction& tx) {
          return ops_.GetInclusionProof(tx, Auditor(), {entry, 0}).status();
        });
    ASSERT_EQ(ReasonOf(seen), level == 0 ? "LEAF_MISMATCH" : "TREE_INCONSISTENT")
        << "row " << index << " level " << level << ": " << seen;
    ASSERT_TRUE(absl::StrContains(seen.message(), absl::StrCat("entries/", entry, " "))) << seen;
  }
}

TEST_F(TamperTest, FindsEveryBitOfTheKeyIndex) {
  const auto pages = Write([](Transaction& tx) {
    return tx.Query("SELECT page_id, run_id, body FROM audit_index_page ORDER BY page_id", {});
  });
  ASSERT_TRUE(pages.ok());
  ASSERT_GT(pages->size(), 20u);
  for (int edits = 0; edits < 700; ++edits) {
    const Row& page = (*pages)[random_() % pages->size()];
    std::string body = page.Bytes(2);
    const std::vector<PageKey> keys = *DecodePage(body);
    FlipBit(&body);
    // The first key that is no longer what it was; any, when the page can't be read at all.
    const std::optional<std::vector<PageKey>> changed = DecodePage(body);
    size_t which = 0;
    Hasher hasher;
    while (changed && which + 1 < keys.size() && which < changed->size() &&
           IndexLeafBytes(keys[which], hasher) == IndexLeafBytes((*changed)[which], hasher) &&
           keys[which].postings == (*changed)[which].postings) {
      ++which;
    }
    const std::string name = NameOf(keys[which].key);
    const absl::Status seen = While(
        [&](Transaction& tx) {
          return Update(tx, "audit_index_page", "body", "page_id", page.Int(0), body);
        },
        [&](Transaction& tx) { return ProveIn(tx, name); });
    ASSERT_EQ(ReasonOf(seen), "TREE_INCONSISTENT") << name << seen;
  }
  for (int edits = 0; edits < 200; ++edits) {
    std::string runs = Load("audit_index_root", "runs", "tree_size", kSize);
    FlipBit(&runs);
    const absl::Status seen = While(
        [&](Transaction& tx) {
          return Update(tx, "audit_index_root", "runs", "tree_size", kSize, runs);
        },
        [&](Transaction& tx) { return ProveIn(tx, kLot); });
    ASSERT_EQ(ReasonOf(seen), "TREE_INCONSISTENT") << seen;
  }
}

TEST_F(TamperTest, FindsEveryBitOfTheNodesOfTheKeyIndex) {
  const auto pages = Write([](Transaction& tx) {
    return tx.Query("SELECT page_id, run_id, body, hashes FROM audit_index_page ORDER BY page_id",
                    {});
  });
  ASSERT_TRUE(pages.ok());
  for (int edits = 0; edits < 100; ++edits) {
    const Row& page = (*pages)[random_() % pages->size()];
    std::string hashes = page.Bytes(3);
    FlipBit(&hashes);
    // A page's nodes are on the paths of other pages' keys.
    int refused = 0;
    int others = 0;
    for (const Row& other : *pages) {
      if (other.Int(1) != page.Int(1) || other.Int(0) == page.Int(0)) continue;
      ++others;
      const std::string name = NameOf(DecodePage(other.Bytes(2))->front().key);
      const absl::Status seen = While(
          [&](Transaction& tx) {
            return Update(tx, "audit_index_page", "hashes", "page_id", page.Int(0), hashes);
          },
          [&](Transaction& tx) { return ProveIn(tx, name); });
      ASSERT_TRUE(seen.ok() || ReasonOf(seen) == "TREE_INCONSISTENT") << seen;
      refused += seen.ok() ? 0 : 1;
    }
    ASSERT_GT(refused, 0) << "page " << page.Int(0) << " of " << others + 1;
  }
}

TEST_F(TamperTest, FindsEveryBitOfCheckpointsAndBundles) {
  const std::string whole = ExportBundle({"", true});
  const std::string key = *Prove("patients/q-7", true);
  ASSERT_TRUE(Verify(whole).ok) << Verify(whole).problem;
  ASSERT_TRUE(Verify(key).ok);
  int in_entries = 0;
  const auto flip_anywhere = [&](const std::string& bundle, int edits) {
    const std::vector<RecordAt> records = RecordsOf(bundle);
    for (int i = 0; i < edits; ++i) {
      std::string bad = bundle;
      const size_t bit = random_() % (bad.size() * 8);
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
      const VerifyReport report = Verify(bad);
      ASSERT_FALSE(report.ok) << "bit " << bit;
      for (const RecordAt& record : records) {
        if (record.type != kEntryRecord || bit / 8 < record.begin + 5 || bit / 8 >= record.end) {
          continue;
        }
        ++in_entries;
        // A node above the leaf is looked at with the next checkpoint, the rest at once.
        ASSERT_EQ(report.first_bad_index, DecodeEntry(record.body)->index) << report.problem;
      }
    }
  };
  flip_anywhere(whole, 400);
  flip_anywhere(key, 1600);
  EXPECT_GT(in_entries, 1500);
  // The notes as the store keeps them, in bundles exported with them.
  const std::vector<RecordAt> records = RecordsOf(whole);
  const auto notes =
      static_cast<size_t>(std::count_if(records.begin(), records.end(), [](const RecordAt& record) {
        return record.type == kCheckpointRecord;
      }));
  ASSERT_GE(notes, 3u);
  std::vector<RecordAt> head(records.begin(), records.begin() + 20);
  for (int edits = 0; edits < 1000; ++edits) {
    std::vector<RecordAt> changed = head;
    FlipBit(&changed[1 + random_() % notes].body);
    const VerifyReport report = Verify(BundleOf(changed));
    ASSERT_FALSE(report.ok);
    ASSERT_FALSE(report.first_bad_index.has_value()) << report.problem;
  }
}

// What the file answers: each piece as it is given out once checked, or "error".
std::vector<std::string> AnswersOf(const std::string& path, const Clock& clock,
                                   const AuditOperations& ops, const ProveOperations& prove) {
  std::vector<std::string> answers;
  SqliteOptions options;
  options.path = path;
  options.clock = &clock;
  absl::StatusOr<std::unique_ptr<Database>> db = OpenSqliteDatabase(options);
  if (!db.ok()) return answers;
  const auto ask = [&](const std::function<absl::StatusOr<std::string>(Transaction&)>& question) {
    absl::StatusOr<std::string> answer = absl::UnknownError("never asked");
    const absl::Status read = (*db)->Read([&](Transaction& tx) -> absl::Status {
      answer = question(tx);
      return answer.status();
    });
    answers.push_back(read.ok() && answer.ok() ? *answer : "error");
  };
  for (uint64_t index = 3; index < kSize; index += 187) {
    ask([&](Transaction& tx) -> absl::StatusOr<std::string> {
      const absl::StatusOr<ProvenEntry> entry = ops.GetEntry(tx, Auditor(), index);
      if (!entry.ok()) return entry.status();
      std::string bytes = entry->entry.leaf_bytes;
      for (const PayloadPart& part : entry->entry.parts) bytes += part.salt + part.payload;
      return bytes;
    });
    ask([&](Transaction& tx) -> absl::StatusOr<std::string> {
      const absl::StatusOr<EntryProof> proof = ops.GetInclusionProof(tx, Auditor(), {index, 0});
      if (!proof.ok()) return proof.status();
      std::string path_bytes = proof->checkpoint_note;
      for (const Hash& hash : proof->path) path_bytes += HashBytes(hash);
      return path_bytes;
    });
  }
  for (const char* name : {"patients/q-7", "patients/nobody"}) {
    ask([&](Transaction& tx) -> absl::StatusOr<std::string> {
      auto run = prove.BeginProof(tx, Auditor(), {name, false});
      if (!run.ok()) return run.status();
      while (!(*run)->done) {
        auto step = prove.ReadProofStep(tx, **run);
        if (!step.ok()) return step.status();
        const absl::Status written = ProveOperations::WriteProofStep(
            Auditor(), *std::move(step), [] { return absl::OkStatus(); }, run->get());
        if (!written.ok()) return written;
      }
      std::istringstream in((*run)->writer.Take());
      const VerifyReport report = VerifyBundle(in, {ops.verifier()}, nullptr);
      if (!report.ok) return absl::DataLossError(report.problem);
      return absl::StrCat(report.entries, " ", HashView(report.root));
    });
  }
  (*db)->Close();
  return answers;
}

TEST_F(TamperTest, ElsewhereInTheFileEveryAnswerIsUnchangedOrAnError) {
  temp_->Reopen();  // everything is in the file itself
  std::ifstream file(temp_->path(), std::ios::binary);
  const std::string good(std::istreambuf_iterator<char>(file), {});
  const TempDir dir;
  const std::string path = dir.path() + "/flipped.db";
  const auto answers = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return AnswersOf(path, clock_, ops_, prove_);
  };
  const std::vector<std::string> expected = answers(good);
  ASSERT_EQ(expected.size(), 24u);
  ASSERT_EQ(std::count(expected.begin(), expected.end(), "error"), 0);
  int errors = 0;
  for (int edits = 0; edits < 120; ++edits) {
    std::string bad = good;
    // Every other one in the pages where the file's own structure is.
    const size_t bits = (edits % 2 == 0 ? bad.size() : std::min<size_t>(bad.size(), 65536)) * 8;
    const size_t bit = random_() % bits;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    const std::vector<std::string> seen = answers(bad);
    errors += seen.empty() ? 1 : 0;
    for (size_t i = 0; i < seen.size(); ++i) {
      errors += seen[i] == "error" ? 1 : 0;
      ASSERT_TRUE(seen[i] == expected[i] || seen[i] == "error") << "bit " << bit << " answer " << i;
    }
  }
  EXPECT_GT(errors, 0);
}

// A bundle of the log as its store would give it out after `change`.
VerifyReport After(const std::function<void(IndexedLog&)>& change,
                   const std::optional<Checkpoint>& remembered = std::nullopt) {
  static const auto* original = new IndexedLog(200, {50, 120}, {64, 128});
  IndexedLog log = *original;
  change(log);
  std::istringstream in(log.LogBundle());
  return VerifyBundle(in, {SampleKey()->verifier()}, nullptr, remembered);
}

void Renumber(IndexedLog& log) {
  for (uint64_t i = 0; i < log.entries.size(); ++i) {
    Leaf leaf = *DecodeLeaf(log.entries[i].leaf, log.entries[i].index);
    leaf.index = log.entries[i].index = i;
    log.entries[i].leaf = EncodeLeaf(leaf);
  }
}

// Hashes and index made to fit the entries; the signatures stay what they were.
void Refit(IndexedLog& log) {
  const std::vector<std::string> notes = log.checkpoints;
  log.Resign();
  log.checkpoints = notes;
}

TEST(PurposeTest, WhatSomebodyDoesOnPurposeIsFound) {
  const auto bad = [](const std::function<void(IndexedLog&)>& change) {
    const VerifyReport report = After(change);
    EXPECT_FALSE(report.ok);
    return report;
  };
  EXPECT_TRUE(After([](IndexedLog&) {}).ok);
  const auto edit = [](IndexedLog& log) {
    Leaf leaf = *DecodeLeaf(log.entries[77].leaf, 77);
    leaf.reason = "EDITED";
    log.entries[77].leaf = EncodeLeaf(leaf);
  };
  EXPECT_EQ(bad(edit).first_bad_index, 77u);
  const VerifyReport refitted = bad([&edit](IndexedLog& log) {
    edit(log);
    const auto runs = log.runs;
    Refit(log);
    log.runs = runs;
  });
  EXPECT_EQ(refitted.first_bad_index, 50u) << "between two checkpoints";
  EXPECT_EQ(refitted.last_bad_index, 119u);
  const VerifyReport tail = bad([](IndexedLog& log) { log.entries.resize(190); });
  EXPECT_EQ(tail.problem, "No signed checkpoint covers the entries of the bundle.");
  EXPECT_EQ(bad([](IndexedLog& log) { log.entries.erase(log.entries.begin() + 60); }).problem,
            "No signed checkpoint covers the entries of the bundle.");
  const auto swap = [](IndexedLog& log) { std::swap(log.entries[30], log.entries[32]); };
  EXPECT_EQ(bad(swap).first_bad_index, 30u);
  EXPECT_EQ(bad([&swap](IndexedLog& log) {
              swap(log);
              Renumber(log);
              const auto runs = log.runs;
              Refit(log);
              log.runs = runs;
            }).first_bad_index,
            30u)
      << "the numbers of the source are out of order";
  const auto replay = [](IndexedLog& log) { log.entries[90] = log.entries[88]; };
  EXPECT_EQ(bad(replay).first_bad_index, 90u);
  EXPECT_EQ(bad([&replay](IndexedLog& log) {
              replay(log);
              Renumber(log);
              log.Resign();
            }).problem,
            "entries/90: its source's number is 45 behind 45: entries are missing or repeated")
      << "even when the log signs it";
  EXPECT_EQ(bad([](IndexedLog& log) {
              log.entries.erase(log.entries.begin() + 60);
              Renumber(log);
              log.Resign();
            }).problem,
            "entries/61: its source's number is 32 behind 30: entries are missing or repeated");
}

TEST(PurposeTest, ARollbackIsFoundByARememberedCheckpoint) {
  const IndexedLog log(200, {50, 120});
  const IndexedLog back(150, {50, 120});
  const Checkpoint newest = *ParseCheckpoint(log.checkpoints.back());
  std::istringstream alone(back.LogBundle());
  EXPECT_TRUE(VerifyBundle(alone, {SampleKey()->verifier()}, nullptr).ok);
  std::istringstream in(back.LogBundle());
  const VerifyReport report = VerifyBundle(in, {SampleKey()->verifier()}, nullptr, newest);
  EXPECT_EQ(
      report.problem,
      "The log has been cut back: the remembered checkpoint has 200 entries, the bundle 150.");
  // Grown again with others in the place of what was lost.
  IndexedLog again(200, {50, 120});
  for (uint64_t i = 150; i < 200; ++i) {
    Leaf leaf = *DecodeLeaf(again.entries[i].leaf, i);
    leaf.actor.subject = "users/somebody-else";
    again.entries[i].leaf = EncodeLeaf(leaf);
  }
  again.Resign();
  std::istringstream grown(again.LogBundle());
  const VerifyReport fork = VerifyBundle(grown, {SampleKey()->verifier()}, nullptr, newest);
  EXPECT_FALSE(fork.ok);
  EXPECT_TRUE(absl::StrContains(fork.problem, "not the one the remembered checkpoint was taken of"))
      << fork.problem;
}

}  // namespace
}  // namespace meso::audit
