// What stops a service at its start is told in one sentence with the next step: the real programs,
// each with one thing wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "common/database/sqlite_database.h"
#include "tests/support/small_disk.h"
#include "tests/support/suite.h"
#include "tests/support/test_certificates.h"
#include "tests/support/test_keys.h"

namespace meso {
namespace {

using ::testing::HasSubstr;

constexpr const char* kServices[] = {"scheduling", "screening", "inventory", "audit"};

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Flag -> value; of two values the later one counts.
using Flags = std::map<std::string, std::string>;

class BadStartTest : public ::testing::Test {
 protected:
  Flags Good(const std::string& service) {
    Flags flags = {{"listen", "127.0.0.1:0"},
                   {"admin_listen", "127.0.0.1:0"},
                   {"database", absl::StrCat("sqlite:", suite_.dir(), "/data/", service, ".db")},
                   {"redis", "none"},
                   {"jwks_file", suite_.KeyFile("jwks.json")},
                   {"service_token_file", suite_.KeyFile(service + ".token")},
                   {"port_file", absl::StrCat(suite_.dir(), "/", service, ".port")}};
    if (service == "audit") {
      flags["log_key_file"] = suite_.KeyFile("audit-log.key");
      flags["pseudonym_key_file"] = suite_.KeyFile("pseudonym.key");
      flags["payload_key_file"] = suite_.KeyFile("payload.key");
      flags["erasure_file"] = suite_.KeyFile("erasures.jsonl");
      flags["checkpoint_memory_file"] = suite_.KeyFile("audit-checkpoint.txt");
    }
    if (service == "scheduling") flags["offer_key_file"] = suite_.KeyFile("offer.key");
    return flags;
  }
  std::vector<std::string> CommandLine(const std::string& service, const Flags& changed) {
    Flags flags = Good(service);
    for (const auto& [name, value] : changed) flags[name] = value;
    std::vector<std::string> argv = {suite_.Binary(absl::StrCat("meso-", service))};
    for (const auto& [name, value] : flags) argv.push_back(absl::StrCat("--", name, "=", value));
    return argv;
  }

  // Starts it to its end. The one line that is no log line is the sentence; nothing else is said.
  std::string SentenceOf(const std::string& service, const std::vector<std::string>& argv) {
    const std::string log = absl::StrCat(suite_.dir(), "/bad.log");
    std::filesystem::remove(log);
    ChildProcess process;
    process.Start(argv, log);
    EXPECT_EQ(process.Wait(), 1) << absl::StrJoin(argv, " ");
    std::vector<std::string> said;
    const std::vector<std::string> lines = absl::StrSplit(Read(log), '\n', absl::SkipEmpty());
    for (const std::string& line : lines) {
      if (!absl::StartsWith(line, "{\"time\":")) said.push_back(line);
    }
    EXPECT_EQ(said.size(), 1u) << Read(log);
    if (said.empty()) return "";
    EXPECT_EQ(lines.back(), said[0]) << "the sentence is not the last line: " << Read(log);
    EXPECT_TRUE(absl::StartsWith(said[0], absl::StrCat("meso-", service, ": "))) << said[0];
    EXPECT_TRUE(absl::EndsWith(said[0], ".")) << said[0];
    return said[0];
  }
  std::string Sentence(const std::string& service, const Flags& changed) {
    return SentenceOf(service, CommandLine(service, changed));
  }

  // Starts it and waits until it serves; its ports are in `port_file`.
  void StartGood(const std::string& service, const Flags& changed, ChildProcess& process) {
    const std::string ports = Good(service)["port_file"];
    std::filesystem::remove(ports);
    process.Start(CommandLine(service, changed), Log(service));
    ASSERT_TRUE(WaitUntil([&] { return std::filesystem::exists(ports) || !process.running(); }));
    ASSERT_TRUE(process.running()) << Read(Log(service));
  }
  std::vector<std::string> LinesWith(const std::string& service, const std::string& text) {
    std::vector<std::string> lines = absl::StrSplit(Read(Log(service)), '\n');
    lines.erase(
        std::remove_if(lines.begin(), lines.end(),
                       [&](const std::string& line) { return !absl::StrContains(line, text); }),
        lines.end());
    return lines;
  }
  std::string Log(const std::string& service) { return absl::StrCat(suite_.dir(), "/", service); }
  static void StopGood(ChildProcess& process) {
    process.Signal(SIGTERM);
    EXPECT_EQ(process.Wait(), 0);
  }
  std::vector<std::string> Ports(const std::string& service) {
    return absl::StrSplit(Read(Good(service)["port_file"]), absl::ByAnyChar(" \n"));
  }

