#include "services/mesoctl/admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/auth/jwks.h"
#include "common/auth/jwt.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/local_file.h"
#include "services/audit/domain/checkpoint.h"
#include "tests/support/child_process.h"

namespace meso::mesoctl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr size_t kFiles = 11;
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class AdminTest : public ::testing::Test {
 protected:
  std::string Keys() const { return absl::StrCat(dir_.path(), "/keys"); }
  std::map<std::string, std::string> Contents() const {
    std::map<std::string, std::string> contents;
    for (const auto& entry : std::filesystem::directory_iterator(Keys())) {
      contents[entry.path().filename()] = *ReadText(entry.path());
    }
    return contents;
  }
  VerifiedToken Verify(const std::string& token) const {
    const KeySet keys = *ParseJwks(*ReadText(absl::StrCat(Keys(), "/", kJwksFile)));
    return *VerifyToken(token, keys, "meso", "meso");
  }

  TempDir dir_;
};

TEST_F(AdminTest, InitMakesEverythingReadableByTheOwnerOnly) {
  const auto report = InitKeys(Keys(), "test-log", kNow);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->created, SizeIs(kFiles));
  struct stat info;
  ASSERT_EQ(stat(Keys().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  for (const auto& [file, content] : Contents()) {
    ASSERT_EQ(stat(absl::StrCat(Keys(), "/", file).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << file;
    EXPECT_FALSE(content.empty()) << file;
  }
}

TEST_F(AdminTest, ASecondInitChangesNoByte) {
  ASSERT_TRUE(InitKeys(Keys(), "test-log", kNow).ok());
  const auto before = Contents();
  const auto again = InitKeys(Keys(), "another-name", kNow + absl::Hours(24));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->created, IsEmpty());
  EXPECT_THAT(again->kept, SizeIs(kFiles));
  EXPECT_EQ(Contents(), before);
}

TEST_F(AdminTest, InitAddsOnlyWhatIsMissingFromTheKeysThatAreThere) {
  ASSERT_TRUE(InitKeys(Keys(), "test-log", kNow).ok());
  auto before = Contents();
  std::filesystem::remove(absl::StrCat(Keys(), "/", kJwksFile));
  std::filesystem::remove(absl::StrCat(Keys(), "/", kLogVerifierFile));
  const auto again = InitKeys(Keys(), "another-name", kNow);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->created, SizeIs(2));
  EXPECT_EQ(Contents(), before);
}

TEST_F(AdminTest, AServiceTokenAboutToExpireIsReplacedAndNoKeyIs) {
  ASSERT_TRUE(InitKeys(Keys(), "test-log", kNow).ok());
  const auto before = Contents();
  const auto report = InitKeys(Keys(), "test-log", kNow + absl::Hours(24 * 340));
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->created, ::testing::ElementsAre("scheduling.token", "screening.token",
                                                      "inventory.token", "audit.token"));
  for (const auto& [file, content] : Contents()) {
    const bool is_token = file.find(".token") != std::string::npos;
    EXPECT_EQ(content == before.at(file), !is_token) << file;
  }
}

TEST_F(AdminTest, ServiceTokensNameTheServiceAndItsRole) {
  ASSERT_TRUE(InitKeys(Keys(), "test-log", kNow).ok());
  const VerifiedToken token = Verify(Contents().at("inventory.token"));
  EXPECT_EQ(token.principal.subject, "services/inventory");
  EXPECT_TRUE(token.principal.HasRoleEverywhere("service"));
  EXPECT_TRUE(CheckTokenTimes(token, kNow).ok());
}

TEST_F(AdminTest, TheLogsPublicFileIsTheVerifierOfItsKey) {
  ASSERT_TRUE(InitKeys(Keys(), "test-log", kNow).ok());
  const auto key = audit::ParseSigningKey(Contents().at(kLogKeyFile));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ((*key)->verifier().Encode(), Contents().at(kLogVerifierFile));
  EXPECT_EQ((*key)->verifier().name, "test-log");
}

