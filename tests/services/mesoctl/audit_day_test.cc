// An auditor's day from the command line alone: who saw a patient and why; everything about a lot,
// and that it is everything; a whole log checked on a machine without network; a flipped bit and a
// log cut back, found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/mesoctl/call.h"
#include "tests/services/mesoctl/day_fixture.h"

namespace meso::mesoctl {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::EndsWith;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kPatient[] = "PT-0042";

class AuditDayTest : public DayFixture {
 protected:
  AuditDayTest() {
    names_["KEY"] = suite_.KeyFile("audit-log.pub");
    names_["DIR"] = dir_.path();
    names_["PATIENT"] = absl::StrCat("patients/", kPatient);
  }

  Ran Do(const std::string& line) { return DoAs(auditor(), line); }
  // What a verification on a machine without a server, a token or a context says.
  Ran Verify(const std::string& bundle, const std::string& flags = "") {
    return TypeOffline(absl::StrCat("audit verify $DIR/", bundle, " --key $KEY", flags));
  }
  std::string auditor() { return suite_.Token("users/auditor", {"compliance_auditor@*"}); }
  std::string Path(const std::string& name) const { return absl::StrCat(dir_.path(), "/", name); }

  static uint64_t NumberAfter(const std::string& text, const std::string& words) {
    const size_t at = text.find(words);
    EXPECT_NE(at, std::string::npos) << text;
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + words.size()));
  }
  std::string ReadAll(const std::string& name) {
    std::ifstream in(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  void WriteAll(const std::string& name, const std::string& bytes) {
    std::ofstream(Path(name), std::ios::binary | std::ios::trunc) << bytes;
  }

  // A patient is screened, books and is looked at; somebody without a role at the site tries to.
  void SeeAPatient();
  void AskWhoSawThePatient();
  void ProveTheLot();
  void VerifyWithoutNetwork();
  void FindAFlippedBit();
  void CatchALogCutBack();
  void AskWhetherAllReport();
};

void AuditDayTest::SeeAPatient() {
  const std::string site = absl::StrCat("sites/", here_);
  names_["LOT"] = clinic_.Receive(20, 300, site).front();
  clinic_.Screen(absl::StrCat("patients/", kPatient), site);
  const auto offers =
      clinic_.Search(absl::StrCat("patients/", kPatient), clinic_.Tomorrow(), 1, site);
  const auto booked =
      clinic_.Book(absl::StrCat("patients/", kPatient), offers.front().offer_token(), "", site);
  ASSERT_TRUE(booked.ok()) << booked.status();
  names_["APPOINTMENT"] = booked->name();
  DoAs(clinic_.desk(), "appointments get $APPOINTMENT");
  // A desk of another site is refused, and that is an entry, too.
  const Ran refused = Type(suite_.Token("users/curious", {absl::StrCat("front_desk@", there_)}),
                           "appointments get $APPOINTMENT");
  EXPECT_NE(refused.code, ExitCode::kOk);
  // Entries come by outboxes, the last of these a moment after its call.
  ASSERT_TRUE(WaitUntil([this] {
    return !clinic_.Entries("actor = users/curious AND outcome = DENIED").empty() &&
           !clinic_.Entries("method = meso.scheduling.v1.SchedulingService/GetAppointment").empty();
  }));
}

void AuditDayTest::AskWhoSawThePatient() {
  const Rows rows = CellsAs(auditor(), "audit entries --patient $PATIENT --all",
                            "leaf.actor.subject,leaf.action,leaf.method,leaf.purpose,leaf.outcome");
  EXPECT_THAT(rows, Contains(AllOf(HasSubstr("users/desk"), HasSubstr("BookAppointment"))));
  EXPECT_THAT(rows, Contains(AllOf(HasSubstr("users/desk"), HasSubstr("GetAppointment"))));
  const Rows timeline =
      CellsAs(auditor(), "audit timeline $APPOINTMENT --all", "leaf.service,leaf.method");
  std::set<std::string> services;
  for (const std::string& row : timeline) {
    services.insert(std::vector<std::string>(absl::StrSplit(row, ',')).front());
  }
  EXPECT_THAT(services,
              AllOf(Contains("scheduling"), Contains("screening"), Contains("inventory")));
  const Rows refused = CellsAs(auditor(),
                               "audit entries --all --filter 'actor = users/curious AND method = "
                               "\"meso.scheduling.v1.SchedulingService/GetAppointment\"'",
                               "leaf.outcome");
  EXPECT_THAT(refused, Not(IsEmpty()));
  EXPECT_THAT(refused, Each(Eq("DENIED")));
  // The auditor's own look is in the log as well.
  EXPECT_TRUE(WaitUntil([this] {
    return !clinic_.Entries(absl::StrCat("actor = users/auditor AND patient = patients/", kPatient))
                .empty();
  }));
}

void AuditDayTest::ProveTheLot() {
  Do("audit prove $LOT -o $DIR/lot.bundle");
  const Ran proven = Verify("lot.bundle");
  ASSERT_EQ(proven.code, ExitCode::kOk) << proven.err;
  EXPECT_THAT(proven.out, HasSubstr("Complete for this key"));
  // What a list finds up to the proof's checkpoint; each look at the lot adds an entry behind it.
  const uint64_t size = NumberAfter(proven.out, "meso-audit, ");
  size_t listed = 0;
  for (const std::string& name : CellsAs(auditor(), "audit entries --lot $LOT --all", "name")) {
    if (NumberAfter(name, "entries/") < size) ++listed;
  }
  ASSERT_GT(listed, 0u);
  EXPECT_THAT(proven.out, HasSubstr(absl::StrCat(listed, " entries, all under the key")));
}

void AuditDayTest::VerifyWithoutNetwork() {
  Do("audit checkpoint --save $DIR/kept.note");
  Do("audit export -o $DIR/all.bundle --payloads");
  const Ran verified = Verify("all.bundle", " --checkpoint $DIR/kept.note");
  ASSERT_EQ(verified.code, ExitCode::kOk) << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("Complete: no entry of the log"));
  Do("audit export -o $DIR/since.bundle --filter 'time >= \"2026-01-01T00:00:00Z\"'");
  EXPECT_EQ(Verify("since.bundle").code, ExitCode::kOk);
}

