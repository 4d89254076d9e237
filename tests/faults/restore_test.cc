// An older backup put back under the audit service: it refuses to start and says what is missing,
// goes on when that is declared, and what it exports is followed by both verifiers. Killed anywhere
// in between, nothing is half done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "meso/audit/v1/audit_service.grpc.pb.h"
#include "tests/support/suite.h"

namespace meso {
namespace {

using audit::v1::AuditService;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Stub = AuditService::Stub;

constexpr const char* kAll[] = {"audit", "inventory", "screening", "scheduling"};

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

class RestoreTest : public ::testing::Test {
 protected:
  RestoreTest() {
    suite_.StartAll();
    Connect();
  }

  void Connect() { stub_ = AuditService::NewStub(suite_.Channel("audit")); }
  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    return suite_.Call<AuditService>(*stub_, method, auditor_, request, response);
  }

  std::string Memory() { return suite_.KeyFile("audit-checkpoint.txt"); }
  // The size in the remembered note.
  uint64_t Remembered() {
    const std::vector<std::string> lines = absl::StrSplit(ReadWhole(Memory()), '\n');
    uint64_t size = 0;
    if (lines.size() > 1) (void)absl::SimpleAtoi(lines[1], &size);
    return size;
  }
  // More entries, signed and remembered; returns how many are.
  uint64_t GrowAndSign() {
    const uint64_t before = Remembered();
    for (int i = 0; i < 10; ++i) {
      audit::v1::ListEntriesResponse page;
      EXPECT_TRUE(Call(&Stub::ListEntries, audit::v1::ListEntriesRequest(), &page).ok());
    }
    EXPECT_TRUE(WaitUntil([&] { return Remembered() >= before + 10; }));
    return Remembered();
  }
  void StopAll() {
    for (const char* service : {"scheduling", "screening", "inventory", "audit"}) {
      EXPECT_EQ(suite_.Terminate(service), 0) << suite_.Log(service);
    }
  }
  void StartOthers() {
    for (const char* service : {"inventory", "screening", "scheduling"}) suite_.Start(service);
  }

  // Runs a line of shell; its output, with both streams.
  std::string Shell(const std::string& line, int expected = 0) {
    int code = -1;
    const std::string said =
        RunCommand({"/bin/bash", "-c", absl::StrCat("( ", line, " ) 2>&1")}, &code);
    EXPECT_EQ(code, expected) << line << "\n" << said;
    return said;
  }
  std::string Data() { return suite_.dir() + "/data"; }
  std::string Tar() { return suite_.dir() + "/meso.tar"; }
  std::string Mesoctl() { return suite_.Binary("mesoctl"); }

  // A start that must fail; its one sentence.
  std::string Refusal(const std::vector<std::string>& flags = {}) {
    const std::string log = absl::StrCat(suite_.dir(), "/audit.log");
    std::filesystem::remove(log);
    // A failpoint nobody passes: only so that the process may end.
    suite_.Start("audit", "restore.none=kill", flags);
    suite_.WaitForDeath("audit");
    const std::vector<std::string> lines = absl::StrSplit(ReadWhole(log), '\n', absl::SkipEmpty());
    return lines.empty() ? "" : lines.back();
  }
  void MakeNewOrigin() {
    Shell(absl::StrCat(Mesoctl(), " admin new-origin --keys ", suite_.KeyFile("")));
  }

  // What both verifiers say of an export of the log.
  std::string VerifyExport(const std::vector<std::string>& keys) {
    const std::string bundle = suite_.dir() + "/log.bundle";
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + auditor_);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    auto reader = stub_->ExportEntries(&context, audit::v1::ExportEntriesRequest());
    {
      std::ofstream file(bundle, std::ios::binary | std::ios::trunc);
      audit::v1::ExportEntriesResponse piece;
      while (reader->Read(&piece)) file << piece.chunk();
    }
    EXPECT_TRUE(reader->Finish().ok());
    std::string flags;
    for (const std::string& key : keys) absl::StrAppend(&flags, " --key ", suite_.KeyFile(key));
    Shell(absl::StrCat("deploy/examples/python/verify_bundle.py ", bundle, flags));
    return Shell(absl::StrCat(Mesoctl(), " audit verify ", bundle, flags));
  }

  Suite suite_;
  std::unique_ptr<Stub> stub_;
  const std::string auditor_ = suite_.Token("users/ines", {"compliance_auditor@*"});
};

TEST_F(RestoreTest, AnOlderBackupIsRefusedUntilItIsDeclared) {
  GrowAndSign();
  Shell(absl::StrCat("deploy/backup save --data ", Data(), " >", Tar()));
  const uint64_t then = Remembered();
  GrowAndSign();
  StopAll();
  const uint64_t signed_size = Remembered();
  ASSERT_GT(signed_size, then);
  Shell(absl::StrCat("deploy/backup restore --data ", Data(), " <", Tar()));
  suite_.KillRedis(/*with_data=*/true);
  suite_.StartRedis();

  const std::string refused = Refusal();
  EXPECT_THAT(refused, AllOf(HasSubstr("meso-audit: --checkpoint_memory_file="),
                             HasSubstr(absl::StrCat("remembers ", signed_size, " entries signed")),
                             HasSubstr("this database holds "), HasSubstr("admin new-origin")));
  EXPECT_EQ(Refusal(), refused) << "and goes on refusing";
  EXPECT_THAT(Refusal({"--open_new_origin"}), HasSubstr("needs a --log_key_file with a new name"));
  EXPECT_EQ(Remembered(), signed_size);

  MakeNewOrigin();
  EXPECT_EQ(Refusal(), refused) << "a new key declares nothing";
  suite_.Start("audit", "", {"--open_new_origin"});
  Connect();
  StartOthers();
  GrowAndSign();
  EXPECT_THAT(ReadWhole(Memory()), ::testing::StartsWith("meso-audit/2\n"));
  const std::string said = VerifyExport({"audit-log.pub", "audit-log.origin-1.pub"});
  EXPECT_THAT(said,
              AllOf(HasSubstr("OK: every entry in the file is what the log signed."),
                    HasSubstr("opened anew  as meso-audit/2 at entries/"),
                    HasSubstr(absl::StrCat("of ", signed_size, " entries signed as meso-audit"))));
  EXPECT_THAT(VerifyExport({"audit-log.pub"}), HasSubstr("on the log's own word"));
  // With the flag still there it starts as without it.
  EXPECT_EQ(suite_.Terminate("audit"), 0);
  suite_.Start("audit", "", {"--open_new_origin"});
  EXPECT_EQ(suite_.Terminate("audit"), 0);
  suite_.Start("audit");
  Connect();
  EXPECT_THAT(VerifyExport({"audit-log.pub", "audit-log.origin-1.pub"}),
              ::testing::Not(HasSubstr("audit/3")));
}

