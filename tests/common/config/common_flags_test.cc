#include <absl/flags/reflection.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/flags/commandlineflag.h"
#include "absl/strings/str_cat.h"
#include "common/config/process_config.h"
#include "tests/support/child_process.h"
#include "tests/support/test_keys.h"

namespace meso {
namespace {

using ::testing::HasSubstr;

void SetFlag(const std::string& name, const std::string& value) {
  absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
  ASSERT_NE(flag, nullptr) << name;
  std::string error;
  ASSERT_TRUE(flag->ParseFrom(value, &error)) << error;
}

class CommonFlagsTest : public ::testing::Test {
 private:
  absl::FlagSaver saved_;
};

TEST_F(CommonFlagsTest, EveryFlagHasASafeDefault) {
  const auto config = ConfigFromFlags("inventory", 7103);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen, "127.0.0.1:7103");
  EXPECT_EQ(config->admin_listen, "127.0.0.1:7203");
  EXPECT_EQ(config->database, "sqlite:data/inventory.db");
  EXPECT_EQ(config->service_token_file, "data/inventory.token");
  EXPECT_EQ(config->peer_addresses.at("audit"), "127.0.0.1:7104");
  EXPECT_EQ(config->clock_offset, absl::ZeroDuration());
  EXPECT_FALSE(config->reflection);
}

TEST_F(CommonFlagsTest, ABadValueIsRefusedInOneSentenceThatNamesTheFlag) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"listen", "7103"},
      {"listen", ":7103"},
      {"listen", "unix:"},
      {"admin_listen", "0.0.0.0:7203"},
      {"admin_tls_listen", "127.0.0.1:7303"},
      {"listen", "0.0.0.0:7103"},
      {"listen", "127.example.org:7103"},
      {"audit_address", "audit:7104"},
      {"tls_refresh", "0s"},
      {"tls_refresh", "2h"},
      {"admin_listen", "unix:/run/x"},
      {"redis", "here"},
      {"redis", "unix:"},
      {"redis", "::1:6379"},
      {"database", "postgresql://x"},
      {"database", "sqlite:"},
      {"audit_address", "audit"},
      {"log_format", "xml"},
      {"clock_offset", "100000h"},
      {"tls_cert_file", "x.pem"},
  };
  for (const auto& [flag, value] : cases) {
    absl::FlagSaver saved;
    SetFlag(flag, value);
    const absl::Status status = ConfigFromFlags("inventory", 7103).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << flag << "=" << value;
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("--", flag)));
  }
}

TEST_F(CommonFlagsTest, WithTheThreeTlsFilesEveryAddressMayBeBeyondLoopback) {
  for (const char* flag : {"tls_cert_file", "tls_key_file", "tls_client_ca_file"}) {
    SetFlag(flag, "x.pem");
  }
  SetFlag("listen", "0.0.0.0:7103");
  SetFlag("admin_tls_listen", "0.0.0.0:7303");
  SetFlag("audit_address", "audit:7104");
  const auto config = ConfigFromFlags("inventory", 7103);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->HasTls());
}

TEST_F(CommonFlagsTest, RedisIsOnThisMachineBecauseNothingEncryptsTheWayToIt) {
  // TLS between the services changes nothing: it is not used towards Redis.
  for (const char* flag : {"tls_cert_file", "tls_key_file", "tls_client_ca_file"}) {
    SetFlag(flag, "x.pem");
  }
  for (const char* address : {"unix:/run/redis/redis.sock", "127.0.0.1:6379", "127.1.2.3:6379",
                              "[::1]:6379", "localhost:6379", "none", ""}) {
    SetFlag("redis", address);
    const auto config = ConfigFromFlags("inventory", 7103);
    EXPECT_TRUE(config.ok()) << address << ": " << config.status();
  }
  for (const char* address : {"10.0.0.5:6379", "0.0.0.0:6379", "redis:6379", "redis.example:6379",
                              "localhost.example:1", "127.example.org:6379", "127.1:6379",
                              "[::]:6379", "[2001:db8::1]:6379", "[::ffff:10.0.0.5]:6379"}) {
    SetFlag("redis", address);
    EXPECT_EQ(ConfigFromFlags("inventory", 7103).status(),
              absl::InvalidArgumentError(absl::StrCat(
                  "--redis=", address,
                  ": what goes to Redis is not encrypted, so it must be on this machine: write "
                  "unix:PATH or 127.0.0.1:PORT, where a TLS tunnel such as stunnel may lead to a "
                  "Redis elsewhere.")));
  }
}

TEST_F(CommonFlagsTest, UnixSocketsAndNoRedisAreFine) {
  SetFlag("listen", "unix:/run/meso/inventory.sock");
  SetFlag("scheduling_address", "unix:/run/meso/scheduling.sock");
  SetFlag("redis", "none");
  SetFlag("log_format", "text");
  const auto config = ConfigFromFlags("inventory", 7103);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->redis, "none");
  EXPECT_EQ(config->log_format, LogFormat::kText);
}

TEST(SecretFileTest, LosesItsLastNewlineAndMustHoldSomething) {
  TempDir dir;
  const std::string path = dir.path() + "/secret";
  WriteTestFile(path, "s3cret\n");
  EXPECT_EQ(*ReadSecretFile(path), "s3cret");
  WriteTestFile(path, "");
  EXPECT_EQ(ReadSecretFile(path).status().code(), absl::StatusCode::kFailedPrecondition);
  const absl::Status missing = ReadSecretFile(dir.path() + "/missing").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("/missing"));
}

}  // namespace
}  // namespace meso