TEST_F(AdminTest, RotatingTheLogsKeyKeepsTheOneBeforeUntilItIsTakenAway) {
  ASSERT_TRUE(InitKeys(Keys(), "test-log", kNow).ok());
  const auto before = Contents();
  const auto rotated = RotateLogKey(Keys());
  ASSERT_TRUE(rotated.ok()) << rotated.status();
  const auto after = Contents();
  EXPECT_EQ(after.at(kPreviousLogKeyFile), before.at(kLogKeyFile));
  EXPECT_EQ(after.at(kPreviousLogVerifierFile), before.at(kLogVerifierFile));
  EXPECT_NE(after.at(kLogKeyFile), before.at(kLogKeyFile));
  const auto key = audit::ParseSigningKey(after.at(kLogKeyFile));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ((*key)->verifier().name, "test-log");
  EXPECT_EQ((*key)->verifier().Encode(), after.at(kLogVerifierFile));
  EXPECT_EQ((*key)->verifier().Encode(), *rotated);

  const absl::Status early = RotateLogKey(Keys()).status();
  EXPECT_EQ(early.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(early.message()), HasSubstr("not over"));
  EXPECT_EQ(Contents(), after);
  std::filesystem::remove(Keys() + "/" + kPreviousLogKeyFile);
  EXPECT_TRUE(RotateLogKey(Keys()).ok());
  EXPECT_EQ(Contents().at(kPreviousLogVerifierFile),
            absl::StrCat(before.at(kLogVerifierFile), "\n", *rotated))
      << "older checkpoints need the older keys";
}

TEST_F(AdminTest, AnInterruptedRotationOfTheLogsKeyGoesOn) {
  ASSERT_TRUE(InitKeys(Keys(), "test-log", kNow).ok());
  const auto before = Contents();
  ASSERT_TRUE(WriteDurably(Keys() + "/" + kPreviousLogKeyFile, before.at(kLogKeyFile) + "\n").ok());
  ASSERT_TRUE(RotateLogKey(Keys()).ok());
  EXPECT_EQ(Contents().at(kPreviousLogKeyFile), before.at(kLogKeyFile));
  EXPECT_NE(Contents().at(kLogKeyFile), before.at(kLogKeyFile));
}

// At each place a rotation can be killed at the directory is copied as it would be found.
TEST_F(AdminTest, ARotationKilledAnywhereIsFinishedByTheNextOne) {
  namespace fs = std::filesystem;
  ASSERT_TRUE(InitKeys(Keys(), "test-log", kNow).ok());
  const auto before = Contents();
  std::vector<std::string> crashes;
  const auto crash = [&] {
    crashes.push_back(absl::StrCat(Keys(), "-", crashes.size()));
    fs::copy(Keys(), crashes.back());
  };
  SetFailpoint("file.before_rename", crash);
  SetFailpoint("file.after_rename", crash);
  const auto rotated = RotateLogKey(Keys());
  SetFailpoint("file.before_rename", nullptr);
  SetFailpoint("file.after_rename", nullptr);
  ASSERT_TRUE(rotated.ok()) << rotated.status();
  ASSERT_THAT(crashes, SizeIs(8)) << "before and after the name of each of four files";
  const auto read = [](const std::string& dir, const char* file) {
    return ReadText(absl::StrCat(dir, "/", file)).value_or("");
  };
  for (const std::string& dir : crashes) {
    SCOPED_TRACE(dir);
    const bool changed = read(dir, kLogKeyFile) != before.at(kLogKeyFile);
    // What deploy/up does at its next start: keys that fit each other, whatever happened.
    ASSERT_TRUE(InitKeys(dir, "test-log", kNow).ok());
    EXPECT_EQ((*audit::ParseSigningKey(read(dir, kLogKeyFile)))->verifier().Encode(),
              read(dir, kLogVerifierFile));
    const absl::Status again = RotateLogKey(dir).status();
    EXPECT_EQ(again.code(),
              changed ? absl::StatusCode::kFailedPrecondition : absl::StatusCode::kOk);
    EXPECT_NE(read(dir, kLogKeyFile), before.at(kLogKeyFile));
    EXPECT_EQ((*audit::ParseSigningKey(read(dir, kLogKeyFile)))->verifier().Encode(),
              read(dir, kLogVerifierFile));
    EXPECT_EQ(read(dir, kPreviousLogKeyFile), before.at(kLogKeyFile));
    EXPECT_EQ(read(dir, kPreviousLogVerifierFile), before.at(kLogVerifierFile));
    EXPECT_FALSE(fs::exists(absl::StrCat(dir, "/", kLogKeyFile, ".part")));
  }
}