// The audit database alone is older: what the sources had delivered since is lost, and they go on.
TEST_F(RestoreTest, SourcesGoOnBehindWhatWasLost) {
  GrowAndSign();
  Shell(absl::StrCat("deploy/backup save --data ", Data(), " >", Tar()));
  for (const char* service : {"inventory", "screening"}) {
    ASSERT_EQ(suite_.Terminate(service), 0);
    suite_.Start(service);
  }
  GrowAndSign();
  const auto source = [&](const std::string& service) {
    audit::v1::ListSourcesResponse page;
    EXPECT_TRUE(Call(&Stub::ListSources, audit::v1::ListSourcesRequest(), &page).ok());
    for (const audit::v1::Source& one : page.sources()) {
      if (one.service() == service) return one;
    }
    return audit::v1::Source();
  };
  // All of it has arrived: a stop, a start and their heartbeats.
  ASSERT_TRUE(WaitUntil([&] { return source("inventory").gaps_size() == 0; }));
  const uint64_t had = source("inventory").last_sequence();
  ASSERT_EQ(suite_.Terminate("audit"), 0);
  Shell(absl::StrCat("cd ", Data(), " && rm -f audit.db-* && tar -x audit.db <", Tar()));
  MakeNewOrigin();
  suite_.Start("audit", "", {"--open_new_origin"});
  Connect();
  // Whatever it records next.
  ASSERT_EQ(suite_.Terminate("inventory"), 0);
  suite_.Start("inventory");
  ASSERT_TRUE(WaitUntil([&] { return source("inventory").last_sequence() > had; }))
      << source("inventory").DebugString() << suite_.Log("inventory");
  const audit::v1::Source inventory = source("inventory");
  ASSERT_GE(inventory.gaps_size(), 1);
  EXPECT_LE(inventory.gaps(0).last(), had);
  EXPECT_FALSE(inventory.hash_mismatch());
  GrowAndSign();
  EXPECT_THAT(VerifyExport({"audit-log.pub", "audit-log.origin-1.pub"}),
              HasSubstr(absl::StrCat("but for inventory ", inventory.gaps(0).first(), " to ",
                                     inventory.gaps(0).last())));
}

// A kill anywhere in a declared restore.
class RestoreKillTest : public RestoreTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(RestoreKillTest, OpensOneOriginOrNone) {
  GrowAndSign();
  Shell(absl::StrCat("deploy/backup save --data ", Data(), " >", Tar()));
  GrowAndSign();
  StopAll();
  Shell(absl::StrCat("deploy/backup restore --data ", Data(), " <", Tar()));
  MakeNewOrigin();
  suite_.Start("audit", absl::StrCat(GetParam(), "=kill"), {"--open_new_origin"});
  suite_.WaitForDeath("audit");
  suite_.Start("audit", "", {"--open_new_origin"});
  Connect();
  ASSERT_TRUE(WaitUntil([&] { return absl::StartsWith(ReadWhole(Memory()), "meso-audit/2\n"); }));
  audit::v1::ListEntriesRequest request;
  request.set_filter("method = \"audit/newOrigin\"");
  audit::v1::ListEntriesResponse page;
  ASSERT_TRUE(Call(&Stub::ListEntries, request, &page).ok());
  EXPECT_EQ(page.entries_size(), 1);
  VerifyExport({"audit-log.pub", "audit-log.origin-1.pub"});
}

INSTANTIATE_TEST_SUITE_P(Everywhere, RestoreKillTest,
                         ::testing::Values("audit.open_origin", "audit.opened_origin",
                                           "file.before_rename", "audit.keep_checkpoint"));

// A kill between remembering a checkpoint and its commit, with appends of the same moment on the
// way, is no rollback.
TEST_F(RestoreTest, ARememberedSignatureThatWasNotCommittedIsNoLoss) {
  for (const char* failpoint :
       {"audit.keep_checkpoint=kill", "audit.keep_checkpoint=kill@3", "file.before_rename=kill"}) {
    ASSERT_EQ(suite_.Terminate("audit"), 0);
    suite_.Start("audit", failpoint);
    Connect();
    for (int i = 0; i < 200 && suite_.Running("audit"); ++i) {
      audit::v1::ListEntriesResponse page;
      (void)Call(&Stub::ListEntries, audit::v1::ListEntriesRequest(), &page);
    }
    suite_.WaitForDeath("audit");
    suite_.Start("audit");
    Connect();
    GrowAndSign();
  }
}

}  // namespace
}  // namespace meso