  Suite suite_;
};

TEST_F(BadStartTest, AWrongFlagIsNamedWithTheNearestRightOne) {
  for (const char* service : kServices) {
    EXPECT_THAT(Sentence(service, {{"lisen", "127.0.0.1:0"}}),
                HasSubstr("--lisen is no flag of this program; did you mean --listen?"));
    std::vector<std::string> stray = CommandLine(service, {});
    stray.push_back("serve");
    EXPECT_THAT(SentenceOf(service, stray), HasSubstr("'serve' is no flag"));
  }
  EXPECT_THAT(Sentence("audit", {{"clock_offset", "soon"}}), HasSubstr("--clock_offset=soon"));
  EXPECT_THAT(Sentence("audit", {{"listen", "7104"}}), HasSubstr("--listen=7104"));
}

TEST_F(BadStartTest, HelpAndVersionAreAnswersAndNoFailures) {
  for (const char* service : kServices) {
    const std::string program = suite_.Binary(absl::StrCat("meso-", service));
    int exit_code = -1;
    const std::string help = RunCommand({program, "--help"}, &exit_code);
    EXPECT_EQ(exit_code, 0);
    EXPECT_TRUE(absl::StartsWith(help, absl::StrCat("meso-", service, ": "))) << help;
    EXPECT_THAT(help, HasSubstr("\n  --admin_tls_listen\n"));
    EXPECT_EQ(absl::StrContains(help, "--allocation_horizon_days (default "),
              service == absl::string_view("inventory"));
    exit_code = -1;
    const std::string version = RunCommand({program, "--version"}, &exit_code);
    EXPECT_EQ(exit_code, 0);
    EXPECT_TRUE(absl::StartsWith(version, absl::StrCat("meso-", service, " "))) << version;
  }
}

TEST_F(BadStartTest, AFileOfFlagsThatCannotBeReadIsNamed) {
  const std::string missing = suite_.dir() + "/nope";
  EXPECT_THAT(Sentence("inventory", {{"flagfile", missing}}),
              HasSubstr(absl::StrCat("--flagfile=", missing, " cannot be read (No such file")));
}

TEST_F(BadStartTest, AMissingFileIsNamed) {
  const std::string missing = suite_.dir() + "/missing";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"inventory", "jwks_file"},       {"inventory", "service_token_file"},
      {"scheduling", "offer_key_file"}, {"audit", "log_key_file"},
      {"audit", "pseudonym_key_file"},  {"audit", "payload_key_file"}};
  for (const auto& [service, flag] : cases) {
    const std::string sentence = Sentence(service, {{flag, missing}});
    EXPECT_THAT(sentence, HasSubstr(missing));
    EXPECT_THAT(sentence, HasSubstr("mesoctl admin init"));
  }
}

TEST_F(BadStartTest, AWrongKeyFileIsNamed) {
  const std::string other = suite_.dir() + "/other";
  WriteTestFile(other, "not a key\n");
  for (const auto& [service, flag] :
       std::vector<std::pair<std::string, std::string>>{{"inventory", "jwks_file"},
                                                        {"scheduling", "offer_key_file"},
                                                        {"audit", "log_key_file"},
                                                        {"audit", "pseudonym_key_file"},
                                                        {"audit", "payload_key_file"}}) {
    EXPECT_THAT(Sentence(service, {{flag, other}}), HasSubstr(other));
  }
  EXPECT_THAT(Sentence("inventory", {{"service_token_file", other}}),
              HasSubstr("is no token this service can use: The token is not accepted"));
  EXPECT_THAT(Sentence("inventory", {{"service_token_file", suite_.KeyFile("audit.token")}}),
              HasSubstr("it is that of services/audit"));
  TestAuthority authority;
  const TlsFiles tls = authority.Issue("inventory", "services/inventory");
  const TlsFiles wrong = authority.Issue("audit", "services/audit");
  EXPECT_THAT(Sentence("inventory", {{"tls_cert_file", tls.cert_file},
                                     {"tls_key_file", wrong.key_file},
                                     {"tls_client_ca_file", tls.ca_file}}),
              HasSubstr("is not the key of "));
  EXPECT_THAT(Sentence("inventory", {{"tls_cert_file", wrong.cert_file},
                                     {"tls_key_file", wrong.key_file},
                                     {"tls_client_ca_file", tls.ca_file}}),
              HasSubstr("must name services/inventory"));
}

TEST_F(BadStartTest, BeyondLoopbackWithoutTlsItDoesNotStart) {
  const std::string sentence = Sentence("inventory", {{"listen", "0.0.0.0:0"}});
  EXPECT_THAT(sentence, HasSubstr("--listen=0.0.0.0:0: beyond loopback everything goes over TLS"));
  EXPECT_THAT(sentence, HasSubstr("deploy/tls/make"));
  EXPECT_THAT(Sentence("inventory", {{"audit_address", "192.0.2.1:7104"}}),
              HasSubstr("--audit_address=192.0.2.1:7104"));
  EXPECT_FALSE(std::filesystem::exists(suite_.dir() + "/data/inventory.db"));
}

