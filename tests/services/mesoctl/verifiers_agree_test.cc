// `mesoctl audit verify` and deploy/examples/python/verify_bundle.py, two programs written apart
// from each other, say the same of every bundle: valid ones, tampered ones, forged ones whose
// digests were made to fit.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/audit/domain/bundle_record.h"
#include "services/audit/domain/leaf.h"
#include "tests/services/audit/domain/bundle_samples.h"
#include "tests/services/mesoctl/mesoctl_run.h"
#include "tests/support/child_process.h"

namespace meso::mesoctl {
namespace {

using audit::BundleOf;
using audit::ChangeRecord;
using audit::IndexedLog;
using audit::RecordAt;
using audit::RecordsOf;
using nlohmann::json;

constexpr char kRunner[] = R"(
import contextlib, io, json, sys
sys.path.insert(0, "deploy/examples/python")
import verify_bundle
codes = []
for words in json.load(open(sys.argv[1])):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = verify_bundle.main(words)
        except SystemExit as end:
            code = end.code
    codes.append([code, said.getvalue()])
json.dump(codes, open(sys.argv[2], "w"))
)";

struct Case {
  std::string name;
  std::vector<std::string> words;  // behind "audit verify"
  std::optional<int> expected;     // the exit code; unset = what it is does not matter
};

class Cases {
 public:
  explicit Cases(std::string dir) : dir_(std::move(dir)) {}

