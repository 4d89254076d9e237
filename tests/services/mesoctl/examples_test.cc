// Every example of every help page, typed into a shell as it stands there, against a real suite.
//
// What an example needs (an appointment to check in, a draft to publish) is put in place right
// before it, by other calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/mesoctl/command_line.h"
#include "tests/support/clinic.h"

namespace meso::mesoctl {
namespace {

constexpr char kPatient[] = "PT-0007";

struct Shown {
  int exit_code;
  std::string text;  // stdout and stderr
};

class ExamplesTest : public ::testing::Test {
 protected:
  explicit ExamplesTest(const std::string& log_name) {
    for (const char* file : {"audit-log.key", "audit-log.pub"}) {
      std::filesystem::remove(suite_.KeyFile(file));
    }
    RunCommand(
        {suite_.Binary("mesoctl"), "admin", "init", suite_.KeyFile(""), "--log_name", log_name});
    suite_.StartAll();
    const std::filesystem::path root = std::filesystem::current_path();
    const std::string bin = std::filesystem::path(suite_.Binary("mesoctl")).parent_path();
    variables_ = {{"PATH", absl::StrCat(bin, ":/usr/local/bin:/usr/bin:/bin")},
                  {"MESO_KEYS", absl::StrCat(suite_.dir(), "/keys")},
                  {"MESO_DEMO_DATA", (root / "deploy/demo").string()},
                  {"MESO_CONFIG", absl::StrCat(dir_.path(), "/no-contexts.json")},
                  {"MESO_TIMEOUT", "20s"},
                  {"MESO_TOKEN_FILE", absl::StrCat(dir_.path(), "/all.token")}};
    for (const char* service : {"scheduling", "screening", "inventory", "audit"}) {
      const std::string upper = absl::AsciiStrToUpper(service);
      variables_[absl::StrCat("MESO_", upper, "_ADDRESS")] = suite_.Socket(service);
      variables_[absl::StrCat("MESO_", upper, "_ADMIN")] =
          absl::StrCat("127.0.0.1:", suite_.AdminPort(service));
    }
    // Nobody in a clinic holds all roles; the examples of all of them are run here.
    std::ofstream(variables_["MESO_TOKEN_FILE"]) << suite_.Token(
        "users/all", {"front_desk@*", "practitioner@*", "doctor@*", "inventory_manager@*",
                      "compliance_auditor@*", "medical_director@*", "chain_admin@*"});
    // What takes two people takes a second one here too.
    variables_["SECOND_TOKEN"] = absl::StrCat(dir_.path(), "/second.token");
    std::ofstream(variables_["SECOND_TOKEN"]) << suite_.Token(
        "users/second", {"inventory_manager@*", "practitioner@*", "compliance_auditor@*"});
  }

  Shown Type(const std::string& line) {
    const std::string out = absl::StrCat(dir_.path(), "/shown");
    std::ofstream(absl::StrCat(dir_.path(), "/line"))
        << "set -o pipefail; cd " << dir_.path() << "\n"
        << line << "\n";
    ChildProcess shell;
    std::filesystem::remove(out);
    shell.Start({"bash", absl::StrCat(dir_.path(), "/line")}, out, variables_);
    Shown shown;
    shown.exit_code = shell.Wait();
    std::ifstream text(out);
    shown.text.assign(std::istreambuf_iterator<char>(text), {});
    return shown;
  }

  void Must(const std::string& line) {
    const Shown shown = Type(line);
    ASSERT_EQ(shown.exit_code, 0) << line << "\n" << shown.text;
  }

  void TypeExample(const std::string& page, const std::string& example) {
    SCOPED_TRACE(page);
    const Shown shown = Type(example);
    EXPECT_EQ(shown.exit_code, 0) << example << "\n" << shown.text;
  }

