#include "services/mesoctl/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "meso/audit/v1/entry.pb.h"
#include "services/audit/domain/bundle.h"
#include "services/audit/domain/leaf.h"
#include "services/audit/domain/merkle_tree.h"
#include "services/mesoctl/call.h"
#include "tests/services/audit/domain/bundle_samples.h"
#include "tests/services/mesoctl/mesoctl_run.h"
#include "tests/support/child_process.h"

namespace meso::mesoctl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Ran RunMesoctl(const std::vector<std::string>& words) { return RunLine(words); }

TEST(CommandLineTest, WithoutACommandItIsMisused) {
  EXPECT_EQ(RunMesoctl({}).code, ExitCode::kUsage);
  EXPECT_EQ(RunMesoctl({"frobnicate"}).code, ExitCode::kUsage);
  EXPECT_EQ(RunMesoctl({"admin"}).code, ExitCode::kUsage);
  EXPECT_EQ(RunMesoctl({"call"}).code, ExitCode::kUsage);
  EXPECT_EQ(RunMesoctl({"list", "--clock_offset", "soon"}).code, ExitCode::kUsage);
  EXPECT_EQ(RunMesoctl({"--help"}).code, ExitCode::kOk);
}

TEST(CommandLineTest, ListNamesEveryServiceAndDescribesAMethod) {
  const Ran all = RunMesoctl({"list"});
  EXPECT_EQ(all.code, ExitCode::kOk);
  EXPECT_THAT(all.err, IsEmpty());
  for (const char* method :
       {"SchedulingAdminService.UpdateSite", "SchedulingService.BookAppointment",
        "ScreeningService.CheckClearance", "InventoryService.DrawStock",
        "AuditService.ExportEntries", "EventService.PullEvents"}) {
    EXPECT_THAT(all.out, HasSubstr(method));
  }
  const Ran one = RunMesoctl({"list", "BookAppointment"});
  EXPECT_EQ(one.code, ExitCode::kOk);
  EXPECT_THAT(one.out, HasSubstr("roles: front_desk, practitioner, doctor"));
  EXPECT_THAT(one.out, HasSubstr("patient data: yes"));
}

TEST(CommandLineTest, AnUnknownMethodIsNotFoundAndTheNearestAreNamed) {
  const Ran ran = RunMesoctl({"call", "BookApointment"});
  EXPECT_EQ(ran.code, ExitCode::kNotFound);
  EXPECT_THAT(ran.err, HasSubstr("SchedulingService.BookAppointment"));
}

TEST(CommandLineTest, EveryNameOfAMethodIsUnderstood) {
  for (const char* name : {"GetSite", "SchedulingAdminService.GetSite", "scheduling.GetSite",
                           "meso.scheduling.v1.SchedulingAdminService.GetSite",
                           "/meso.scheduling.v1.SchedulingAdminService/GetSite"}) {
    EXPECT_EQ(RunMesoctl({"list", name}).code, ExitCode::kOk) << name;
  }
}

TEST(CommandLineTest, JsonThatIsNoRequestIsMisuseAndCallsNobody) {
  for (const char* json :
       {"{", "[]", "{\"nmae\": \"sites/par-1\"}", "{\"name\": 7.5}", "@/no/file"}) {
    EXPECT_EQ(RunMesoctl({"call", "GetSite", json}).code, ExitCode::kUsage) << json;
  }
}

TEST(CommandLineTest, AServiceThatDoesNotAnswerIsUnavailable) {
  const TempDir dir;
  const Ran ran = RunMesoctl({"call", "ListSites", "--scheduling_address",
                              absl::StrCat("unix:", dir.path(), "/nobody"), "--timeout", "2s"});
  EXPECT_EQ(ran.code, ExitCode::kUnavailable);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, HasSubstr("DEPENDENCY_DOWN"));
}

TEST(CommandLineTest, ATimeoutLeavesTimeForAnAnswer) {
  for (const char* timeout : {"0s", "-1s", "soon"}) {
    const Ran ran = RunMesoctl({"sites", "list", "--timeout", timeout});
    EXPECT_EQ(ran.code, ExitCode::kUsage) << timeout;
    EXPECT_THAT(ran.err, HasSubstr("--timeout"));
  }
}

