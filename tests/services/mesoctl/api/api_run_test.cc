// The table's commands against a real suite: what is printed in which format, and what is sent.
#include "services/mesoctl/api/api_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/mesoctl/call.h"
#include "tests/services/mesoctl/mesoctl_run.h"
#include "tests/support/clinic.h"

namespace meso::mesoctl {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

class ApiRunTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    suite_ = new Suite;
    suite_->StartAll();
    clinic_ = new Clinic(*suite_);
    clinic_->Load();
    for (const char* site : {"sites/par-1", "sites/syd-1"}) clinic_->Receive(50, 300, site);
    for (int i = 1; i <= 6; ++i) Book(absl::StrCat("patients/P-", i), "sites/syd-1");
  }
  static void TearDownTestSuite() {
    delete clinic_;
    delete suite_;
  }
  static void Book(const std::string& patient, const std::string& site) {
    clinic_->Screen(patient, site);
    const auto offers = clinic_->Search(patient, clinic_->Tomorrow(), 1, site);
    const auto booked = clinic_->Book(patient, offers[0].offer_token(), "", site);
    ASSERT_TRUE(booked.ok()) << booked.status();
  }

  Ran Run(const std::string& line, const std::string& input = "") {
    return RunAs(clinic_->desk(), line, input);
  }
  Ran RunAs(const std::string& token, const std::string& line, const std::string& input = "") {
    const std::string file = absl::StrCat(dir_.path(), "/token");
    std::ofstream(file) << token;
    std::map<std::string, std::string> variables = {{"MESO_TOKEN_FILE", file}};
    for (const char* service : kServiceNames) {
      variables[absl::StrCat("MESO_", absl::AsciiStrToUpper(service), "_ADDRESS")] =
          suite_->Socket(service);
    }
    return RunLine(absl::StrSplit(line, ' '), variables, input);
  }
  static std::string Bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::vector<std::string> Lines(const std::string& text) {
    return absl::StrSplit(text, '\n', absl::SkipEmpty());
  }

  static Suite* suite_;
  static Clinic* clinic_;
  TempDir dir_;
};
Suite* ApiRunTest::suite_ = nullptr;
Clinic* ApiRunTest::clinic_ = nullptr;

TEST_F(ApiRunTest, TimesAreInTheSitesZoneForPeopleAndInUtcForPrograms) {
  const Ran table = Run("appointments list --site syd-1 --columns start_time");
  ASSERT_EQ(table.code, ExitCode::kOk) << table.err;
  EXPECT_THAT(Lines(table.out)[1], MatchesRegex("20[0-9-]+ [0-9]+:[0-9]+ \\+1[01]:00"));
  const Ran csv = Run("appointments list --site syd-1 --columns start_time -o csv");
  EXPECT_THAT(Lines(csv.out)[1], MatchesRegex("20[0-9-]+T[0-9]+:[0-9]+:[0-9]+Z\r"));
  const Ran json = Run("appointments list --site syd-1 -o json");
  scheduling::v1::ListAppointmentsResponse response;
  ASSERT_TRUE(FromJson(json.out, &response).ok());
  EXPECT_EQ(response.appointments_size(), 6);
  EXPECT_THAT(json.out, HasSubstr("Z\""));
  const Ran one =
      Run("appointments get -", Run("appointments list --site syd-1 -o name --limit 1").out);
  EXPECT_THAT(one.out,
              AllOf(HasSubstr("state: BOOKED\n"), HasSubstr(" +1"), HasSubstr("segments:\n")));
}

TEST_F(ApiRunTest, AllFollowsThePagesAndALimitCutsThem) {
  // A page holds 50 rows unless more are asked for.
  for (int i = 0; i < 55; ++i) {
    clinic_->Receive(1, 300, "sites/par-1", {"AMP-AAM"});
  }
  const std::string token = clinic_->manager();
  const Ran page = RunAs(token, "lots list --product AMP-AAM -o name");
  EXPECT_THAT(Lines(page.out), SizeIs(50));
  EXPECT_THAT(page.err, HasSubstr("--all shows all")) << "what is left out is always said";
  EXPECT_THAT(Lines(RunAs(token, "lots list --product AMP-AAM -o name --all").out), SizeIs(55));
  EXPECT_THAT(Lines(RunAs(token, "lots list --product AMP-AAM -o name --limit 3").out), SizeIs(3));
  const Ran json = RunAs(token, "lots list --product AMP-AAM -o json --all");
  inventory::v1::ListLotsResponse response;
  ASSERT_TRUE(FromJson(json.out, &response).ok());
  EXPECT_EQ(response.lots_size(), 55);
  EXPECT_THAT(response.next_page_token(), IsEmpty());
  EXPECT_THAT(RunAs(token, "lots list --product AMP-AAM -o name --all").err, IsEmpty());
  EXPECT_THAT(Lines(RunAs(token, "movements list --all --limit 52 -o name").out), SizeIs(52));
}

