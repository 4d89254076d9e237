// Version 2 of a bundle: the key index, bundles of one key, payloads in parts, filters held against
// the entries, sources' numbers and cosignatures.
#include <gtest/gtest.h>

#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/audit/domain/bundle_record.h"
#include "tests/services/audit/domain/bundle_samples.h"

namespace meso::audit {
namespace {

VerifyOptions Options() {
  VerifyOptions options;
  options.keys = {SampleKey()->verifier()};
  options.witnesses = {SampleWitness(1)->verifier(), SampleWitness(2)->verifier()};
  return options;
}

VerifyReport Verify(const std::string& bundle, const VerifyOptions& options = Options()) {
  std::istringstream in(bundle);
  return VerifyBundle(in, options);
}

// The problem a bundle is refused with; "" when it is not refused.
std::string Problem(const std::string& bundle, const VerifyOptions& options = Options()) {
  const VerifyReport report = Verify(bundle, options);
  EXPECT_EQ(report.ok, report.problem.empty());
  return report.problem;
}

Key Patient(int number) {
  Hasher hasher;
  return {KeyKind::kPatient,
          SamplePseudonyms().PseudonymOf(absl::StrCat("patients/p-", number), hasher)};
}

const IndexedLog& Log() {
  static const auto* log = new IndexedLog(300, {64, 200}, {100, 256});
  return *log;
}

TEST(BundleV2Test, VerifiesAWholeLogAndDerivesItsIndex) {
  for (const uint64_t size : {0, 1, 2, 7, 300}) {
    const IndexedLog log(size, {},
                         size == 300 ? std::vector<uint64_t>{1, 256} : std::vector<uint64_t>{});
    const VerifyReport report = Verify(log.LogBundle());
    EXPECT_TRUE(report.ok) << size << ": " << report.problem;
    EXPECT_EQ(report.version, 2u);
    EXPECT_EQ(report.entries, size);
    EXPECT_EQ(report.runs, log.runs.size());
    EXPECT_TRUE(report.index_derived);
    EXPECT_EQ(report.sources, std::min<uint64_t>(size, 2));
    ASSERT_EQ(report.witnessed.size(), 2u);
    EXPECT_EQ(report.witnessed[1].size, size);
    EXPECT_EQ(report.root, ParseCheckpoint(log.checkpoints.back())->root);
  }
}

TEST(BundleV2Test, CountsPayloadsPartsAndWhatIsWithheld) {
  const VerifyReport with = Verify(Log().LogBundle());
  uint64_t payloads = 0;
  uint64_t withheld = 0;
  for (const BundleEntry& entry : Log().entries) {
    payloads += entry.payload.empty() ? 0 : 1;
    for (const BundlePart& part : entry.parts) ++(part.payload.empty() ? withheld : payloads);
  }
  EXPECT_GT(withheld, 20u);
  EXPECT_EQ(with.payloads, payloads);
  EXPECT_EQ(with.withheld, withheld);
  const VerifyReport without = Verify(Log().LogBundle(false));
  EXPECT_TRUE(without.ok) << without.problem;
  EXPECT_EQ(without.payloads, 0u);
}

TEST(BundleV2Test, HoldsTheFilterAgainstEveryEntry) {
  const std::string filter = "(site = \"sites/par-1\" AND NOT outcome = \"2\")";
  const std::string bundle = Log().LogBundle(true, filter);
  const VerifyReport report = Verify(bundle);
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.entries, 120u);
  EXPECT_EQ(report.left_out, 180u);
  EXPECT_FALSE(report.index_derived) << "not every entry is there";
  EXPECT_EQ(report.runs, 3u);