// Without `admin init` between them the next rotation does the same.
TEST_F(AdminTest, ARotationKilledBeforeItsLastFileIsFinishedWithoutInit) {
  namespace fs = std::filesystem;
  ASSERT_TRUE(InitKeys(Keys(), "test-log", kNow).ok());
  const std::string copy = Keys() + "-copy";
  int pass = 0;
  SetFailpoint("file.before_rename", [&] {
    if (++pass == 4) fs::copy(Keys(), copy);
  });
  ASSERT_TRUE(RotateLogKey(Keys()).ok());
  SetFailpoint("file.before_rename", nullptr);
  const auto again = RotateLogKey(copy);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*ReadText(copy + "/" + kLogVerifierFile), *again);
  EXPECT_EQ((*audit::ParseSigningKey(*ReadText(copy + "/" + kLogKeyFile)))->verifier().Encode(),
            *again);
}

TEST_F(AdminTest, AWitnessKeyMadeByHalfGetsItsPublicHalf) {
  ASSERT_TRUE(InitKeys(Keys(), "test-log", kNow).ok());
  const std::string file = Keys() + "/north.key";
  const auto made = MakeWitnessKey("north.example/witness", file);
  ASSERT_TRUE(made.ok());
  std::filesystem::remove(file + ".pub");
  EXPECT_EQ(MakeWitnessKey("another", file).status().code(), absl::StatusCode::kFailedPrecondition);
  const auto again = MakeWitnessKey("north.example/witness", file);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *made);
  EXPECT_EQ(Contents().at("north.key.pub"), *made);
}