TEST_F(ApiRunTest, NamesPipeIntoTheNextCommand) {
  const Ran names = Run("appointments list --site syd-1 -o name --limit 1");
  ASSERT_THAT(Lines(names.out), SizeIs(1));
  EXPECT_THAT(Run("appointments get - -o name", names.out).out, names.out);
  EXPECT_THAT(Run("stock list --site par-1 -o name --limit 1").out, HasSubstr("lots/"));
}

// The names of `count` new lots at Paris, one a line.
class ApiRunManyTest : public ApiRunTest {
 protected:
  std::string NewLots(const std::string& lead, int count) {
    std::string names;
    for (int i = 0; i < count; ++i) {
      const Ran received =
          RunAs(clinic_->manager(),
                absl::StrCat("stock receive --site par-1 --product AMP-HA1 --lot_number ", lead, i,
                             " --expiry_date 2031-06-30 --ampoules 5 --document DN-1"));
      EXPECT_EQ(received.code, ExitCode::kOk) << received.err;
      absl::StrAppend(&names, RunAs(clinic_->manager(),
                                    absl::StrCat("lots list --lot_number ", lead, i, " -o name"))
                                  .out);
    }
    EXPECT_THAT(Lines(names), SizeIs(count));
    return names;
  }
};

TEST_F(ApiRunManyTest, ACommandRunsOnceForEveryNameThatIsPipedIntoIt) {
  const std::string names = NewLots("PIPE-", 3);
  const Ran ran = RunAs(clinic_->manager(), "lots quarantine - --reason inspection", names);
  ASSERT_EQ(ran.code, ExitCode::kOk) << ran.err;
  std::set<std::string> ids;
  for (const std::string& line : Lines(ran.err)) {
    EXPECT_THAT(line, MatchesRegex("request_id [0-9a-f-]+ for lots/.*"));
    ids.insert(line.substr(0, line.find(" for ")));
  }
  EXPECT_THAT(ids, SizeIs(3)) << ran.err;
  const std::string held = RunAs(clinic_->manager(), "lots list --held true --all -o name").out;
  for (const std::string& name : Lines(names)) EXPECT_THAT(held, HasSubstr(name + "\n"));
}

TEST_F(ApiRunManyTest, TheAnswersForManyNamesAreOneTableOrOneStream) {
  const std::string names = NewLots("TABLE-", 3);
  const std::string token = clinic_->manager();
  EXPECT_EQ(RunAs(token, "lots get - -o name", names).out, names);
  const Ran csv = RunAs(token, "lots get - -o csv --columns lot_number", names);
  EXPECT_EQ(csv.out, "lot_number\r\nTABLE-0\r\nTABLE-1\r\nTABLE-2\r\n");
  EXPECT_THAT(Lines(RunAs(token, "lots get - --columns lot_number", names).out), SizeIs(4));
  const Ran details = RunAs(token, "lots get -", names);
  EXPECT_THAT((std::vector<std::string>(absl::StrSplit(details.out, "\n\n"))), SizeIs(3))
      << details.out;
  const Ran json = RunAs(token, "lots get - -o json", names);
  EXPECT_THAT((std::vector<std::string>(absl::StrSplit(json.out, "\n{\n"))), SizeIs(3)) << json.out;
}