TEST_F(BadStartTest, APortInUseIsNamed) {
  ChildProcess first;
  StartGood("inventory", {}, first);
  const std::vector<std::string> ports = Ports("inventory");
  EXPECT_THAT(Sentence("screening", {{"listen", "127.0.0.1:" + ports[0]}}),
              HasSubstr(absl::StrCat("Cannot listen on --listen=127.0.0.1:", ports[0],
                                     ": the port is in use. ")));
  EXPECT_THAT(Sentence("screening", {{"admin_listen", "127.0.0.1:" + ports[1]}}),
              HasSubstr(absl::StrCat("Cannot listen on --admin_listen=127.0.0.1:", ports[1],
                                     ": the port is in use. ")));
  EXPECT_THAT(Sentence("screening", {{"listen", absl::StrCat("unix:", suite_.dir(), "/no/s")}}),
              HasSubstr("/no cannot be written to (No such file or directory)"));
  TestAuthority authority;
  const TlsFiles tls = authority.Issue("screening", "services/screening");
  EXPECT_THAT(Sentence("screening", {{"listen", "192.0.2.1:7102"},
                                     {"tls_cert_file", tls.cert_file},
                                     {"tls_key_file", tls.key_file},
                                     {"tls_client_ca_file", tls.ca_file}}),
              HasSubstr("192.0.2.1:7102: this is not an address of this machine. "));
  // All of that before a database is made or changed.
  EXPECT_FALSE(std::filesystem::exists(suite_.dir() + "/data/screening.db"));
  EXPECT_THAT(Sentence("inventory", Flags()), HasSubstr("Another process uses "));
  StopGood(first);
}

TEST_F(BadStartTest, ARedisElsewhereIsRefusedBecauseNothingEncryptsTheWayToIt) {
  for (const char* service : kServices) {
    for (const char* redis : {"192.0.2.1:6379", "redis:6379", "[2001:db8::1]:6379"}) {
      const std::string sentence = Sentence(service, {{"redis", redis}});
      EXPECT_THAT(sentence, HasSubstr(absl::StrCat("--redis=", redis,
                                                   ": what goes to Redis is not encrypted")));
      EXPECT_THAT(sentence, HasSubstr("write unix:PATH or 127.0.0.1:PORT, where a TLS tunnel"));
    }
    EXPECT_FALSE(std::filesystem::exists(absl::StrCat(suite_.dir(), "/data/", service, ".db")));
  }
}

// Redis only makes events faster: services/README.md, 2026-11-30.
TEST_F(BadStartTest, AnUnreachableRedisIsSaidWithTheNextStepAndStopsNothing) {
  const std::string redis = absl::StrCat("unix:", suite_.dir(), "/redis.sock");
  std::map<std::string, ChildProcess> processes;
  // Each in turn, once per outage; a machine under load may have had one more.
  const auto expect_said = [&](size_t away_at_least, bool away_now) {
    for (const char* service : kServices) {
      EXPECT_TRUE(WaitUntil([&] {
        const size_t away = LinesWith(service, "Redis cannot be used").size();
        const size_t back = LinesWith(service, "Redis is used again").size();
        return away >= away_at_least && away - back == (away_now ? 1 : 0);
      })) << service
          << ": " << Read(Log(service));
    }
  };
  for (const char* service : kServices) StartGood(service, {{"redis", redis}}, processes[service]);
  expect_said(1, true);  // with nothing to publish, and without a call
  for (const char* service : kServices) {
    const std::string line = LinesWith(service, "Redis cannot be used")[0];
    EXPECT_THAT(line, HasSubstr("\"severity\":\"WARNING\""));
    EXPECT_THAT(line, HasSubstr(absl::StrCat("\"redis\":\"", redis, "\"")));
    EXPECT_THAT(line, HasSubstr("events reach the other services by pulling, nothing is lost"));
    EXPECT_THAT(line, HasSubstr("\"why\":\"Redis does not answer: No such file or directory\""));
    EXPECT_THAT(line, HasSubstr("\"next_step\":\"start Redis there, or start this service with "
                                "another --redis, or with --redis=none\""));
  }
  suite_.StartRedis();
  expect_said(1, false);
  suite_.KillRedis(/*with_data=*/true);
  expect_said(2, true);
  for (const char* service : kServices) {
    EXPECT_TRUE(processes[service].running()) << service;
    EXPECT_THAT(LinesWith(service, "Redis is used again")[0], HasSubstr("\"severity\":\"INFO\""));
    StopGood(processes[service]);
  }
}