  const auto with_filter = [&bundle](const std::string& text) {
    return Problem(ChangeRecord(bundle, kHeaderRecord, 0, [&text](std::string& body) {
      BundleHeader header = *DecodeHeader(body);
      header.filter = text;
      body = EncodeHeader(header);
    }));
  };
  EXPECT_EQ(with_filter("(site = \"sites/syd-1\" AND NOT outcome = \"2\")"),
            "entries/1: the bundle's filter does not let it in");
  for (const char* text :
       {"site", "site = sites/par-1", "site =  \"sites/par-1\"", "time > \"now\"",
        "(site = \"sites/par-1\")", "patient = \"patients/p-1\"", "outcome = \"OK\""}) {
    EXPECT_EQ(with_filter(text), "The header's filter is not spelled as a bundle spells it.")
        << text;
  }
}

TEST(BundleV2Test, NumbersOfASourceHaveNeitherGapNorRepetition) {
  const auto renumbered = [](uint64_t index, uint64_t sequence, const std::string& filter) {
    IndexedLog log(20);
    Leaf leaf = *DecodeLeaf(log.entries[index].leaf, index);
    leaf.source.sequence = sequence;
    log.entries[index].leaf = EncodeLeaf(leaf);
    log.Resign();
    return Problem(log.LogBundle(true, filter));
  };
  EXPECT_EQ(renumbered(6, 4, ""), "");
  EXPECT_EQ(renumbered(6, 5, ""),
            "entries/6: its source's number is 5 behind 3: entries are missing or repeated");
  EXPECT_EQ(renumbered(6, 3, ""),
            "entries/6: its source's number is 3 behind 3: entries are missing or repeated");
  EXPECT_EQ(renumbered(0, 2, ""),
            "entries/0: its source's number is 2 behind 0: entries are missing or repeated");
  // With entries left out gaps say nothing, a step back still does.
  EXPECT_EQ(renumbered(7, 9, "site = \"sites/par-1\""),
            "entries/9: its source's number is 5 behind 9: entries are missing or repeated");
  EXPECT_EQ(renumbered(19, 17, "site = \"sites/par-1\""), "");
}

// In the first run, one between and the last, which only the end of the bundle completes.
TEST(BundleV2Test, FindsAnIndexThatHidesAnEntry) {
  Hasher hasher;
  const std::vector<std::pair<uint64_t, std::string>> cases = {{40, "entries/0 to entries/99"},
                                                               {130, "entries/100 to entries/255"},
                                                               {299, "entries/256 to entries/299"}};
  for (const auto& [at, run] : cases) {
    IndexedLog log(300, {}, {100, 256});
    // The log itself takes one entry out of its index and signs that.
    const std::string hidden = log.entries[at].leaf;
    Leaf leaf = *DecodeLeaf(hidden, at);
    leaf.keys.pop_back();
    leaf.keys.erase(leaf.keys.begin());
    log.entries[at].leaf = EncodeLeaf(leaf);
    log.Resign();
    const std::vector<IndexRun> lying = log.runs;
    log.entries[at].leaf = hidden;
    log.Resign();
    log.runs = lying;
    const Checkpoint newest = *ParseCheckpoint(log.checkpoints.back());
    log.checkpoints = {SignCheckpoint(300, newest.root, IndexRoot(lying, hasher), *SampleKey())};
    EXPECT_EQ(Problem(log.LogBundle()),
              absl::StrCat("The key index the log signed is not the one of its entries: that of ",
                           run, " has other keys or other entries under them."));
  }
}

TEST(BundleV2Test, TheIndexIsTheSignedOneAndInItsPlace) {
  const std::string bundle = Log().LogBundle();
  const auto changed = [&bundle](const std::function<void(std::vector<BundleRun>&)>& change) {
    return Problem(ChangeRecord(bundle, kIndexRecord, 0, [&change](std::string& body) {
      std::vector<BundleRun> runs = *DecodeIndex(body);
      change(runs);
      body = EncodeIndex(runs);
    }));
  };
  const std::string not_signed = "The key index is not the one the newest checkpoint signs.";
  EXPECT_EQ(changed([](auto& runs) { runs[1].begin = 99; }), not_signed);
  EXPECT_EQ(changed([](auto& runs) { runs[0].end = 101, runs[1].begin = 101; }), not_signed);
  EXPECT_EQ(changed([](auto& runs) { runs[2].keys += 1; }), not_signed);
  EXPECT_EQ(changed([](auto& runs) { runs[2].root[3] ^= 1; }), not_signed);
  EXPECT_EQ(changed([](auto& runs) { runs.pop_back(); }), not_signed);
  EXPECT_EQ(changed([](auto& runs) { std::swap(runs[0], runs[1]); }), not_signed);

  std::vector<RecordAt> records = RecordsOf(bundle);
  std::vector<RecordAt> without = records;
  without.erase(without.begin() + 4);
  EXPECT_EQ(Problem(BundleOf(without)),
            "The key index the newest checkpoint signs is not in the bundle.");
  std::vector<RecordAt> twice = records;
  twice.insert(twice.begin() + 4, records[4]);
  EXPECT_EQ(Problem(BundleOf(twice)), "entries/0: an index stands behind entries");
  EXPECT_EQ(Problem(BundleOf(records, 1)), "entries/0: a record of an unknown type")
      << "version 1 has no index";
}

TEST(BundleV2Test, ABundleOfOneKeyHoldsAllItsEntries) {
  const std::vector<Key> keys = {Patient(1),
                                 {KeyKind::kLot, kLot},
                                 {KeyKind::kSite, "sites/par-1"},
                                 {KeyKind::kActor, "users/u2"},
                                 {KeyKind::kAppointment, kAppointment}};
  for (const Key& key : keys) {
    for (const bool payloads : {true, false}) {
      uint64_t expected = 0;
      for (uint64_t i = 0; i < 300; ++i) {
        expected += DecodeLeaf(Log().entries[i].leaf, i)->HasKey(key.kind, key.value) ? 1 : 0;
      }
      const VerifyReport report = Verify(Log().KeyBundle(key, payloads));
      EXPECT_TRUE(report.ok) << report.problem;
      EXPECT_EQ(report.entries, expected);
      EXPECT_GT(expected, 40u);
      EXPECT_EQ(report.header.key, key);
      EXPECT_EQ(report.runs, 3u);
      EXPECT_EQ(report.checkpoints, 1u);
    }
  }
}

TEST(BundleV2Test, ABundleOfOneKeyProvesThatThereIsNoEntry) {
  for (int i = 0; i < 30; ++i) {
    const Key key = {KeyKind::kLot, absl::StrCat("lots/none-", i)};
    const VerifyReport report = Verify(Log().KeyBundle(key));
    EXPECT_TRUE(report.ok) << report.problem;
    EXPECT_EQ(report.entries, 0u);
  }
  EXPECT_TRUE(Verify(IndexedLog(0).KeyBundle(Patient(1))).ok);
}

TEST(BundleV2Test, AnEntryHasEitherItsRowOfTheTreeOrItsPath) {
  const auto with = [](const std::string& bundle, const std::function<void(BundleEntry*)>& change) {
    return Problem(ChangeRecord(bundle, kEntryRecord, 0, [&change](std::string& body) {
      BundleEntry entry = *DecodeEntry(body);
      change(&entry);
      body = EncodeEntry(entry);
    }));
  };
  const std::string hash(32, 'h');
  EXPECT_NE(with(Log().LogBundle(), [&](BundleEntry* entry) { entry->path = hash; }), "");
  EXPECT_NE(with(Log().KeyBundle(Patient(1)), [&](BundleEntry* entry) { entry->hashes = hash; }),
            "");
}

TEST(BundleV2Test, ABundleOfOneKeyThatHidesAnEntryIsRefused) {
  const Key key = Patient(1);
  const std::string bundle = Log().KeyBundle(key);
  ASSERT_EQ(Problem(bundle), "");
  const std::vector<RecordAt> records = RecordsOf(bundle);
  ASSERT_EQ(records[3].type, kKeyProofRecord);
  ASSERT_EQ(records[6].type, kEntryRecord);
  const uint64_t first = DecodeEntry(records[6].body)->index;
  const uint64_t second = DecodeEntry(records[7].body)->index;
  const auto without = [&records](size_t which) {
    std::vector<RecordAt> fewer = records;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(which));
    return BundleOf(fewer);
  };
  // The entry alone.
  EXPECT_EQ(Problem(without(6)),
            absl::StrCat("entries/", first, ": entries/", second, " stands in its place"));
  const uint64_t last = DecodeEntry(records[records.size() - 2].body)->index;
  EXPECT_EQ(Problem(without(records.size() - 2)),
            absl::StrCat("entries/", last, ": the bundle ends before it"));
  // The entry and its posting.
  const std::string shorter = ChangeRecord(without(6), kKeyProofRecord, 0, [&](std::string& body) {
    BundleKeyProof proof = *DecodeKeyProof(body);
    std::vector<uint64_t> indexes = *DecodePostings(proof.postings, 0, 100);
    indexes.erase(indexes.begin());
    proof.postings = EncodePostings(0, indexes);
    body = EncodeKeyProof(proof);
  });
  const std::string no_proof =
      "The bundle does not prove its key: the proof of the key for entries/0 to entries/99 does "
      "not hold.";
  EXPECT_EQ(Problem(shorter), no_proof);
  // A run's proof.
  EXPECT_EQ(Problem(without(3)),
            "The bundle does not prove its key: the proof of the key in run 0 is missing.");
  EXPECT_EQ(Problem(without(5)),
            "The bundle does not prove its key: a run of the index has no proof.");
  // A claim that the key is not there.
  EXPECT_EQ(Problem(ChangeRecord(bundle, kKeyProofRecord, 0,
                                 [&](std::string& body) {
                                   BundleKeyProof proof = *DecodeKeyProof(body);
                                   proof.left = proof.found;
                                   proof.found.reset();
                                   proof.postings.clear();
                                   body = EncodeKeyProof(proof);
                                 })),
            no_proof);
  // Runs that are not those of the signed index.
  EXPECT_EQ(Problem(ChangeRecord(bundle, kIndexRecord, 0,
                                 [](std::string& body) {
                                   std::vector<BundleRun> runs = *DecodeIndex(body);
                                   runs[0].end = runs[1].begin = 90;
                                   body = EncodeIndex(runs);
                                 })),
            "The key index is not the one the newest checkpoint signs.");
}