  TempDir dir_;
  Suite suite_;
  std::map<std::string, std::string> variables_;
};

class ClinicExamplesTest : public ExamplesTest {
 protected:
  ClinicExamplesTest() : ExamplesTest("meso-clinic"), clinic_(suite_) {
    clinic_.Load();
    site_ = Clinic::SiteWithTimeToday();
    for (const char* site : {"sites/par-1", "sites/syd-1"}) {
      clinic_.Receive(200, 300, site);
      clinic_.Receive(50, 300, site, {"EMR-ADR", "AMP-AAM", "AMP-PDR"});
    }
    clinic_.Screen(absl::StrCat("patients/", kPatient));
    std::ofstream(dir_.path() + "/stock.csv") << "site_code,gtin,lot,expiry,qty\r\n"
                                                 "par-1,09521234000112,IMP-1,2031-06-30,20\r\n";
    MakeProducts();
    AddSituations();
    AddStockSituations();
  }

  static absl::TimeZone Zone(const char* name) {
    absl::TimeZone zone;
    EXPECT_TRUE(absl::LoadTimeZone(name, &zone));
    return zone;
  }

  // The log knows a witness whose key is here.
  void AddWitness() {
    if (std::filesystem::exists(dir_.path() + "/witness.key")) return;
    Must("mesoctl admin witness-key clinic.example/witness -o witness.key");
    suite_.Terminate("audit");
    suite_.Start("audit", "",
                 {absl::StrCat("--witness_keys_file=", dir_.path(), "/witness.key.pub")});
    variables_["MESO_AUDIT_ADMIN"] = absl::StrCat("127.0.0.1:", suite_.AdminPort("audit"));
  }

  // What must be there before an example of the page.
  void AddSituations() {
    situations_["appointments release"] = [this] { Hold(); };
    situations_["appointments checkin"] = [this] { BookWithConsent(); };
    situations_["appointments cancel"] = [this] { BookToday(); };
    situations_["stock draw"] = [this] { CheckIn(); };
    situations_["appointments start"] = [this] { Draw(); };
    situations_["appointments complete"] = [this] {
      Start();
      Record();
    };
    situations_["administrations record"] = [this] { Start(); };
    situations_["administrations get"] = situations_["appointments complete"];
    situations_["screening invalidate"] = [this] { clinic_.Screen("patients/PT-0008"); };
    situations_["questionnaires publish"] = [this] {
      DraftAs(
          "mesoctl questionnaires create --code draft --title Draft --json '{\"questions\": "
          "[{\"id\": \"fever\", \"text\": \"Fever?\", \"kind\": \"KIND_YES_NO\"}]}'");
    };
    situations_["grants revoke"] = [this] {
      Must(
          "mesoctl grants create --subject users/inspector --scope 'outcome = OK' --purpose HLEGAL "
          "--expire_time +1d");
    };
    situations_["emergencies review"] = [this] {
      Must(
          "MESO_TOKEN_FILE=$SECOND_TOKEN mesoctl emergencies open PT-0007 --justification "
          "'Unconscious after a session'");
    };
    situations_["audit lift"] = [this] { AskToLift(); };
    situations_["audit erase"] = [this] { clinic_.Screen("patients/PT-0008"); };
    situations_["rulesets publish"] = [this] {
      DraftAs("mesoctl rulesets get meso-default -o json | mesoctl rulesets create --json -");
    };
    situations_["cocktails publish"] = [this] {
      DraftAs(
          "mesoctl cocktails create C-80 --display_name Glow --json '{\"lines\": [{\"product\": "
          "\"products/AMP-HA1\", \"ampoules\": 1}]}'");
    };
    situations_["lots quarantine"] = [this] {
      clinic_.Receive(5, 300, "sites/par-1", {"AMP-AAM"});
    };
    situations_["lots release"] = [this] {
      Must(
          "mesoctl lots list --product AMP-COE -o name --limit 1 | mesoctl lots quarantine - "
          "--reason inspection");
    };
    situations_["recalls get"] = [this] {
      Must(
          "mesoctl recalls create --lots $(mesoctl lots list --product AMP-AAM -o name --limit 1) "
          "--reason damaged --severity class_3 --reference R-1");
    };
    situations_["reservations release"] = [this] {
      Must(absl::StrCat("mesoctl stock reserve ", clinic_.NewRequestId(),
                        " --site par-1 --cocktail C-03 --use_time +3d"));
    };
  }