TEST(CommandLineTest, ADryRunOfWhatHasNoneIsRefusedUnderAnyNameOfTheMethod) {
  const TempDir dir;
  const std::string nobody = absl::StrCat("unix:", dir.path(), "/nobody");
  const auto call = [&](const char* method) {
    return RunMesoctl({"call", method, "--dry-run", "--scheduling_address", nobody});
  };
  EXPECT_EQ(call("ListSites").code, ExitCode::kUsage);
  EXPECT_THAT(call("ListSites").err, HasSubstr("only reads"));
  EXPECT_EQ(call("ReleaseHold").code, ExitCode::kUsage);
  EXPECT_THAT(call("ReleaseHold").err, HasSubstr("can't be tried"));
  EXPECT_EQ(call("BookAppointment").code, ExitCode::kUnavailable) << "it was tried";
}

TEST(CommandLineTest, HalfOfTheTlsFilesAreNamedAsTheyAreTyped) {
  const Ran ran = RunMesoctl({"sites", "list", "--ca_file", "x.pem"});
  EXPECT_EQ(ran.code, ExitCode::kRefused);
  EXPECT_THAT(ran.err,
              AllOf(HasSubstr("--ca_file, --cert_file and --key_file"), Not(HasSubstr("--tls_"))));
}

TEST(CommandLineTest, ABundleThatIsThereIsNotOverwritten) {
  const TempDir dir;
  const std::string file = absl::StrCat(dir.path(), "/log.bundle");
  std::ofstream(file) << "evidence";
  const std::string nobody = absl::StrCat("unix:", dir.path(), "/nobody");
  const Ran kept = RunMesoctl({"audit", "export", "-o", file, "--audit_address", nobody});
  EXPECT_EQ(kept.code, ExitCode::kUsage);
  EXPECT_THAT(kept.err, HasSubstr("--force"));
  EXPECT_EQ(RunMesoctl({"audit", "export", "-o", file, "--force", "--audit_address", nobody}).code,
            ExitCode::kUnavailable);
}

TEST(CommandLineTest, AMadeUpRequestIdIsToldForTheRetry) {
  const TempDir dir;
  const Ran ran = RunMesoctl({"call", "ReleaseHold", "{\"name\": \"x\"}", "--scheduling_address",
                              absl::StrCat("unix:", dir.path(), "/nobody")});
  EXPECT_THAT(ran.err, HasSubstr("request_id "));
}

TEST(CommandLineTest, ATokenGoesToStandardOutputAndNothingElseDoes) {
  const TempDir dir;
  const std::string keys = absl::StrCat(dir.path(), "/keys");
  ASSERT_EQ(RunMesoctl({"admin", "init", keys}).code, ExitCode::kOk);
  const Ran ran = RunMesoctl({"admin", "token", "--keys", keys, "--subject", "users/anna", "--role",
                              "doctor@par-1", "--ttl", "5m"});
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_THAT(ran.out,
              ::testing::MatchesRegex("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\n"));
  EXPECT_THAT(ran.err, IsEmpty());
  EXPECT_EQ(
      RunMesoctl({"admin", "token", "--keys", keys, "--subject", "anna", "--role", "doctor"}).code,
      ExitCode::kUsage);
}

class VerifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    key_ = *audit::NewSigningKey("test-log");
    audit::Hasher hasher;
    audit::Tree tree(hasher);
    std::vector<audit::BundleEntry> entries;
    for (uint64_t i = 0; i < 5; ++i) {
      audit::Leaf leaf;
      leaf.index = i;
      leaf.method = absl::StrCat("meso.test.v1.Test/Method", i);
      leaf.schema_version = audit::kLeafSchemaVersion;
      leaf.source = {"test", "epoch", i + 1};
      audit::BundleEntry entry;
      entry.index = i;
      entry.leaf = audit::EncodeLeaf(leaf);
      for (const audit::Hash& hash : tree.Append(hasher.Leaf(entry.leaf))) {
        entry.hashes += audit::HashBytes(hash);
      }
      entries.push_back(entry);
    }
    checkpoint_ = audit::SignCheckpoint(entries.size(), tree.Root(), *key_);
    entries_ = std::move(entries);
    bundle_ = Bundle("", std::nullopt);
    leaf_ = entries_[3].leaf;
  }

  // The log with `filter` in its header and, where given, the entry `left_out` as its hash only.
  std::string Bundle(const std::string& filter, std::optional<uint64_t> left_out,
                     bool payloads = false, uint32_t version = audit::kBundleVersion) const {
    audit::BundleHeader header;
    header.origin = "test-log";
    header.tree_size = entries_.size();
    header.filter = filter;
    header.payloads = payloads;
    audit::BundleWriter writer;
    writer.Begin(header, version);
    writer.AddCheckpoint(checkpoint_);
    for (const audit::BundleEntry& entry : entries_) {
      if (entry.index == left_out) {
        writer.AddLeftOut(
            entry.index,
            audit::HashFrom(absl::string_view(entry.hashes).substr(0, sizeof(audit::Hash))));
      } else {
        writer.AddEntry(entry);
      }
    }
    writer.End();
    return writer.Take();
  }

  std::string Write(const std::string& bytes) const {
    const std::string path = absl::StrCat(dir_.path(), "/bundle");
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  Ran Verify(const std::string& bytes) const {
    return RunMesoctl({"audit", "verify", Write(bytes), "--key", key_->verifier().Encode()});
  }

  TempDir dir_;
  std::unique_ptr<audit::SigningKey> key_;
  std::string checkpoint_;
  std::vector<audit::BundleEntry> entries_;
  std::string bundle_;
  std::string leaf_;
};