TEST_F(ApiRunManyTest, TheFirstRefusalStopsARunOverManyNamesAndSaysHowFarItCame) {
  const std::vector<std::string> names = Lines(NewLots("STOP-", 2));
  const std::string nowhere = "lots/00000000-0000-7000-8000-000000000000";
  const Ran ran = RunAs(clinic_->manager(), "lots quarantine - --reason inspection -o name",
                        absl::StrJoin({names[0], nowhere, names[1], names[1]}, "\n"));
  EXPECT_EQ(ran.code, ExitCode::kNotFound);
  EXPECT_EQ(ran.out, names[0] + "\n") << "what is done is shown";
  EXPECT_THAT(ran.err, AllOf(HasSubstr("RESOURCE_NOT_FOUND"),
                             HasSubstr(nowhere + ", number 2 of 4: 1 done before it, 2 not "
                                                 "tried")));
  const std::string held = RunAs(clinic_->manager(), "lots list --held true --all -o name").out;
  EXPECT_THAT(held, AllOf(HasSubstr(names[0]), Not(HasSubstr(names[1]))));
  // A line that is no name is seen before anything is sent.
  const Ran unread = RunAs(clinic_->manager(), "lots quarantine - --reason inspection",
                           absl::StrCat(names[1], "\na/b/c/d\n"));
  EXPECT_EQ(unread.code, ExitCode::kUsage);
  EXPECT_THAT(unread.err, HasSubstr("none of 2 was tried"));
  EXPECT_THAT(RunAs(clinic_->manager(), "lots list --held true --all -o name").out,
              Not(HasSubstr(names[1])));
}

TEST_F(ApiRunTest, AWordThatIsNoneIsRefusedAndJsonsOwnWordIsTaken) {
  const Ran misspelt = Run("appointments list --site syd-1 --state boked");
  EXPECT_EQ(misspelt.code, ExitCode::kUsage);
  EXPECT_THAT(misspelt.err, AllOf(HasSubstr("FILTER_INVALID"), HasSubstr("HELD, BOOKED")));
  EXPECT_THAT(
      Lines(Run("appointments list --site syd-1 --state STATE_BOOKED -o name --limit 3").out),
      SizeIs(3));
  EXPECT_EQ(RunAs(clinic_->manager(), "movements list --kind recieipt").code, ExitCode::kUsage);
  EXPECT_EQ(RunAs(clinic_->admin(), "rulesets list --state bogus").code, ExitCode::kUsage);
}

TEST_F(ApiRunTest, AColumnThatDoesNotExistIsNamedWithTheNearest) {
  const Ran ran = Run("sites list --columns name,time_zon");
  EXPECT_EQ(ran.code, ExitCode::kUsage);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("time_zone?"), HasSubstr("display_name")));
  EXPECT_THAT(ran.out, IsEmpty());
}

TEST_F(ApiRunTest, ADryRunChangesNothingAndIsSaid) {
  const std::string line =
      "stock receive --site par-1 --product AMP-HA1 --lot_number DRY-1 --expiry_date 2031-06-30 "
      "--ampoules 5 --document DN-1";
  const Ran dry = RunAs(clinic_->manager(), line + " --dry-run");
  EXPECT_EQ(dry.code, ExitCode::kOk) << dry.err;
  EXPECT_THAT(dry.err, HasSubstr("nothing was changed"));
  EXPECT_THAT(RunAs(clinic_->manager(), "lots list --lot_number DRY-1 -o name").out, IsEmpty());
  const Ran wet = RunAs(clinic_->manager(), line);
  EXPECT_EQ(wet.code, ExitCode::kOk) << wet.err;
  EXPECT_THAT(Lines(RunAs(clinic_->manager(), "lots list --lot_number DRY-1 -o name").out),
              SizeIs(1));
}

TEST_F(ApiRunTest, TheSameRequestIdHasOneEffectAndOneAnswer) {
  const std::string line = absl::StrCat(
      "stock receive --site par-1 --product AMP-HA1 --lot_number SAME-1 --expiry_date "
      "2031-06-30 --ampoules 5 --document DN-1 -o json --request-id ",
      clinic_->NewRequestId());
  const Ran first = RunAs(clinic_->manager(), line);
  ASSERT_EQ(first.code, ExitCode::kOk) << first.err;
  EXPECT_THAT(first.err, IsEmpty()) << "an id of one's own needs no note";
  EXPECT_EQ(RunAs(clinic_->manager(), line).out, first.out);
  EXPECT_THAT(RunAs(clinic_->manager(),
                    "stock list --site par-1 --product AMP-HA1 -o csv --columns "
                    "lot_number,on_hand")
                  .out,
              HasSubstr("SAME-1,5\r\n"));
}