TEST(BundleV2Test, ABundleOfOneKeyIsStrict) {
  const std::string bundle = Log().KeyBundle(Patient(1));
  const std::vector<RecordAt> records = RecordsOf(bundle);
  const auto with = [&records](size_t at, const RecordAt& record) {
    std::vector<RecordAt> more = records;
    more.insert(more.begin() + static_cast<std::ptrdiff_t>(at), record);
    return Problem(BundleOf(more));
  };
  EXPECT_EQ(with(2, records[1]), "The checkpoints are not in the order of their sizes.");
  RecordAt older = records[1];
  older.body = Log().checkpoints[0];
  EXPECT_EQ(with(1, older), "A bundle of one key has one checkpoint.");
  EXPECT_EQ(with(6, records[5]),
            "The bundle does not prove its key: there are more proofs of the key than runs.");
  EXPECT_TRUE(absl::EndsWith(with(8, records[5]), "a proof of the key stands behind entries"));
  EXPECT_EQ(with(records.size() - 1, records[records.size() - 2]),
            "The bundle has more entries than its index has under the key.");
  RecordAt left_out = records[6];
  left_out.type = kLeftOutRecord;
  left_out.body = EncodeLeftOut({0, std::string(32, 'x')});
  EXPECT_TRUE(absl::EndsWith(with(6, left_out), "left out of a bundle that has no filter"));
  const auto header = [&bundle](const std::function<void(BundleHeader&)>& change) {
    return Problem(ChangeRecord(bundle, kHeaderRecord, 0, [&change](std::string& body) {
      BundleHeader header = *DecodeHeader(body);
      change(header);
      body = EncodeHeader(header);
    }));
  };
  EXPECT_EQ(header([](BundleHeader& h) { h.filter = "site = \"sites/par-1\""; }),
            "The bundle's header is damaged.");
  EXPECT_EQ(header([](BundleHeader& h) { h.key->kind = KeyKind::kRequest; }),
            "The bundle's header is damaged.");
  EXPECT_EQ(header([](BundleHeader& h) { h.key->value = ""; }), "The bundle's header is damaged.");
  EXPECT_EQ(header([](BundleHeader& h) { h.key = Patient(2); }),
            "The bundle does not prove its key: the proof of the key for entries/0 to entries/99 "
            "does not hold.");
  EXPECT_EQ(header([](BundleHeader& h) { h.key.reset(); }),
            "entries/0: a proof of a key in a bundle without a key");
}