TEST_F(VerifyTest, AnUntouchedBundleVerifiesWithTheKeyOrItsFile) {
  const Ran ran = Verify(bundle_);
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("OK: "));
  const std::string key_file = absl::StrCat(dir_.path(), "/key");
  std::ofstream(key_file) << key_->verifier().Encode() << "\n";
  EXPECT_EQ(RunMesoctl({"audit", "verify", Write(bundle_), "--key", key_file}).code, ExitCode::kOk);
}

TEST_F(VerifyTest, OneFlippedByteEndsWithSixAndNamesTheEntry) {
  std::string flipped = bundle_;
  flipped[flipped.find(leaf_) + leaf_.size() / 2] ^= 1;
  const Ran ran = Verify(flipped);
  EXPECT_EQ(ran.code, ExitCode::kVerificationFailed);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, HasSubstr("entries/3:"));
}

TEST_F(VerifyTest, WhatIsProvenDependsOnTheFilterAndIsSaid) {
  const Ran whole = Verify(bundle_);
  EXPECT_THAT(whole.out, HasSubstr("filter       none\n"));
  EXPECT_THAT(whole.out, HasSubstr("payloads     not in this file\n"));
  EXPECT_THAT(whole.out, HasSubstr("Complete: no entry of the log"));

  // In version 1 the filter may be anything.
  const Ran selected = Verify(Bundle("NOT action = \"C\"\nComplete: all", 2, true, 1));
  EXPECT_EQ(selected.code, ExitCode::kOk) << selected.err;
  EXPECT_THAT(selected.out, HasSubstr("filter       [NOT action = \"C\"\\nComplete: all]\n"));
  EXPECT_THAT(selected.out, HasSubstr("4 entries, 1 left out"));
  EXPECT_THAT(selected.out, HasSubstr("payloads     0 checked"));
  EXPECT_THAT(selected.out, HasSubstr("is the exporter's word"));
  EXPECT_THAT(selected.out, Not(HasSubstr("\nComplete:")));

  const Ran hidden = Verify(Bundle("", 2));
  EXPECT_EQ(hidden.code, ExitCode::kVerificationFailed);
  EXPECT_THAT(hidden.err, HasSubstr("entries/2: it was left out of a bundle that has no filter"));
}