void AuditDayTest::FindAFlippedBit() {
  std::string bytes = ReadAll("all.bundle");
  const size_t at = bytes.find("users/desk");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 6] ^= 1;
  WriteAll("flipped.bundle", bytes);
  const Ran flipped = Verify("flipped.bundle");
  EXPECT_EQ(flipped.code, ExitCode::kVerificationFailed);
  EXPECT_THAT(flipped.err, AllOf(HasSubstr("VERIFICATION FAILED"), HasSubstr("entries/")));
  bytes = ReadAll("lot.bundle");
  bytes[bytes.size() / 2] ^= 4;
  WriteAll("flipped.bundle", bytes);
  EXPECT_EQ(Verify("flipped.bundle").code, ExitCode::kVerificationFailed);
}

void AuditDayTest::CatchALogCutBack() {
  // What was exported before is an older state of the log: whoever remembers the newer one sees it.
  Do("audit export -o $DIR/older.bundle");
  const auto signed_size = [this] {
    return std::stoull(CellsAs(auditor(), "audit checkpoint", "tree_size").front());
  };
  const uint64_t older = NumberAfter(Verify("older.bundle").out, "meso-audit, ");
  clinic_.Receive(5);
  ASSERT_TRUE(WaitUntil([&] { return signed_size() > older; }));
  Do("audit checkpoint --save $DIR/newer.note");
  const Ran cut = Verify("older.bundle", " --checkpoint $DIR/newer.note");
  EXPECT_EQ(cut.code, ExitCode::kVerificationFailed);
  EXPECT_THAT(cut.err, HasSubstr("cut back"));
}

void AuditDayTest::AskWhetherAllReport() {
  const Rows sources = CellsAs(auditor(), "audit sources --all", "service,silent,hash_mismatch");
  EXPECT_THAT(sources, SizeIs(4));
  for (const std::string& source : sources) {
    EXPECT_THAT(source, EndsWith(",no,no")) << absl::StrJoin(sources, "\n");
  }
  EXPECT_THAT(CellsAs(auditor(), "audit violations --all", "assertion,explanation"), IsEmpty());
}

TEST_F(AuditDayTest, TheAuditorsQuestionsAreAnsweredWithProof) {
  SeeAPatient();
  AskWhoSawThePatient();
  ProveTheLot();
  VerifyWithoutNetwork();
  FindAFlippedBit();
  CatchALogCutBack();
  AskWhetherAllReport();
}

}  // namespace
}  // namespace meso::mesoctl