  // Those the examples of stock work need; each with what is special about it.
  void MakeProducts() {
    const std::pair<const char*, const char*> products[] = {
        {"AMP-HOME --gtin 09521234990024 --container_kind ampoule --home_care", "pantothenic"},
        {"AMP-MULTI --gtin 09521234990031 --container_kind multi_dose_vial", "lidocaine"},
        {"AMP-COLD --gtin 09521234990048 --container_kind ampoule", "peptide"}};
    for (const auto& [flags, tag] : products) {
      Must(absl::StrCat("mesoctl products apply ", flags, " --display_name ", tag,
                        " --unit_microlitres 5000 --units_per_pack 10 --tags ", tag,
                        " --after_opening 2419200s --json '{\"storage\": "
                        "{\"temperature_min_decidegrees\": 20, \"temperature_max_decidegrees\": "
                        "80}}'"));
    }
    clinic_.Receive(20, 300, "sites/par-1", {"AMP-HOME", "AMP-MULTI"});
    Must("mesoctl storage apply par-1/cold --display_name Cold --kind fridge");
    Must(
        "mesoctl stock receive --site par-1 --storage_unit cold --product AMP-COLD --lot_number "
        "COLD-1 --expiry_date +200d --ampoules 8 --document DN-4 --occurred_time -6h");
  }

  void AddStockSituations() {
    situations_["products delete"] = [this] {
      Must(
          "mesoctl products apply AMP-SPARE --display_name Spare --gtin 09521234990017 "
          "--container_kind ampoule --unit_microlitres 2000 --units_per_pack 10");
    };
    situations_["lots inspect"] = [this] { ReceiveForInspection(); };
    situations_["stock return"] = [this] { Draw(); };
    situations_["stock dispose"] = [this] { clinic_.Receive(5, 300, "sites/par-1", {"AMP-PDR"}); };
    situations_["transfers get"] = situations_["transfers ship"] = situations_["transfers list"] =
        situations_["transfers cancel"] = [this] { WriteTransfer(); };
    situations_["transfers receive"] = [this] { ShipTransfer(); };
    situations_["transfers close"] = [this] { ReceiveTransfer(); };
    situations_["counts get"] = situations_["counts list"] = situations_["counts record"] =
        situations_["counts cancel"] = [this] { BeginCount(); };
    situations_["counts post"] = [this] { Count(); };
    situations_["inventory excursions"] = situations_["excursions get"] =
        situations_["excursions list"] = situations_["excursions resolve"] = [this] { Warm(); };
    situations_["recalls acknowledge"] = situations_["recalls get"];
    situations_["recalls close"] = [this] { FinishRecalls(); };
    situations_["audit witness run"] = [this] { AddWitness(); };
  }

  void ReceiveForInspection() {
    Must(
        "mesoctl products apply AMP-NEW --display_name Novella --gtin 09521234009993 "
        "--container_kind ampoule --unit_microlitres 2000 --units_per_pack 10 "
        "--inspect_on_receipt");
    clinic_.Receive(5, 300, "sites/par-1", {"AMP-NEW"});
  }
  void WriteTransfer() {
    Must(R"sh(
      LOT=$(mesoctl stock list --site par-1 --product AMP-HA1 -o name --limit 1)
      mesoctl transfers create --from_site par-1 --to_site syd-1 --document TN-7 \
        --json "{\"lines\": [{\"lot\": \"$LOT\", \"ampoules\": 4}]}")sh");
  }
  void ShipTransfer() {
    WriteTransfer();
    Must(
        "mesoctl transfers list --state draft --all -o name | mesoctl transfers ship - "
        "--take_reserved");
  }
  // Of every transfer under way one unit is missing.
  void ReceiveTransfer() {
    ShipTransfer();
    Must(R"sh(
      for T in $(mesoctl transfers list --state shipped --all -o name); do
        LOT=$(mesoctl transfers get $T --columns lines.lot -o csv | tail -n 1 | tr -d '\r')
        mesoctl transfers receive $T \
          --json "{\"lines\": [{\"lot\": \"$LOT\", \"ampoules\": 3}]}" || exit
      done)sh");
  }
  // Leaves exactly one count open.
  void BeginCount() {
    Must("mesoctl counts list --state open --all -o name | xargs -r -n 1 mesoctl counts cancel");
    Must("mesoctl counts create --site par-1 --products AMP-COE");
  }
  // Everything is where it should be but one unit, counted twice.
  void Count() {
    BeginCount();
    Must(R"sh(
      C=$(mesoctl counts list --state open -o name)
      HELD=$(mesoctl stock list --site par-1 --product AMP-COE --columns on_hand -o csv |
             tail -n 1 | tr -d '\r')
      LINE="{\"lot\": \"$(mesoctl counts get $C -o name)\", \"ampoules\": $((HELD - 1)),
             \"reason\": \"broken\"}"
      for time in 1 2; do mesoctl counts record $C --json "{\"lines\": [$LINE]}" || exit; done)sh");
  }
  // The fridge was too warm for two hours; told once.
  void Warm() {
    Must(R"sh(
      [ -z "$(mesoctl excursions list -o name)" ] || exit 0
      for minute in 240 210 180 150 120 90 60 30 5; do
        [ $minute -lt 200 ] && [ $minute -gt 80 ] && echo -${minute}m,18.5 || echo -${minute}m,5.0
      done | mesoctl sensors record - --unit par-1/cold --sensor S-9)sh");
  }
  // Every site has answered and nothing is left of what was called back.
  void FinishRecalls() {
    Must(R"sh(
      values() { tail -n +2 | tr -d '\r"' | tr , ' '; }
      for R in $(mesoctl recalls list --state open --all -o name); do
        for LOT in $(mesoctl recalls get $R --columns lots -o csv | values); do
          for SITE in $(mesoctl stock list --lot $LOT --columns site -o csv | values); do
            mesoctl stock dispose $LOT --site $SITE --reason recalled \
              --witness users/pharmacist --document DR-9 || exit
          done
        done
        for SITE in $(mesoctl recalls get $R --columns sites.site -o csv | values); do
          mesoctl recalls acknowledge $R --site $SITE --found_ampoules 0 || exit
        done
      done)sh");
  }