TEST_F(VerifyTest, ABundleOfVersionTwoSaysWhatIsProvenAndByWhom) {
  const audit::IndexedLog log(60, {16, 41}, {20, 52});
  const std::string one = audit::SampleWitness(1)->verifier().Encode();
  const auto run = [this](const std::string& bytes, const std::vector<std::string>& options) {
    std::vector<std::string> words = {"audit", "verify", Write(bytes), "--key",
                                      audit::SampleKey()->verifier().Encode()};
    words.insert(words.end(), options.begin(), options.end());
    return RunMesoctl(words);
  };
  const Ran whole = run(log.LogBundle(), {"--witness", one});
  EXPECT_EQ(whole.code, ExitCode::kOk) << whole.err;
  EXPECT_THAT(whole.err, IsEmpty());
  EXPECT_THAT(whole.out, HasSubstr("sources      2, their numbers from 1 on without gap"));
  EXPECT_THAT(whole.out,
              HasSubstr("key index    made anew from the entries: it is the signed one, 3 runs"));
  EXPECT_THAT(
      whole.out,
      HasSubstr("cosigned     by witness.test/par-1 at 2023-11-14T22:28:21+00:00: the whole"));
  EXPECT_THAT(whole.out, HasSubstr("erased or withheld"));
  EXPECT_THAT(whole.out, HasSubstr("Complete: no entry of the log"));
  EXPECT_THAT(whole.out, Not(HasSubstr("Neither a witness")));

  const Ran selected = run(log.LogBundle(true, "site = \"sites/par-1\""), {});
  EXPECT_THAT(selected.out, HasSubstr("Every entry in the file matches the filter."));
  EXPECT_THAT(selected.out, HasSubstr("is the exporter's word"));
  EXPECT_THAT(selected.out, HasSubstr("gaps say nothing"));
  EXPECT_THAT(selected.out, HasSubstr("no witness given"));
  EXPECT_THAT(selected.out, HasSubstr("Neither a witness nor a remembered checkpoint"));

  const Ran key = run(log.KeyBundle({audit::KeyKind::kActor, "users/u2"}), {});
  EXPECT_EQ(key.code, ExitCode::kOk) << key.err;
  EXPECT_THAT(key.out, HasSubstr("key          actor users/u2\n"));
  EXPECT_THAT(key.out, HasSubstr("in the file  15 entries, all under the key"));
  EXPECT_THAT(key.out, HasSubstr("Complete for this key"));
  EXPECT_THAT(key.out, HasSubstr("by verifying a bundle of the whole log"));

  EXPECT_EQ(run(log.LogBundle(), {"--witness", one, "--witnesses-needed", "2"}).code,
            ExitCode::kUsage);
  EXPECT_EQ(run(log.LogBundle(), {"--witness", one, "--witnesses-needed", "x"}).code,
            ExitCode::kUsage);
  EXPECT_EQ(run(log.LogBundle(), {"--witness", "/no/file"}).code, ExitCode::kUsage);
  const auto other = *audit::NewCosigningKey("witness.test/other");
  const Ran unseen = run(log.LogBundle(), {"--witness", other->verifier().Encode()});
  EXPECT_EQ(unseen.code, ExitCode::kVerificationFailed);
  EXPECT_THAT(unseen.err, HasSubstr("has 0 of the 1 cosignatures needed"));
}

TEST_F(VerifyTest, DuringAChangeOfKeysEitherOrBothAreGiven) {
  const auto next = *audit::NewSigningKey("test-log");
  checkpoint_ = audit::AddSignature(checkpoint_, *next);
  const std::string bundle = Write(Bundle("", std::nullopt));
  const std::string old_key = key_->verifier().Encode();
  const std::string new_key = next->verifier().Encode();
  const std::string keys = absl::StrCat(dir_.path(), "/keys");
  std::ofstream(keys) << old_key << "\n" << new_key << "\n";
  for (const std::vector<std::string>& given : {std::vector<std::string>{"--key", old_key},
                                                {"--key", new_key},
                                                {"--key", old_key, "--key", new_key},
                                                {"--key", keys}}) {
    std::vector<std::string> words = {"audit", "verify", bundle};
    words.insert(words.end(), given.begin(), given.end());
    EXPECT_EQ(RunMesoctl(words).code, ExitCode::kOk);
  }
}

TEST_F(VerifyTest, ATruncatedBundleAnotherKeyAndAnotherFileFail) {
  EXPECT_EQ(Verify(bundle_.substr(0, bundle_.size() - 1)).code, ExitCode::kVerificationFailed);
  EXPECT_EQ(Verify("not a bundle").code, ExitCode::kVerificationFailed);
  key_ = *audit::NewSigningKey("test-log");
  EXPECT_EQ(Verify(bundle_).code, ExitCode::kVerificationFailed);
}

TEST_F(VerifyTest, AFileThatCantBeReadAndABadKeyAreMisuse) {
  for (const std::string& path : {std::string("/no/file"), dir_.path()}) {
    const Ran ran = RunMesoctl({"audit", "verify", path, "--key", key_->verifier().Encode()});
    EXPECT_EQ(ran.code, ExitCode::kUsage);
    EXPECT_THAT(ran.err, HasSubstr(absl::StrCat("can't read the bundle ", path)));
  }
  EXPECT_EQ(RunMesoctl({"audit", "verify", Write(bundle_), "--key", "nonsense"}).code,
            ExitCode::kUsage);
  const Ran missing = RunMesoctl({"audit", "verify", Write(bundle_), "--key", "no/audit-log.pub"});
  EXPECT_EQ(missing.code, ExitCode::kUsage);
  EXPECT_THAT(missing.err, HasSubstr("--key: the file no/audit-log.pub does not exist"));
  const Ran unread = RunMesoctl({"audit", "verify", Write(bundle_), "--key", dir_.path()});
  EXPECT_EQ(unread.code, ExitCode::kUsage);
  EXPECT_THAT(unread.err, HasSubstr(absl::StrCat("--key: can't read ", dir_.path())));
  const std::string damaged = absl::StrCat(dir_.path(), "/damaged.pub");
  std::ofstream(damaged) << key_->verifier().Encode() << "x\n";
  const Ran wrong = RunMesoctl({"audit", "verify", Write(bundle_), "--key", damaged});
  EXPECT_EQ(wrong.code, ExitCode::kUsage);
  EXPECT_THAT(wrong.err, HasSubstr(absl::StrCat("--key: in ", damaged)));
}