TEST_F(ApiRunTest, ARefusalKeepsItsReasonExitCodeAndNextStep) {
  const Ran forbidden =
      RunAs(suite_->Token("users/paris", {"front_desk@par-1"}), "appointments list --site syd-1");
  EXPECT_EQ(forbidden.code, ExitCode::kNotAllowed);
  EXPECT_THAT(forbidden.err, AllOf(HasSubstr("SITE_FORBIDDEN"), HasSubstr("Next: ")));
  const Ran missing = Run("sites get nowhere");
  EXPECT_EQ(missing.code, ExitCode::kNotFound);
  EXPECT_THAT(missing.err, HasSubstr("RESOURCE_NOT_FOUND"));
  const Ran nobody = RunAs("", "sites list");
  EXPECT_EQ(nobody.code, ExitCode::kNotAllowed);
  EXPECT_THAT(nobody.err, AllOf(HasSubstr("TOKEN_MISSING"), HasSubstr("--token_file")));
  const Ran unknown = Run("screening check P-1 --site syd-1 --treatment T-FACE --cocktail C-99");
  EXPECT_EQ(unknown.code, ExitCode::kNotFound);
  EXPECT_THAT(unknown.err, HasSubstr("mesoctl cocktails list"));
}

TEST_F(ApiRunTest, ACheckpointIsSavedByteForByteAndVerifiesWithTheLog) {
  const std::string token = clinic_->auditor();
  const std::string note = absl::StrCat(dir_.path(), "/checkpoint.note");
  const std::string bundle = absl::StrCat(dir_.path(), "/log.bundle");
  const Ran saved = RunAs(token, absl::StrCat("audit checkpoint --save ", note));
  ASSERT_EQ(saved.code, ExitCode::kOk) << saved.err;
  EXPECT_EQ(saved.out, note + "\n");
  const std::string bytes = Bytes(note);
  EXPECT_THAT(bytes, AllOf(HasSubstr("\n\n\u2014 "), Not(HasSubstr("\\n"))));
  ASSERT_EQ(RunAs(token, absl::StrCat("audit export -o ", bundle)).code, ExitCode::kOk);
  const Ran verified = RunAs(token, absl::StrCat("audit verify ", bundle, " --key ", suite_->dir(),
                                                 "/keys/audit-log.pub --checkpoint ", note));
  EXPECT_EQ(verified.code, ExitCode::kOk) << verified.err;
  // What is kept may be evidence: it is replaced by a newer one only when that is said.
  const Ran again = RunAs(token, absl::StrCat("audit checkpoint --save ", note));
  EXPECT_EQ(again.code, ExitCode::kUsage);
  EXPECT_THAT(again.err, AllOf(HasSubstr(note), HasSubstr("--force")));
  EXPECT_EQ(Bytes(note), bytes);
  // Every look is an entry, so a newer checkpoint comes.
  EXPECT_TRUE(WaitUntil([&] {
    const Ran forced = RunAs(token, absl::StrCat("audit checkpoint --force --save ", note));
    return forced.code == ExitCode::kOk && Bytes(note) != bytes;
  }));
  EXPECT_THAT(RunAs(token, "audit checkpoint --save -").out, HasSubstr("\n\n\u2014 "));
  EXPECT_EQ(RunAs(token, "audit checkpoint --save /no/dir/x").code, ExitCode::kUsage);
}