TEST(BundleV2Test, AnIndexThatNamesAnEntryWithoutTheKeyIsRefused) {
  // The log's index has entry 5 under a lot that the entry does not name, so that another's place
  // could be taken.
  IndexedLog log(10);
  Leaf leaf = *DecodeLeaf(log.entries[5].leaf, 5);
  const std::string honest = log.entries[5].leaf;
  leaf.keys.push_back({KeyKind::kLot, "lots/zz"});
  std::sort(leaf.keys.begin(), leaf.keys.end());
  log.entries[5].leaf = EncodeLeaf(leaf);
  log.Resign();
  const std::vector<IndexRun> runs = log.runs;
  const std::vector<std::vector<RunKey>> run_keys = log.run_keys;
  log.entries[5].leaf = honest;
  log.Resign();
  Hasher hasher;
  log.runs = runs;
  log.run_keys = run_keys;
  log.checkpoints = {SignCheckpoint(10, ParseCheckpoint(log.checkpoints.back())->root,
                                    IndexRoot(runs, hasher), *SampleKey())};
  const std::string bundle = log.KeyBundle({KeyKind::kLot, "lots/zz"});
  std::vector<RecordAt> records = RecordsOf(bundle);
  RecordAt entry = records.back();
  entry.type = kEntryRecord;
  entry.body = EncodeEntry(log.WithPath(5));
  records.insert(records.end() - 1, entry);
  EXPECT_EQ(Problem(BundleOf(records)),
            "entries/5: the index has it under the key, but it does not hold the key");
}