  // A hold nobody asked to lift, and a newer one that somebody else did.
  void AskToLift() {
    Must("mesoctl audit hold --filter 'outcome = FAILED' --reason 'File 12-36'");
    Must("mesoctl audit hold --filter 'outcome = FAILED' --reason 'File 12-37'");
    Must(
        "MESO_TOKEN_FILE=$SECOND_TOKEN mesoctl audit lift $(mesoctl audit holds --state active -o "
        "name --limit 1)");
  }

  // By another author, so that this one may publish it.
  void DraftAs(const std::string& line) {
    const std::string author = absl::StrCat(dir_.path(), "/author.token");
    std::ofstream(author) << clinic_.director();
    Must(absl::StrCat("export MESO_TOKEN_FILE=", author, "; ", line));
  }

  void Hold() {
    Must(absl::StrCat("mesoctl appointments search --site par-1 --patient ", kPatient,
                      " --treatment_type T-FACE --start_time tomorrow --end_time +7d --limit 1 -o "
                      "name | mesoctl appointments hold - --site par-1 --patient ",
                      kPatient));
  }
  // Leaves exactly one appointment booked.
  void BookToday() {
    for (const char* state : {"booked", "checked_in"}) {
      Must(absl::StrCat("mesoctl appointments list --state ", state,
                        " --all -o name | xargs -r -n 1 -I{} mesoctl appointments cancel {} "
                        "--reason booked_in_error"));
    }
    Must(absl::StrCat("mesoctl appointments book --site ", site_, " --patient ", kPatient,
                      " --cocktail C-01 --offer_token $(mesoctl appointments search --site ", site_,
                      " --patient ", kPatient,
                      " --treatment_type T-FACE --start_time now --end_time +7h --limit 1 -o "
                      "name)"));
  }
  void BookWithConsent() {
    BookToday();
    Must(absl::StrCat("mesoctl screening consent --patient ", kPatient, " --site ", site_,
                      " --cocktail C-01 --document CF-1"));
  }
  void CheckIn() {
    BookWithConsent();
    Must("mesoctl appointments list --state booked -o name | mesoctl appointments checkin -");
  }
  void Draw() {
    CheckIn();
    Must(
        "A=$(mesoctl appointments list --state checked_in -o name); mesoctl stock draw $A "
        "--reservation $(mesoctl reservations list --appointment $A -o name)");
  }
  // Leaves exactly one in progress.
  void Start() {
    Record();
    Must(
        "mesoctl appointments list --state in_progress --all -o name | xargs -r -n 1 mesoctl "
        "appointments complete");
    Draw();
    Must("mesoctl appointments list --state checked_in -o name | mesoctl appointments start -");
  }
  // Gives the patients of the sessions in progress what was drawn.
  void Record() {
    for (const auto& appointment : clinic_.ListAppointments("state = IN_PROGRESS")) {
      inventory::v1::RecordAdministrationRequest request;
      auto* given = request.mutable_administration();
      given->set_appointment(appointment.name());
      given->set_patient(appointment.patient());
      given->set_practitioner(appointment.practitioner());
      given->mutable_occurred_time()->set_seconds(absl::ToUnixSeconds(SystemClock().Now()));
      for (const auto& reservation :
           clinic_.ListReservations(absl::StrCat("appointment = \"", appointment.name(), "\""))) {
        for (const auto& allocation : reservation.allocations()) {
          auto* lot = given->add_lots();
          lot->set_lot(allocation.lot());
          lot->set_ampoules(allocation.ampoules());
        }
      }
      request.set_request_id(clinic_.NewRequestId());
      inventory::v1::Administration recorded;
      const absl::Status status = suite_.Call<inventory::v1::InventoryService>(
          clinic_.inventory(), &inventory::v1::InventoryService::Stub::RecordAdministration,
          clinic_.desk(), request, &recorded);
      ASSERT_TRUE(status.ok()) << status;
    }
  }