TEST_F(BadStartTest, ADatabaseOfANewerVersionOrAnotherServiceIsLeftAlone) {
  ChildProcess inventory;
  StartGood("inventory", {}, inventory);
  StopGood(inventory);
  const std::string path = absl::StrCat(suite_.dir(), "/data/inventory.db");
  EXPECT_THAT(Sentence("screening", {{"database", "sqlite:" + path}}),
              HasSubstr("This database belongs to inventory"));
  {
    const SystemClock clock;
    SqliteOptions options;
    options.path = path;
    options.clock = &clock;
    auto database = OpenSqliteDatabase(options);
    ASSERT_TRUE(database.ok()) << database.status();
    ASSERT_TRUE((*database)
                    ->Transact([](Transaction& tx) {
                      return tx.Execute(
                          "INSERT INTO meso_migration (component, number, name, checksum)"
                          " VALUES ('inventory', 9999, '9999_from_the_future', '')",
                          {});
                    })
                    .ok());
  }
  const std::string sentence = Sentence("inventory", Flags());
  EXPECT_THAT(sentence, HasSubstr("inventory/9999_from_the_future"));
  EXPECT_THAT(sentence, HasSubstr("Start the newer version, or restore a backup"));
}

TEST_F(BadStartTest, ADatabaseThatCannotBeUsedIsNamed) {
  const std::string file = suite_.dir() + "/a-file";
  WriteTestFile(file,
                "no database at all, and longer than the header of one: 0123456789 0123456789");
  const std::string below =
      Sentence("inventory", {{"database", absl::StrCat("sqlite:", file, "/x.db")}});
  EXPECT_THAT(below, HasSubstr(absl::StrCat("--database=sqlite:", file, "/x.db cannot be used")));
  EXPECT_THAT(below, HasSubstr("Not a directory"));
  EXPECT_THAT(Sentence("inventory", {{"database", "sqlite:" + file}}),
              HasSubstr("the database file is damaged"));
  EXPECT_THAT(Sentence("inventory", {{"port_file", "/nonexistent/ports"}}),
              HasSubstr("Cannot write --port_file=/nonexistent/ports"));
}

TEST_F(BadStartTest, AFullDiskIsSaidAndTheSameFileWorksOnceThereIsRoom) {
  const std::string path = suite_.dir() + "/disk";
  for (const char* service : kServices) {
    for (const uintmax_t left : {0, 16 << 10, 64 << 10, 200 << 10}) {
      SCOPED_TRACE(absl::StrCat(service, ", bytes left: ", left));
      const SmallDisk disk(path);
      ASSERT_TRUE(disk.mounted())
          << "a tmpfs cannot be mounted: run as root, or allow user namespaces";
      Flags here = {{"database", absl::StrCat("sqlite:", path, "/", service, ".db")}};
      if (service == absl::string_view("audit")) {
        here["erasure_file"] = path + "/erasures.jsonl";
        here["checkpoint_memory_file"] = path + "/audit-checkpoint.txt";
      }
      const std::string sentence =
          absl::StrCat("--database=", here["database"], " cannot be used: the disk is full");
      disk.Fill(left);
      EXPECT_THAT(Sentence(service, here), HasSubstr(sentence));
      disk.MakeRoom();
      ChildProcess process;
      StartGood(service, here, process);
      StopGood(process);
      if (left > 0) continue;
      disk.Fill(0);  // with a database that is there
      EXPECT_THAT(Sentence(service, here), HasSubstr(sentence));
      disk.MakeRoom();
      StartGood(service, here, process);
      StopGood(process);
    }
  }
}

// What the audit log keeps apart from its database, on a disk of its own that is full. The
// erasures' file is read and made only, which takes no room; the checkpoint is written when it is
// not there.
TEST_F(BadStartTest, AFullDiskBesideTheAuditLogsDatabaseIsSaid) {
  const std::string path = suite_.dir() + "/disk";
  const std::string note = path + "/audit-checkpoint.txt";
  const Flags there = {{"erasure_file", path + "/erasures.jsonl"},
                       {"checkpoint_memory_file", note}};
  const SmallDisk disk(path);
  ASSERT_TRUE(disk.mounted());
  ChildProcess audit;
  StartGood("audit", there, audit);
  ASSERT_TRUE(WaitUntil([&] { return std::filesystem::exists(note); }));
  StopGood(audit);
  std::filesystem::remove(note);
  std::filesystem::remove(path + "/erasures.jsonl");
  disk.Fill(0);
  const std::string sentence = Sentence("audit", there);
  EXPECT_THAT(sentence,
              HasSubstr(absl::StrCat("--checkpoint_memory_file=", note, " can't be written (")));
  EXPECT_THAT(sentence, HasSubstr("No space left on device"));
  EXPECT_THAT(sentence, HasSubstr("make room there"));
  disk.MakeRoom();
  StartGood("audit", there, audit);
  EXPECT_TRUE(std::filesystem::exists(note));
  StopGood(audit);
}

}  // namespace
}  // namespace meso