TEST_F(VerifyTest, ACheckpointIsTakenAsTheNoteAndAsItsJson) {
  const auto with = [&](const std::string& text) {
    const std::string file = absl::StrCat(dir_.path(), "/checkpoint");
    std::ofstream(file, std::ios::binary) << text;
    return RunMesoctl({"audit", "verify", Write(bundle_), "--key", key_->verifier().Encode(),
                       "--checkpoint", file});
  };
  audit::v1::Checkpoint message;
  message.set_note(checkpoint_);
  message.set_tree_size(5);
  for (const std::string& text : {checkpoint_, ToJson(message, true), ToJson(message, false)}) {
    const Ran ran = with(text);
    EXPECT_EQ(ran.code, ExitCode::kOk) << text << ran.err;
  }
  for (const char* text : {"", "a note", "{}", "{\"note\": \"x\"}", "{", "[]"}) {
    const Ran ran = with(text);
    EXPECT_EQ(ran.code, ExitCode::kUsage) << text;
    EXPECT_THAT(ran.err, HasSubstr("audit checkpoint --save FILE"));
  }
  std::string forged = checkpoint_;
  forged[forged.find('5')] = '4';
  EXPECT_EQ(with(forged).code, ExitCode::kVerificationFailed);
  EXPECT_EQ(RunMesoctl({"audit", "verify", Write(bundle_), "--key", key_->verifier().Encode(),
                        "--checkpoint", "/no/file"})
                .code,
            ExitCode::kUsage);
  EXPECT_THAT(RunMesoctl({"audit", "verify", "--help"}).out, HasSubstr("audit checkpoint --save"));
}

// What a witness's line may say; no server is asked.
TEST(WitnessLineTest, NamesTheFlagAndTheFileOfWhatCantBeUsed) {
  const TempDir dir;
  const std::string key = absl::StrCat(dir.path(), "/witness.key");
  ASSERT_EQ(RunMesoctl({"admin", "witness-key", "n.test/w", "-o", key}).code, ExitCode::kOk);
  const std::string log_key = (*audit::NewSigningKey("test-log"))->verifier().Encode();
  const std::string other = (*audit::NewSigningKey("other-log"))->verifier().Encode();
  const std::string both = absl::StrCat(dir.path(), "/both");
  std::ofstream(both) << log_key << "\n" << other << "\n";
  const std::string none = absl::StrCat(dir.path(), "/none");
  std::ofstream(none) << "\n";
  const auto expect_usage = [&](const std::vector<std::string>& more, const std::string& says) {
    std::vector<std::string> words = {
        "audit",           "witness",    "run",
        "--once",          "--state",    absl::StrCat(dir.path(), "/state"),
        "--audit_address", "127.0.0.1:1"};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = RunMesoctl(words);
    EXPECT_EQ(ran.code, ExitCode::kUsage) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(says));
  };
  const std::string nowhere = absl::StrCat(dir.path(), "/nowhere.pub");
  expect_usage({"--key", key, "--log_key", nowhere}, absl::StrCat("--log_key: the file ", nowhere));
  expect_usage({"--key", key, "--log_key", dir.path()},
               absl::StrCat("--log_key: can't read ", dir.path()));
  expect_usage({"--key", key, "--log_key", none}, absl::StrCat("there is no key in ", none));
  expect_usage({"--key", key, "--log_key", both}, "test-log and other-log are two logs");
  expect_usage({"--key", nowhere, "--log_key", log_key},
               absl::StrCat("--key: can't read ", nowhere));
  expect_usage({"--key", both, "--log_key", log_key}, absl::StrCat("--key: in ", both));
  for (const char* flag : {"--checkpoint", "--note"}) {
    expect_usage({"--key", key, "--log_key", log_key, flag, nowhere},
                 absl::StrCat(flag, ": can't read ", nowhere));
    expect_usage({"--key", key, "--log_key", log_key, flag, both},
                 absl::StrCat(flag, ": ", both, " is no checkpoint"));
  }
  for (const char* interval : {"inf", "61m", "0.5s", "-inf", "soon", "-5s"}) {
    expect_usage({"--key", key, "--log_key", log_key, absl::StrCat("--interval=", interval)},
                 "--interval is a duration from 1s to 1h");
  }
}

}  // namespace
}  // namespace meso::mesoctl