  // `options` come behind the log's key.
  void Add(const std::string& name, const std::string& bundle, std::optional<int> expected,
           const std::vector<std::string>& options = {}) {
    AddWith(name, bundle, expected, WithKey(options));
  }
  // The keys are among the options.
  void AddWith(const std::string& name, const std::string& bundle, std::optional<int> expected,
               const std::vector<std::string>& options) {
    AddFileWith(name, File(absl::StrCat(cases_.size(), ".bundle"), bundle), expected, options);
  }
  // Of a file that is not made here.
  void AddFile(const std::string& name, const std::string& path, std::optional<int> expected,
               const std::vector<std::string>& options = {}) {
    AddFileWith(name, path, expected, WithKey(options));
  }
  void AddFileWith(const std::string& name, const std::string& path, std::optional<int> expected,
                   const std::vector<std::string>& options) {
    Case one = {name, {path}, expected};
    one.words.insert(one.words.end(), options.begin(), options.end());
    cases_.push_back(std::move(one));
  }
  std::string File(const std::string& name, const std::string& bytes) const {
    const std::string path = absl::StrCat(dir_, "/", name);
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  // Runs both and compares.
  void Run() const {
    json words = json::array();
    for (const Case& one : cases_) words.push_back(one.words);
    const std::string in = File("cases.json", words.dump());
    const std::string out = absl::StrCat(dir_, "/codes.json");
    const std::string runner = File("runner.py", kRunner);
    ASSERT_EQ(std::system(absl::StrCat("python3 ", runner, " ", in, " ", out).c_str()), 0);
    std::ifstream file(out);
    const json codes = json::parse(file);
    ASSERT_EQ(codes.size(), cases_.size());
    size_t held = 0;
    for (size_t i = 0; i < cases_.size(); ++i) {
      std::vector<std::string> line = {"audit", "verify"};
      line.insert(line.end(), cases_[i].words.begin(), cases_[i].words.end());
      const Ran ran = RunLine(line);
      const int code = static_cast<int>(ran.code);
      EXPECT_EQ(codes[i][0].get<int>(), code) << cases_[i].name << "\n"
                                              << ran.err << codes[i][1].get<std::string>();
      if (cases_[i].expected) {
        EXPECT_EQ(code, *cases_[i].expected) << cases_[i].name << "\n" << ran.err << ran.out;
      }
      held += code == 0 ? 1 : 0;
    }
    testing::Test::RecordProperty("cases", static_cast<int>(cases_.size()));
    testing::Test::RecordProperty("held", static_cast<int>(held));
  }

 private:
  static std::vector<std::string> WithKey(const std::vector<std::string>& options) {
    std::vector<std::string> words = {"--key", audit::SampleKey()->verifier().Encode()};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }

  const std::string dir_;
  std::vector<Case> cases_;
};

audit::Key Patient(int number) {
  audit::Hasher hasher;
  return {audit::KeyKind::kPatient,
          audit::SamplePseudonyms().PseudonymOf(absl::StrCat("patients/p-", number), hasher)};
}

const IndexedLog& Log() {
  static const auto* log = new IndexedLog(60, {16, 41}, {20, 52});
  return *log;
}

TEST(VerifiersAgreeTest, OnWhatHolds) {
  const TempDir dir;
  Cases cases(dir.path());
  for (const uint64_t size : {0, 1, 2, 7, 33}) {
    const IndexedLog log(size, {},
                         size > 7 ? std::vector<uint64_t>{5, 6} : std::vector<uint64_t>{});
    cases.Add(absl::StrCat("a log of ", size), log.LogBundle(), 0);
    cases.Add(absl::StrCat("a patient in a log of ", size), log.KeyBundle(Patient(1)), 0);
  }
  cases.Add("without payloads", Log().LogBundle(false), 0);
  const std::string pseudonym = Patient(1).value;
  for (const std::string& filter :
       {std::string("site = \"sites/par-1\""), std::string("NOT site : \"sites/par-1\""),
        std::string("(outcome = \"2\" OR NOT (actor = \"users/u1\" AND action != \"2\"))"),
        std::string("NOT (NOT violation = \"true\")"), std::string("violation != \"false\""),
        absl::StrCat("patient = \"pseudonyms/", pseudonym, "\""),
        std::string("(time >= \"1700000010000000070\" AND time < \"1700000030000000000\")"),
        std::string("time = \"1700000001000000007\""), std::string("time > \"-5\""),
        std::string("(role = \"doctor\" AND service = \"inventory\" AND purpose = \"TREAT\")"),
        std::string("role = \"none\""), std::string("reason = \"a \\\"quoted\\\" \\\\ value\""),
        absl::StrCat("(lot = \"", audit::kLot,
                     "\" AND object_type = \"Appointment\" AND object = \"", audit::kAppointment,
                     "\" AND appointment = \"", audit::kAppointment, "\")"),
        std::string("(correlation_id = \"c-3\" OR request_id = "
                    "\"0198f2c4-0000-4000-8000-000000000004\")"),
        std::string("method != \"x\"")}) {
    cases.Add(filter, Log().LogBundle(true, filter), 0);
  }
  for (const audit::Key& key : {Patient(2), audit::Key{audit::KeyKind::kLot, audit::kLot},
                                audit::Key{audit::KeyKind::kSite, "sites/syd-1"},
                                audit::Key{audit::KeyKind::kActor, "users/u3"}}) {
    cases.Add(key.value, Log().KeyBundle(key), 0);
    cases.Add(key.value + " without payloads", Log().KeyBundle(key, false), 0);
  }
  for (int i = 0; i < 12; ++i) {
    const audit::Key none = {audit::KeyKind::kLot, absl::StrCat("lots/none-", i)};
    cases.Add(none.value, Log().KeyBundle(none), 0);
  }
  // Version 1, as older logs wrote it.
  std::ifstream golden("tests/data/audit_bundle.bin", std::ios::binary);
  std::ostringstream bytes;
  bytes << golden.rdbuf();
  cases.Add("the golden bundle of version 1", bytes.str(), 0);
  const audit::SampleLog first(20, {0, 8, 20});
  cases.Add("version 1", first.Bundle(), 0);
  cases.Add("version 1 without payloads", first.Bundle(false), 0);
  cases.Run();
}

TEST(VerifiersAgreeTest, OnWitnessesAndRememberedCheckpoints) {
  const TempDir dir;
  Cases cases(dir.path());
  const std::string one = audit::SampleWitness(1)->verifier().Encode();
  const std::string two = audit::SampleWitness(2)->verifier().Encode();
  const std::string whole = Log().LogBundle();
  const std::string key = Log().KeyBundle(Patient(1));
  IndexedLog bare = Log();
  const audit::Checkpoint newest = *audit::ParseCheckpoint(bare.checkpoints.back());
  bare.checkpoints.back() =
      audit::SignCheckpoint(60, newest.root, newest.index_root, *audit::SampleKey());
  for (const std::string& bundle : {whole, key}) {
    cases.Add("both witnesses", bundle, 0, {"--witness", one, "--witness", two});
    cases.Add("their file", bundle, 0, {"--witness", cases.File("w", one + "\n" + two + "\n")});
    cases.Add("one of them", bundle, 0, {"--witness", two, "--witnesses-needed", "1"});
    const auto other = *audit::MakeCosigningKey("witness.test/par-1", std::string(32, 'o'));
    cases.Add("another's key", bundle, 6,
              {"--witness", other->verifier().Encode(), "--witness", two});
    cases.Add(
        "another's key, not needed", bundle, 0,
        {"--witness", other->verifier().Encode(), "--witness", two, "--witnesses-needed", "1"});
    cases.Add("a log's key as a witness", bundle, 2,
              {"--witness", audit::SampleKey()->verifier().Encode()});
    cases.Add("no key", bundle, 2, {"--key", "nonsense+nonsense"});
  }
  cases.Add("only an older one is cosigned", bare.LogBundle(), 6, {"--witness", one});
  cases.Add("not needed", bare.LogBundle(), 0, {"--witness", one, "--witnesses-needed", "0"});
  IndexedLog forged = Log();
  forged.checkpoints.back()[forged.checkpoints.back().size() - 20] ^= 2;
  cases.Add("a cosignature that does not hold", forged.LogBundle(), 6,
            {"--witness", two, "--witnesses-needed", "0"});
  cases.Add("of a witness nobody asked for", forged.LogBundle(), std::nullopt, {});
  IndexedLog twice = Log();
  twice.checkpoints.back() +=
      *audit::Cosign(twice.checkpoints.back(), *audit::SampleWitness(1), absl::UnixEpoch()) + "\n";
  cases.Add("a witness twice", twice.LogBundle(), 6, {"--witness", one});

  const auto remembered = [&cases](const std::string& name, const std::string& note) {
    return std::vector<std::string>{"--checkpoint", cases.File(name, note)};
  };
  const auto sign = [](uint64_t size, const audit::Hash& root) {
    return audit::SignCheckpoint(size, root, *audit::SampleKey());
  };
  cases.Add("an earlier state", whole, 0, remembered("n16", Log().checkpoints[0]));
  cases.Add("this state", whole, 0, remembered("n60", Log().checkpoints[2]));
  cases.Add("this state of a key", key, 0, remembered("n60", Log().checkpoints[2]));
  const std::string other_index =
      audit::SignCheckpoint(60, newest.root, audit::EmptyRoot(), *audit::SampleKey());
  cases.Add("this state with another index", whole, 6, remembered("i60", other_index));
  cases.Add("this state with another index, of a key", key, 6, remembered("i60", other_index));
  cases.Add("an earlier state of a key", key, 6, remembered("n16", Log().checkpoints[0]));
  cases.Add("the empty state of a key", key, 0, remembered("n0", sign(0, audit::EmptyRoot())));
  cases.Add("a later state", whole, 6, remembered("n61", sign(61, newest.root)));
  cases.Add("a later state of a key", key, 6, remembered("n61", sign(61, newest.root)));
  cases.Add("another history", whole, 6, remembered("n30", sign(30, newest.root)));
  cases.Add("another history of a key", key, 6, remembered("e60", sign(60, audit::EmptyRoot())));
  const auto other = *audit::MakeSigningKey("meso.test/audit", std::string(32, 'k'));
  cases.Add("another's checkpoint", whole, 6,
            remembered("o60", audit::SignCheckpoint(60, newest.root, *other)));
  cases.Run();
}

// A log that was opened anew: what holds, what an opening must say, which keys are needed.
TEST(VerifiersAgreeTest, OnOpenedOrigins) {
  const TempDir dir;
  Cases cases(dir.path());
  IndexedLog once(40, {8, 16, 30}, {24});
  once.Open(20, 16, 30, 5);
  once.Resign();
  IndexedLog twice(60, {8, 16, 30, 50}, {});
  twice.Open(20, 16, 30, 5);
  twice.Open(36, 30, 44, 2);
  twice.Resign();
  const auto keys = [](std::vector<size_t> numbers) {
    std::vector<std::string> words;
    for (const size_t number : numbers) {
      words.push_back("--key");
      words.push_back(audit::SampleOriginKey(number)->verifier().Encode());
    }
    return words;
  };
  cases.Add("opened once", once.LogBundle(), 0, keys({2}));
  cases.Add("opened once, old key only", once.LogBundle(), 6);
  cases.AddWith("opened once, new key only", once.LogBundle(), 0, keys({2}));
  cases.AddWith("opened twice", twice.LogBundle(), 0, keys({1, 2, 3}));
  cases.AddWith("opened twice, two keys", twice.LogBundle(), 0, keys({1, 3}));
  cases.AddWith("opened twice, newest key", twice.LogBundle(), 0, keys({3}));
  cases.AddWith("opened twice, not the newest key", twice.LogBundle(), 6, keys({1, 2}));
  int number = 0;
  for (const IndexedLog* log : {&once, &twice}) {
    const std::vector<std::string> all = keys({1, 2, 3});
    for (const std::string& bundle :
         {log->LogBundle(false), log->LogBundle(true, "site = \"sites/par-1\""),
          log->KeyBundle(Patient(1)), log->KeyBundle({audit::KeyKind::kLot, "lots/none"})}) {
      cases.AddWith("a bundle", bundle, 0, all);
      const std::vector<RecordAt> records = RecordsOf(bundle);
      for (size_t i = 0; i < records.size(); ++i) {
        if (records[i].type != audit::kOpeningRecord &&
            records[i].type != audit::kCheckpointRecord) {
          continue;
        }
        std::vector<RecordAt> changed = records;
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
        cases.AddWith(absl::StrCat("without record ", i), BundleOf(changed), std::nullopt, all);
        changed = records;
        std::swap(changed[i], changed[i + 1]);
        cases.AddWith(absl::StrCat("record ", i, " exchanged"), BundleOf(changed), 6, all);
        changed = records;
        changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(i), records[i]);
        cases.AddWith(absl::StrCat("record ", i, " twice"), BundleOf(changed), 6, all);
        std::mt19937_64 random(i);
        for (int flip = 0; flip < 40; ++flip) {
          changed = records;
          const size_t bit = random() % (changed[i].body.size() * 8);
          changed[i].body[bit / 8] = static_cast<char>(changed[i].body[bit / 8] ^ (1 << bit % 8));
          cases.AddWith(absl::StrCat("bit ", bit, " of record ", i), BundleOf(changed),
                        std::nullopt, all);
          cases.AddWith(absl::StrCat("bit ", bit, " of record ", i, ", newest key"),
                        BundleOf(changed), std::nullopt, keys({log->openings.size() + 1}));
        }
      }
    }
    for (const std::string& note : log->checkpoints) {
      std::vector<std::string> words = all;
      words.insert(words.end(), {"--checkpoint", cases.File(absl::StrCat("c", number++), note)});
      cases.AddWith("remembered", log->LogBundle(), 0, words);
      cases.AddWith("remembered, of a key", log->KeyBundle(Patient(1)),
                    note == log->checkpoints.back() ? 0 : 6, words);
    }
    for (const audit::LogOpening& opening : log->openings) {
      std::vector<std::string> words = all;
      words.insert(words.end(),
                   {"--checkpoint", cases.File(absl::StrCat("l", number++), opening.lost_note)});
      cases.AddWith("remembered what is lost", log->LogBundle(), 6, words);
    }
  }
  // Openings that lie, signed by the log itself.
  const auto lie = [&](const std::string& name, const std::string& value) {
    IndexedLog log = once;
    audit::Leaf leaf = *audit::DecodeLeaf(log.entries[20].leaf, 20);
    for (audit::Fact& fact : leaf.facts) {
      if (fact.key == name) fact.value = value;
    }
    log.entries[20].leaf = audit::EncodeLeaf(leaf);
    log.Resign();
    for (const auto& given : {keys({1, 2}), keys({2})}) {
      cases.AddWith(absl::StrCat(name, " ", value), log.LogBundle(), std::nullopt, given);
    }
  };
  for (const char* number : {"0", "8", "15", "16", "17", "20", "21", "30", "31", "016", "x", ""}) {
    lie("kept_size", number);
    lie("lost_size", number);
  }
  for (const char* name : {"meso.test/audit", "meso.test/audit/2", "other", ""}) {
    lie("origin", name);
    lie("previous_origin", name);
  }
  const audit::Checkpoint lost{"", 30, audit::EmptyRoot()};
  for (const size_t number : {1, 2, 3}) {
    lie("lost_checkpoint", audit::SignCheckpoint(lost, *audit::SampleOriginKey(number)));
  }
  lie("lost_checkpoint", once.openings[0].lost_note.substr(1));
  lie("lost_checkpoint", once.openings[0].lost_note + "x");
  cases.Run();
}

// A file that can't be read is a mistake on the line, not a bundle that does not hold.
TEST(VerifiersAgreeTest, OnFilesThatCantBeRead) {
  const TempDir dir;
  Cases cases(dir.path());
  const std::string bundle = Log().LogBundle();
  // Opens, and gives an error instead of bytes.
  const std::string failing = "/proc/self/mem";
  for (const std::string& path : {dir.path() + "/nowhere", dir.path(), failing}) {
    cases.AddFile("a bundle", path, 2);
    cases.Add("a checkpoint", bundle, 2, {"--checkpoint", path});
    cases.Add("a key", bundle, 2, {"--key", path});
    cases.Add("a witness", bundle, 2, {"--witness", path});
  }
  cases.AddFile("an empty bundle", cases.File("empty", ""), 6);
  cases.Run();
}

// Every way to take out, double, exchange or cut records, with everything made to fit again.
TEST(VerifiersAgreeTest, OnForgedBundles) {
  const TempDir dir;
  Cases cases(dir.path());
  const IndexedLog log(13, {6}, {8});
  for (const std::string& bundle :
       {log.LogBundle(), log.LogBundle(true, "site = \"sites/par-1\""), log.KeyBundle(Patient(1)),
        log.KeyBundle({audit::KeyKind::kLot, "lots/none-3"})}) {
    const std::vector<RecordAt> records = RecordsOf(bundle);
    for (size_t i = 0; i + 1 < records.size(); ++i) {
      std::vector<RecordAt> fewer = records;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      const bool older = records[i].type == audit::kCheckpointRecord && i == 1 &&
                         records[2].type == audit::kCheckpointRecord;
      cases.Add(absl::StrCat("without record ", i), BundleOf(fewer), older ? 0 : 6);
      std::vector<RecordAt> more = records;
      more.insert(more.begin() + static_cast<std::ptrdiff_t>(i), records[i]);
      cases.Add(absl::StrCat("record ", i, " twice"), BundleOf(more), 6);
      std::vector<RecordAt> swapped = records;
      std::swap(swapped[i], swapped[(i + 1) % (records.size() - 1)]);
      cases.Add(absl::StrCat("records ", i, " exchanged"), BundleOf(swapped), 6);
      // A field no record has, and a number that is longer than it need be.
      const auto change = [&](const std::function<void(std::string&)>& how) {
        std::vector<RecordAt> changed = records;
        how(changed[i].body);
        return BundleOf(changed);
      };
      if (records[i].type == audit::kCheckpointRecord) continue;
      cases.Add("an unknown field", change([](std::string& b) { b += std::string("\x78\x01"); }),
                6);
      cases.Add("a long number",
                change([](std::string& b) { b += std::string("\x88\x00\x01", 3); }), 6);
      cases.Add("a field with nothing",
                change([](std::string& b) { b += std::string("\x3a\x00", 2); }), 6);
      cases.Add("a fixed field", change([](std::string& b) { b += std::string("\x7d") + "abcd"; }),
                6);
    }
    for (size_t size = 0; size < bundle.size(); size += 997) {
      cases.Add("cut", bundle.substr(0, size), 6);
    }
    cases.Add("a byte behind it", bundle + "x", 6);
    cases.Add("of version 1", BundleOf(records, 1), 6);
    cases.Add("of version 3", BundleOf(records, 3), 6);
  }
  // Logs that lie from the start, and sign it.
  const auto lie = [](const std::function<void(audit::Leaf&)>& change) {
    IndexedLog lying(13, {6}, {8});
    audit::Leaf leaf = *audit::DecodeLeaf(lying.entries[7].leaf, 7);
    change(leaf);
    lying.entries[7].leaf = audit::EncodeLeaf(leaf);
    return lying;
  };
  for (const uint64_t number : {0, 3, 5, 1000}) {
    IndexedLog renumbered = lie([number](audit::Leaf& leaf) { leaf.source.sequence = number; });
    renumbered.Resign();
    cases.Add(absl::StrCat("number ", number), renumbered.LogBundle(), 6);
  }
  IndexedLog hiding = lie([](audit::Leaf& leaf) { leaf.keys.erase(leaf.keys.begin()); });
  hiding.Resign();
  const IndexedLog honest(13, {6}, {8});
  hiding.entries = honest.entries;
  hiding.checkpoints = {audit::SignCheckpoint(
      13, audit::ParseCheckpoint(honest.checkpoints.back())->root,
      audit::ParseCheckpoint(hiding.checkpoints.back())->index_root, *audit::SampleKey())};
  cases.Add("an index that hides an entry", hiding.LogBundle(), 6);
  cases.Add("an index that hides an entry, not all entries there",
            hiding.LogBundle(true, "site = \"sites/par-1\""), 0);
  for (const char* filter :
       {"site", "site = sites/par-1", "(site = \"sites/par-1\")", "site = \"sites/par-1\" ",
        "site = \"a\" AND site = \"b\"", "(site = \"a\" AND site = \"b\" OR site = \"c\")",
        "nothing = \"x\"", "time > \"now\"", "time : \"5\"", "site > \"a\"", "patient = \"x\"",
        "outcome = \"OK\"", "outcome = \"+2\"", "site = \"a\\b\"", "site = \"sites/syd-1\"",
        "NOT site = \"sites/par-1\"", "(site = \"sites/par-1\" AND outcome = \"1\")"}) {
    cases.Add(filter,
              ChangeRecord(log.LogBundle(true, "site = \"sites/par-1\""), audit::kHeaderRecord, 0,
                           [filter](std::string& body) {
                             audit::BundleHeader header = *audit::DecodeHeader(body);
                             header.filter = filter;
                             body = EncodeHeader(header);
                           }),
              6);
  }
  cases.Run();
}

// Random single bits of record bodies, the trailer made to fit: what holds anyway (the time of the
// export) must hold for both.
TEST(VerifiersAgreeTest, OnFlippedBits) {
  const TempDir dir;
  Cases cases(dir.path());
  const IndexedLog log(9, {4}, {5});
  std::mt19937_64 random(20'261'129);
  for (const std::string& bundle :
       {log.LogBundle(), log.LogBundle(true, "site = \"sites/par-1\""), log.KeyBundle(Patient(1)),
        log.KeyBundle({audit::KeyKind::kLot, "lots/none-3"}),
        audit::SampleLog(9, {4, 9}).Bundle()}) {
    for (int i = 0; i < 150; ++i) {
      std::vector<RecordAt> records = RecordsOf(bundle);
      RecordAt& record = records[random() % (records.size() - 1)];
      if (record.body.empty()) continue;
      const size_t bit = random() % (record.body.size() * 8);
      record.body[bit / 8] = static_cast<char>(record.body[bit / 8] ^ (1 << bit % 8));
      cases.Add(absl::StrCat("bit ", bit, " of a record of type ", static_cast<int>(record.type),
                             " refitted"),
                BundleOf(records, static_cast<uint8_t>(bundle[11])), std::nullopt);
      std::string bad = bundle;
      const size_t any = random() % (bad.size() * 8);
      bad[any / 8] = static_cast<char>(bad[any / 8] ^ (1 << any % 8));
      cases.Add(absl::StrCat("bit ", any), bad, 6);
    }
  }
  cases.Run();
}

}  // namespace
}  // namespace meso::mesoctl