TEST_F(AdminTest, AWitnessKeyIsMadeOnce) {
  ASSERT_TRUE(InitKeys(Keys(), "test-log", kNow).ok());
  const std::string file = Keys() + "/north.key";
  const auto made = MakeWitnessKey("north.example/witness", file);
  ASSERT_TRUE(made.ok()) << made.status();
  const auto key = audit::ParseCosigningKey(Contents().at("north.key"));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ((*key)->verifier().Encode(), *made);
  EXPECT_EQ(Contents().at("north.key.pub"), *made);
  EXPECT_EQ(MakeWitnessKey("north.example/witness", file).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ((*audit::ParseCosigningKey(Contents().at("north.key")))->Encode(), (*key)->Encode());
  EXPECT_EQ(MakeWitnessKey("with space", Keys() + "/x.key").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(AdminTest, InitRefusesADirectoryOthersCanRead) {
  std::filesystem::create_directory(Keys());
  ASSERT_EQ(chmod(Keys().c_str(), 0755), 0);
  const absl::Status status = InitKeys(Keys(), "test-log", kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("chmod 700"));
}

TEST_F(AdminTest, ATokenCarriesRolesAtTheirSitesAndItsEnd) {
  ASSERT_TRUE(InitKeys(Keys(), "test-log", kNow).ok());
  TokenSpec spec;
  spec.subject = "users/anna";
  spec.roles = {"front_desk@par-1", "doctor@par-1,syd-1", "chain_admin", "practitioner@*"};
  spec.ttl = absl::Hours(2);
  const auto token = MakeToken(Keys(), spec, kNow);
  ASSERT_TRUE(token.ok()) << token.status();
  const VerifiedToken verified = Verify(*token);
  EXPECT_EQ(verified.principal.subject, "users/anna");
  EXPECT_TRUE(verified.principal.HasRoleAt("front_desk", "sites/par-1"));
  EXPECT_FALSE(verified.principal.HasRoleAt("front_desk", "sites/syd-1"));
  EXPECT_TRUE(verified.principal.HasRoleAt("doctor", "sites/syd-1"));
  EXPECT_FALSE(verified.principal.HasRoleEverywhere("doctor"));
  EXPECT_TRUE(verified.principal.HasRoleEverywhere("chain_admin"));
  EXPECT_TRUE(verified.principal.HasRoleEverywhere("practitioner"));
  EXPECT_TRUE(CheckTokenTimes(verified, kNow + absl::Hours(2) - absl::Seconds(1)).ok());
  EXPECT_EQ(ReasonOf(CheckTokenTimes(verified, kNow + absl::Hours(2))), "TOKEN_EXPIRED");
}

TEST_F(AdminTest, EveryBadPartOfATokenIsToldAtOnce) {
  ASSERT_TRUE(InitKeys(Keys(), "test-log", kNow).ok());
  TokenSpec spec;
  spec.subject = "anna";
  spec.roles = {"nobody", "service", "doctor@par 1"};
  spec.ttl = kTokenTtlMax + absl::Seconds(1);
  const absl::Status status = MakeToken(Keys(), spec, kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "FIELD_INVALID");
  EXPECT_THAT(DetailsOf(status).violations, SizeIs(5));
}

TEST_F(AdminTest, WithoutKeysTheErrorSaysHowToMakeThem) {
  TokenSpec spec;
  spec.subject = "users/anna";
  spec.roles = {"doctor"};
  const absl::Status status = MakeToken(Keys(), spec, kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("mesoctl admin init"));
}

TEST_F(AdminTest, ANewOriginHasTheNextNumberAndKeepsTheOldKey) {
  ASSERT_TRUE(InitKeys(Keys(), "my-clinics", kNow).ok());
  const auto before = Contents();
  const auto second = MakeNewOrigin(Keys());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->name, "my-clinics/2");
  auto after = Contents();
  EXPECT_EQ(after[kLogVerifierFile], second->verifier);
  EXPECT_EQ((*audit::ParseSigningKey(after[kLogKeyFile]))->verifier().Encode(), second->verifier);
  EXPECT_EQ(after["audit-log.origin-1.key"], before.at(kLogKeyFile));
  EXPECT_EQ(after["audit-log.origin-1.pub"], before.at(kLogVerifierFile));
  EXPECT_EQ(second->old_verifier_file, absl::StrCat(Keys(), "/audit-log.origin-1.pub"));
  const auto third = MakeNewOrigin(Keys());
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ(third->name, "my-clinics/3");
  EXPECT_EQ(Contents()["audit-log.origin-2.pub"], second->verifier);
  EXPECT_EQ(Contents()["audit-log.origin-1.key"], before.at(kLogKeyFile));
}

TEST_F(AdminTest, ANewOriginInterruptedAnywhereIsMadeOnce) {
  ASSERT_TRUE(InitKeys(Keys(), "my-clinics", kNow).ok());
  const auto before = Contents();
  ASSERT_TRUE(MakeNewOrigin(Keys()).ok());
  const auto after = Contents();
  const auto put = [this](const std::string& file, const std::string& content) {
    ASSERT_TRUE(WriteDurably(absl::StrCat(Keys(), "/", file), content + "\n").ok());
  };
  // After the key, before its public half.
  put(kLogVerifierFile, before.at(kLogVerifierFile));
  auto made = MakeNewOrigin(Keys());
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->name, "my-clinics/2");
  EXPECT_EQ(Contents(), after);
  // After the old key was put aside, before anything else.
  put(kLogKeyFile, before.at(kLogKeyFile));
  put(kLogVerifierFile, before.at(kLogVerifierFile));
  made = MakeNewOrigin(Keys());
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->name, "my-clinics/2");
  EXPECT_EQ(Contents()["audit-log.origin-1.key"], before.at(kLogKeyFile));
}

TEST_F(AdminTest, NoNewOriginDuringAChangeOfKeys) {
  ASSERT_TRUE(InitKeys(Keys(), "my-clinics", kNow).ok());
  ASSERT_TRUE(RotateLogKey(Keys()).ok());
  const auto before = Contents();
  EXPECT_THAT(std::string(MakeNewOrigin(Keys()).status().message()),
              HasSubstr("a change of the log's key is not over"));
  EXPECT_EQ(Contents(), before);
}

}  // namespace
}  // namespace meso::mesoctl