  Clinic clinic_;
  std::string site_;
  std::map<std::string, std::function<void()>> situations_;
};

// Those with a suite of their own.
bool IsOfDemo(const std::vector<std::string>& path) { return !path.empty() && path[0] == "demo"; }

TEST_F(ClinicExamplesTest, EveryExampleOfEveryHelpPageRuns) {
  std::vector<const Command*> commands;
  // A draft of one's own can't be published: what publishes comes before what drafts.
  for (const bool drafts : {false, true}) {
    for (const Command& command : AllCommands().commands) {
      const bool is_draft = command.path.back() == "create" && command.path[0] != "recalls";
      if (!command.hidden && !IsOfDemo(command.path) && is_draft == drafts) {
        commands.push_back(&command);
      }
    }
  }
  for (const Command* command : commands) {
    const std::string page = absl::StrJoin(command->path, " ");
    if (page.find("context") == 0) variables_["MESO_CONFIG"] = dir_.path() + "/contexts.json";
    for (const std::string& example : command->examples) {
      if (const auto situation = situations_.find(page); situation != situations_.end()) {
        situation->second();
        ASSERT_FALSE(HasFatalFailure()) << page;
      }
      TypeExample(page, example);
    }
    variables_["MESO_CONFIG"] = dir_.path() + "/no-contexts.json";
  }
  for (const CommandGroup& group : AllCommands().groups) {
    variables_["MESO_CONFIG"] = dir_.path() + "/contexts-of-groups.json";
    for (const std::string& example : group.examples) {
      if (!IsOfDemo(group.path)) TypeExample(absl::StrJoin(group.path, " "), example);
    }
    std::filesystem::remove(variables_["MESO_CONFIG"]);
  }
}

// A suite is a demo by the name of its log.
class DemoExamplesTest : public ExamplesTest {
 protected:
  DemoExamplesTest() : ExamplesTest("meso-demo") {}
};

TEST_F(DemoExamplesTest, TheDemosExamplesRun) {
  for (const Command& command : AllCommands().commands) {
    if (!IsOfDemo(command.path)) continue;
    std::filesystem::create_directories(dir_.path() + "/exports");
    // What `reset` removes: not this suite, which runs.
    variables_["MESO_STATE"] = dir_.path() + "/state";
    Must("mkdir -p state && mesoctl admin init state/keys --log_name meso-demo");
    for (const std::string& example : command.examples) {
      TypeExample(absl::StrJoin(command.path, " "), example);
    }
  }
  for (const std::string& example : FindGroup(AllCommands(), {"demo"})->examples) {
    TypeExample("demo", example);
  }
  EXPECT_THAT(Type("mesoctl audit violations").text, ::testing::HasSubstr("nothing found"))
      << "the demo's day is a clean one";
}

}  // namespace
}  // namespace meso::mesoctl