TEST_F(ApiRunTest, EverythingAboutAnObjectIsProvenAndVerifies) {
  const std::string token = clinic_->auditor();
  const std::string bundle = absl::StrCat(dir_.path(), "/par-1.bundle");
  const Ran proven = RunAs(token, absl::StrCat("audit prove sites/par-1 --payloads -o ", bundle));
  ASSERT_EQ(proven.code, ExitCode::kOk) << proven.err;
  EXPECT_EQ(proven.out, bundle + "\n");
  struct stat info;
  ASSERT_EQ(stat(bundle.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u) << "it names patients";
  const std::string verify =
      absl::StrCat("audit verify ", bundle, " --key ", suite_->dir(), "/keys/audit-log.pub");
  EXPECT_EQ(RunAs(token, verify).code, ExitCode::kOk);
  EXPECT_EQ(RunAs(token, absl::StrCat("audit prove sites/par-1 -o ", bundle)).code,
            ExitCode::kUsage)
      << "a file that is there may be evidence";
  const std::string other = absl::StrCat(dir_.path(), "/other.bundle");
  const Ran refused = RunAs(token, absl::StrCat("audit prove entries/1 -o ", other));
  EXPECT_EQ(refused.code, ExitCode::kUsage);
  EXPECT_THAT(refused.err, HasSubstr("FIELD_INVALID"));
  EXPECT_FALSE(std::ifstream(other).good());
}

TEST_F(ApiRunTest, ARoomIsReadOnceForAllPhasesOfAnOffer) {
  const Ran ran =
      Run("appointments search --site par-1 --patient P-1 --treatment_type T-FACE --start_time "
          "tomorrow --end_time +7d --limit 1 --columns segments.room");
  ASSERT_EQ(ran.code, ExitCode::kOk) << ran.err;
  ASSERT_THAT(Lines(ran.out), SizeIs(2)) << ran.out;
  EXPECT_THAT(Lines(ran.out)[1], AllOf(HasSubstr("sites/par-1/rooms/"), Not(HasSubstr(","))));
}

TEST_F(ApiRunTest, ASearchThatFindsNothingSaysWhy) {
  const Ran ran =
      Run("appointments search --site par-1 --patient P-1 --treatment_type T-FACE --start_time "
          "tomorrow "
          "--end_time +3d --language xx");
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, AllOf(HasSubstr("nothing found"), HasSubstr("why_none:")));
}

TEST_F(ApiRunTest, EventsAreShownNewestLastAndGoOnFromAToken) {
  const std::string token = clinic_->admin();
  const Ran tail =
      RunAs(token, "events tail --from scheduling --types AppointmentBooked --limit 2 -o json");
  ASSERT_EQ(tail.code, ExitCode::kOk) << tail.err;
  ASSERT_THAT(Lines(tail.out), SizeIs(2));
  EXPECT_THAT(Lines(tail.out)[1],
              AllOf(HasSubstr("\"data\":{"), HasSubstr("\"site\":\"sites/syd-1\"")));
  const size_t at = tail.err.find("--resume ") + 9;
  const std::string resume(absl::StripAsciiWhitespace(tail.err.substr(at)));
  Book("patients/P-20", "sites/syd-1");
  const Ran next =
      RunAs(token, absl::StrCat("events tail --from scheduling --types AppointmentBooked -o "
                                "name --follow --limit 1 --resume ",
                                resume));
  EXPECT_EQ(next.code, ExitCode::kOk) << next.err;
  EXPECT_THAT(Lines(next.out), SizeIs(1));
  EXPECT_EQ(RunAs(token, "events tail --types AppointmentBokked").code, ExitCode::kUsage);
  EXPECT_THAT(RunAs(token, "events tail --limit 3").out, HasSubstr("sites/syd-1/appointments/"));
}

TEST_F(ApiRunTest, NamesOfTheSuiteAreOfferedForCompletion) {
  const auto offered = [&](const std::vector<std::string>& words) {
    const Ran ran =
        RunAs(clinic_->desk(), absl::StrCat("__complete -- ", absl::StrJoin(words, "\x1f")));
    return Lines(ran.out);
  };
  EXPECT_THAT(offered({"sites", "get", ""}), ElementsAre("par-1", "syd-1"));
  EXPECT_THAT(offered({"sites", "get", "s"}), ElementsAre("syd-1"));
  EXPECT_THAT(offered({"sites", "get", "sites/p"}), ElementsAre("sites/par-1"));
  EXPECT_THAT(offered({"devices", "list", "--site", "par"}), ElementsAre("par-1"));
  EXPECT_THAT(offered({"lots", "list", "--product=AMP-V"}), ElementsAre("--product=AMP-VC"));
  EXPECT_THAT(offered({"cocktails", "get", "cocktails/C-01"}),
              ElementsAre("cocktails/C-01/revisions/r1"));
}

TEST_F(ApiRunTest, AGrantIsReadOffline) {
  const Ran ran = RunAs(suite_->Token("users/paris", {"front_desk@par-1", "doctor@*"}),
                        absl::StrCat("admin grants -o csv --keys ", suite_->dir(), "/keys"));
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_EQ(ran.out, "role,sites\r\ndoctor,all sites\r\nfront_desk,par-1\r\n");
  EXPECT_THAT(ran.err, AllOf(HasSubstr("users/paris"), HasSubstr("signed with the key of"),
                             Not(HasSubstr("eyJ"))));
}

}  // namespace
}  // namespace meso::mesoctl