TEST(BundleV2Test, PayloadPartsAreHeldAgainstTheirCommitments) {
  const std::string bundle = IndexedLog(13).LogBundle();
  const auto entry_4 = [&bundle](const std::function<void(BundleEntry&)>& change) {
    return Problem(ChangeRecord(bundle, kEntryRecord, 4, [&change](std::string& body) {
      BundleEntry entry = *DecodeEntry(body);
      change(entry);
      body = EncodeEntry(entry);
    }));
  };
  const std::string not_committed = "entries/4: its payload is not the one the log committed to";
  EXPECT_EQ(entry_4([](BundleEntry& e) { e.parts[0].salt = e.parts[0].payload = ""; }), "")
      << "erased or withheld: the commitment stands for it";
  EXPECT_EQ(entry_4([](BundleEntry& e) { e.parts[0].salt = ""; }), not_committed);
  EXPECT_EQ(entry_4([](BundleEntry& e) { e.parts[0].payload = ""; }), not_committed);
  EXPECT_EQ(entry_4([](BundleEntry& e) { e.parts[0].payload += "x"; }), not_committed);
  EXPECT_EQ(entry_4([](BundleEntry& e) { e.parts[1].commitment[0] ^= 1; }), not_committed);
  EXPECT_EQ(entry_4([](BundleEntry& e) { std::swap(e.parts[0], e.parts[1]); }), not_committed);
  EXPECT_EQ(entry_4([](BundleEntry& e) { e.parts.pop_back(); }), not_committed);
  EXPECT_EQ(entry_4([](BundleEntry& e) { e.parts.clear(); }), not_committed);
  EXPECT_EQ(entry_4([](BundleEntry& e) { e.parts.push_back({""}); }), not_committed);
  EXPECT_EQ(entry_4([](BundleEntry& e) { e.payload = "x"; }), not_committed);
  // 64 bytes as one commitment hash to the same: lengths count.
  EXPECT_EQ(
      entry_4([](BundleEntry& e) { e.parts = {{e.parts[0].commitment + e.parts[1].commitment}}; }),
      not_committed);
  // The payload of a leaf of the first schema may be withheld the same way.
  const auto entry_1 = [&bundle](const std::string& commitment) {
    return Problem(ChangeRecord(bundle, kEntryRecord, 1, [&commitment](std::string& body) {
      BundleEntry entry = *DecodeEntry(body);
      entry.salt = entry.payload = "";
      const std::string own = DecodeLeaf(entry.leaf, 1)->commitment;
      entry.parts = {{commitment.empty() ? own : commitment}};
      body = EncodeEntry(entry);
    }));
  };
  EXPECT_EQ(entry_1(""), "");
  EXPECT_EQ(entry_1(std::string(32, 'x')),
            "entries/1: its payload is not the one the log committed to");
}

TEST(BundleV2Test, CosignaturesCountForTheNewestCheckpoint) {
  IndexedLog log(20, {12});
  VerifyOptions options = Options();
  options.witnesses_needed = 2;
  EXPECT_EQ(Problem(log.LogBundle(), options), "");
  options.witnesses_needed = 3;
  EXPECT_EQ(Problem(log.LogBundle(), options),
            "The newest checkpoint, of 20 entries, has 2 of the 3 cosignatures needed; the first 0 "
            "entries have them.");
  const Checkpoint newest = *ParseCheckpoint(log.checkpoints.back());
  log.checkpoints[1] = SignCheckpoint(20, newest.root, newest.index_root, *SampleKey());
  options.witnesses_needed = 1;
  EXPECT_EQ(
      Problem(log.LogBundle(), options),
      "The newest checkpoint, of 20 entries, has 0 of the 1 cosignatures needed; the first 12 "
      "entries have them.");
  options.witnesses_needed = 0;
  const VerifyReport report = Verify(log.LogBundle(), options);
  ASSERT_EQ(report.witnessed.size(), 1u);
  EXPECT_EQ(report.witnessed[0].witness, "witness.test/par-1");
  EXPECT_EQ(report.witnessed[0].size, 12u);
  EXPECT_EQ(absl::ToUnixSeconds(report.witnessed[0].time), 1'700'000'901);
}

TEST(BundleV2Test, AKeyBundleIsComparedWithARememberedStateOfItsOwnSizeOnly) {
  const IndexedLog log(20, {12});
  const std::string bundle = log.KeyBundle(Patient(1));
  VerifyOptions options = Options();
  options.remembered = *ParseCheckpoint(log.checkpoints.back());
  EXPECT_EQ(Problem(bundle, options), "");
  options.remembered->root[0] ^= 1;
  EXPECT_EQ(Problem(bundle, options),
            "The log is not the one the remembered checkpoint was taken of.");
  options.remembered = *ParseCheckpoint(log.checkpoints.back());
  (*options.remembered->index_root)[0] ^= 1;
  const char* const kOtherIndex =
      "The remembered checkpoint signs another key index over the same entries.";
  EXPECT_EQ(Problem(bundle, options), kOtherIndex);
  EXPECT_EQ(Problem(log.LogBundle(), options), kOtherIndex);
  options.remembered->size = 21;
  EXPECT_TRUE(absl::StrContains(Problem(bundle, options), "cut back"));
  options.remembered = *ParseCheckpoint(log.checkpoints.front());
  EXPECT_EQ(Problem(bundle, options),
            "A bundle of one key can't be compared with the remembered checkpoint of 12 entries: "
            "export the log without a key.");
}

TEST(BundleV2Test, FindsEveryFlippedBitOfSmallBundles) {
  const IndexedLog log(5, {2}, {3});
  VerifyOptions options;
  options.keys = {SampleKey()->verifier()};
  for (const std::string& bundle : {log.LogBundle(), log.LogBundle(true, "site = \"sites/par-1\""),
                                    log.KeyBundle(Patient(1))}) {
    ASSERT_EQ(Problem(bundle), "");
    const std::vector<RecordAt> records = RecordsOf(bundle);
    // One bit of every byte.
    for (size_t byte = 0; byte < bundle.size(); ++byte) {
      std::string bad = bundle;
      bad[byte] = static_cast<char>(bad[byte] ^ (1 << byte % 8));
      const VerifyReport report = Verify(bad, options);
      ASSERT_FALSE(report.ok) << "byte " << byte;
      for (const RecordAt& record : records) {
        if (record.type != kEntryRecord || byte < record.begin + 5 || byte >= record.end) continue;
        EXPECT_EQ(report.first_bad_index, DecodeEntry(record.body)->index) << report.problem;
      }
    }
    for (size_t size = 0; size < bundle.size(); size += 13) {
      ASSERT_FALSE(Verify(bundle.substr(0, size), options).ok) << "cut at " << size;
    }
    EXPECT_EQ(Problem(bundle + "x"), "There are bytes behind the bundle's trailer.");
  }
}

}  // namespace
}  // namespace meso::audit
