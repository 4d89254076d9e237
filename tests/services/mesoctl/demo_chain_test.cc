// The demo chain in real suites: loaded over the wire, looked at over the wire.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/local_file.h"
#include "meso/inventory/v1/inventory_service.pb.h"
#include "meso/scheduling/v1/scheduling_admin_service.pb.h"
#include "meso/scheduling/v1/scheduling_service.pb.h"
#include "meso/screening/v1/screening_service.pb.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/demo_load.h"
#include "services/mesoctl/demo_plan.h"
#include "services/mesoctl/in_flight.h"
#include "services/mesoctl/method_catalog.h"
#include "services/mesoctl/story_stage.h"
#include "tests/support/suite.h"

namespace meso::mesoctl {
namespace {

namespace inv = meso::inventory::v1;
namespace sch = meso::scheduling::v1;
namespace scr = meso::screening::v1;

using Lines = std::multiset<std::string>;

constexpr int kStreams = 6;

// A running suite, and whoever calls it.
class DemoSuite {
 public:
  explicit DemoSuite(const std::string& chain, int horizon_days = 31) {
    suite_.StartRedis();
    suite_.Start("audit");
    suite_.Start("inventory", "", {absl::StrCat("--allocation_horizon_days=", horizon_days)});
    suite_.Start("screening");
    suite_.Start("scheduling");
    SuiteOptions options;
    for (auto& [service, address] : options.addresses) address = suite_.Socket(service);
    client_ = std::make_unique<SuiteClient>(options);
    options_.keys_dir = absl::StrCat(suite_.dir(), "/keys");
    options_.tokens_dir = absl::StrCat(suite_.dir(), "/tokens");
    options_.chain = chain;
    options_.start_date = absl::FormatCivilTime(start_);
    people_ = *DemoPeople::Create(*client_, options_, clock_);
  }

  ExitCode Load() {
    out_.str("");
    std::ostringstream err;
    const ExitCode code = LoadDemo(*client_, clock_, options_, out_, err);
    EXPECT_EQ(code, ExitCode::kOk) << err.str();
    progress_ = err.str();
    return code;
  }

  // As a program of its own, which can be killed.
  void StartLoading(ChildProcess& child) {
    std::vector<std::string> argv = {suite_.Binary("mesoctl"), "demo", "load"};
    for (const char* service : {"scheduling", "screening", "inventory", "audit"}) {
      argv.push_back(absl::StrCat("--", service, "_address=", suite_.Socket(service)));
    }
    for (const std::string& flag :
         {absl::StrCat("--keys=", options_.keys_dir),
          absl::StrCat("--tokens=", options_.tokens_dir), absl::StrCat("--chain=", options_.chain),
          absl::StrCat("--start_date=", options_.start_date)}) {
      argv.push_back(flag);
    }
    child.Start(argv, absl::StrCat(suite_.dir(), "/load.log"));
  }

  template <typename Response>
  Response Call(const std::string& person, const std::string& method,
                const google::protobuf::Message& request) {
    const auto response = people_->As(person).Call<Response>(method, request);
    EXPECT_TRUE(response.ok()) << method << " " << response.status();
    return response.value_or(Response());
  }

  const DemoPeople& People() const { return *people_; }
  DemoPlan Plan() { return *PlanDemo("deploy/demo", {options_.chain, 1, start_}); }
  std::string said() const { return out_.str(); }
  const std::string& progress() const { return progress_; }
  const SuiteClient& client() const { return *client_; }
  const Clock& clock() const { return clock_; }
  DemoOptions& options() { return options_; }

 private:
  Suite suite_;
  const SystemClock clock_;
  const absl::CivilDay start_ = absl::ToCivilDay(clock_.Now(), absl::UTCTimeZone());
  std::unique_ptr<SuiteClient> client_;
  DemoOptions options_;
  std::unique_ptr<DemoPeople> people_;
  std::ostringstream out_;
  std::string progress_;
};

std::string Desk(const std::string& site) {
  return absl::StrCat("desk-", site.substr(site.find('/') + 1));
}

template <typename Request, typename Page>
void ForEachPage(DemoSuite& suite, const std::string& person, const std::string& method,
                 Request request, const std::function<void(const Page&)>& take) {
  request.set_page_size(500);
  do {
    const Page page = suite.Call<Page>(person, method, request);
    take(page);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
}

std::vector<sch::Appointment> Appointments(DemoSuite& suite, const std::string& site) {
  std::vector<sch::Appointment> all;
  sch::ListAppointmentsRequest request;
  request.set_parent(site);
  ForEachPage<sch::ListAppointmentsRequest, sch::ListAppointmentsResponse>(
      suite, Desk(site), "SchedulingService.ListAppointments", request, [&](const auto& page) {
        all.insert(all.end(), page.appointments().begin(), page.appointments().end());
      });
  return all;
}

std::map<std::string, inv::Reservation> Reservations(DemoSuite& suite, const std::string& site) {
  std::map<std::string, inv::Reservation> all;
  inv::ListReservationsRequest request;
  request.set_parent(site);
  ForEachPage<inv::ListReservationsRequest, inv::ListReservationsResponse>(
      suite, "stock", "InventoryService.ListReservations", request, [&](const auto& page) {
        for (const auto& reservation : page.reservations()) all[reservation.name()] = reservation;
      });
  return all;
}

// Everything a person can list, told by codes: what servers number themselves is left out, unless
// `with_ids`.
class Snapshot {
 public:
  Snapshot(DemoSuite& suite, bool with_ids) : suite_(suite), with_ids_(with_ids) {
    const DemoPlan plan = suite.Plan();
    for (const char* method : {"ListSites", "ListPractitioners", "ListTreatmentTypes", "ListRooms",
                               "ListDevices", "ListProducts", "ListCocktails"}) {
      TakeAll(method);
    }
    TakeStock();
    for (const auto& [site, zone] : plan.zones) TakeSessions(site);
    for (const DemoPatient& patient : plan.patients) TakeAnswers(patient);
  }

  const Lines& lines() const { return lines_; }

 private:
  // One line of JSON without what belongs to the moment.
  std::string LineOf(const google::protobuf::Message& message) const {
    std::unique_ptr<google::protobuf::Message> copy(message.New());
    copy->CopyFrom(message);
    for (const char* field : {"etag", "revision", "create_time", "update_time", "publish_time"}) {
      const auto* descriptor = copy->GetDescriptor()->FindFieldByName(field);
      if (descriptor != nullptr && !with_ids_)
        copy->GetReflection()->ClearField(copy.get(), descriptor);
    }
    return absl::StrCat(message.GetTypeName(), " ", ToJson(*copy, false));
  }

  // Every object that a List method of the admin's or the stock keeper's answers.
  void TakeAll(const std::string& name) {
    const auto* method = *FindMethod(name);
    const std::string person = HomeOf(*method) == "inventory" ? "stock" : "admin";
    std::string token;
    do {
      const auto request = NewMessage(*method->input_type());
      const bool has_parent = method->input_type()->FindFieldByName("parent") != nullptr;
      EXPECT_TRUE(FromJson(absl::StrCat("{\"page_size\": 500, \"page_token\": \"", token, "\"",
                                        has_parent ? ", \"parent\": \"sites/-\"}" : "}"),
                           request.get())
                      .ok());
      const auto page = NewMessage(*method->output_type());
      const absl::Status status = suite_.People().As(person).Call(name, *request, page.get());
      EXPECT_TRUE(status.ok()) << name << " " << status;
      const auto* items = page->GetDescriptor()->field(0);
      for (int i = 0; i < page->GetReflection()->FieldSize(*page, items); ++i) {
        lines_.insert(LineOf(page->GetReflection()->GetRepeatedMessage(*page, items, i)));
      }
      token = page->GetReflection()->GetString(
          *page, page->GetDescriptor()->FindFieldByName("next_page_token"));
    } while (!token.empty());
  }

  void TakeStock() {
    ForEachPage<inv::ListLotsRequest, inv::ListLotsResponse>(
        suite_, "stock", "ListLots", inv::ListLotsRequest(), [&](const auto& page) {
          for (const inv::Lot& lot : page.lots()) {
            std::string line = absl::StrCat("lot ", lot.product(), " ", lot.lot_number(), " ",
                                            lot.expiry_date(), " ", lot.on_hand());
            for (const inv::Hold& hold : lot.holds()) {
              absl::StrAppend(&line, " held ", hold.kind(), hold.site(), hold.reason());
            }
            if (with_ids_) absl::StrAppend(&line, " ", lot.name(), " ", lot.etag());
            lines_.insert(line);
          }
        });
    inv::ListStockLevelsRequest levels;
    levels.set_parent("sites/-");
    ForEachPage<inv::ListStockLevelsRequest, inv::ListStockLevelsResponse>(
        suite_, "stock", "ListStockLevels", levels, [&](const auto& page) {
          for (inv::StockLevel level : page.stock_levels()) {
            level.clear_lot();
            lines_.insert(LineOf(level));
          }
        });
  }

  void TakeSessions(const std::string& site) {
    const std::map<std::string, inv::Reservation> reservations = Reservations(suite_, site);
    for (const sch::Appointment& appointment : Appointments(suite_, site)) {
      if (appointment.state() != sch::Appointment::STATE_BOOKED) continue;
      std::string line = absl::StrCat(appointment.patient(), " ", appointment.treatment_type(), " ",
                                      appointment.cocktail(), " ", appointment.local_start_time(),
                                      " ", appointment.clearance().state());
      for (const sch::Segment& segment : appointment.segments()) {
        absl::StrAppend(&line, " ", ToJson(segment, false));
      }
      const auto kept = reservations.find(appointment.reservation());
      if (kept == reservations.end()) {
        ADD_FAILURE() << "no reservation for " << line;
        continue;
      }
      absl::StrAppend(&line, " ", inv::Reservation::State_Name(kept->second.state()));
      for (const inv::Allocation& lot : kept->second.allocations()) {
        absl::StrAppend(&line, " ", lot.lot_number(), "*", lot.ampoules());
      }
      if (with_ids_) absl::StrAppend(&line, " ", appointment.name(), " ", appointment.etag());
      lines_.insert(line);
    }
  }

  void TakeAnswers(const DemoPatient& patient) {
    scr::ListAssessmentsRequest request;
    request.set_patient(patient.name);
    request.set_site(patient.site);
    ForEachPage<scr::ListAssessmentsRequest, scr::ListAssessmentsResponse>(
        suite_, Desk(patient.site), "ListAssessments", request, [&](const auto& page) {
          for (const scr::Assessment& assessment : page.assessments()) {
            std::string line =
                absl::StrCat("answers of ", assessment.patient(), " at ", assessment.site());
            for (const auto& answer : assessment.answers()) {
              absl::StrAppend(&line, " ", ToJson(answer, false));
            }
            if (with_ids_) absl::StrAppend(&line, " ", assessment.name());
            lines_.insert(line);
          }
        });
  }

  DemoSuite& suite_;
  const bool with_ids_;
  Lines lines_;
};

// What is in one and not in the other, for a failure a person can read.
std::string Difference(const Lines& a, const Lines& b) {
  std::vector<std::string> lines;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(lines));
  std::string text;
  for (size_t i = 0; i < lines.size() && i < 6; ++i) absl::StrAppend(&text, lines[i], "\n");
  return lines.empty() ? "" : absl::StrCat(lines.size(), " lines differ:\n", text);
}

std::string SessionKey(const std::string& patient, const std::string& treatment,
                       const std::string& practitioner, absl::Time begin) {
  return absl::StrCat(patient, " ", treatment, " ", practitioner, " ", absl::FormatTime(begin));
}

void ExpectEverySessionBookedAsPlanned(DemoSuite& suite) {
  const DemoPlan plan = suite.Plan();
  std::set<std::string> planned;
  for (const DemoSession& session : plan.sessions) {
    planned.insert(
        SessionKey(session.patient, session.treatment, session.practitioner, session.begin));
  }
  std::set<std::string> booked;
  for (const auto& [site, zone] : plan.zones) {
    const std::map<std::string, inv::Reservation> reservations = Reservations(suite, site);
    for (const sch::Appointment& appointment : Appointments(suite, site)) {
      booked.insert(SessionKey(appointment.patient(), appointment.treatment_type(),
                               appointment.practitioner(),
                               FromTimestamp(appointment.start_time())));
      EXPECT_EQ(appointment.state(), sch::Appointment::STATE_BOOKED);
      EXPECT_FALSE(appointment.at_risk());
      // What is asked again on the day itself has been answered when it was booked on that day.
      const auto day = [&zone = zone](const google::protobuf::Timestamp& time) {
        return absl::ToCivilDay(FromTimestamp(time), zone);
      };
      const bool today = day(appointment.start_time()) <= day(appointment.create_time());
      const std::string& state = appointment.clearance().state();
      EXPECT_TRUE(state == "PROVISIONAL" || (today && state == "CLEARED")) << state;
      const auto kept = reservations.find(appointment.reservation());
      ASSERT_NE(kept, reservations.end());
      EXPECT_EQ(kept->second.state(), inv::Reservation::STATE_CONFIRMED);
      EXPECT_GE(kept->second.allocations_size(), 1);
    }
  }
  EXPECT_EQ(booked, planned);
}

// How many patients each rule finds something about, asked one by one through CheckClearance.
std::map<std::string, int> PatientsByRule(DemoSuite& suite) {
  const DemoPlan plan = suite.Plan();
  std::map<std::string, std::string> revisions;
  for (const DemoPatient& patient : plan.patients) {
    std::string& revision = revisions[patient.cocktail];
    if (!revision.empty()) continue;
    inv::GetCocktailRequest request;
    request.set_name(patient.cocktail);
    revision = suite.Call<inv::Cocktail>("stock", "GetCocktail", request).name();
  }
  std::vector<scr::Clearance> clearances(plan.patients.size());
  const absl::Status status =
      ForEachInFlight(plan.patients.size(), kStreams, [&](size_t i) -> absl::Status {
        const DemoPatient& patient = plan.patients[i];
        scr::CheckClearanceRequest request;
        request.set_patient(patient.name);
        request.set_site(patient.site);
        request.set_treatment(patient.treatment);
        request.set_cocktail(revisions.at(patient.cocktail));
        clearances[i] = suite.Call<scr::Clearance>(Desk(patient.site), "CheckClearance", request);
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok());
  std::map<std::string, int> counts;
  for (size_t i = 0; i < clearances.size(); ++i) {
    std::set<std::string> rules;
    for (const scr::Finding& finding : clearances[i].findings()) rules.insert(finding.rule());
    for (const std::string& rule : rules) ++counts[rule];
    const std::string& meant = plan.patients[i].rule;
    EXPECT_EQ(rules.count(meant), meant.empty() ? 0u : 1u) << plan.patients[i].name << " " << meant;
    EXPECT_NE(clearances[i].state(), scr::Clearance::STATE_INCOMPLETE) << plan.patients[i].name;
    if (meant.empty()) {
      EXPECT_EQ(clearances[i].state(), scr::Clearance::STATE_CLEARED) << plan.patients[i].name;
    }
  }
  return counts;
}

TEST(DemoChainTest, TheFullChainLoadsFiresEveryRuleBooksEverySessionAndLoadsAgainWithoutEffect) {
  DemoSuite suite("full");
  ASSERT_EQ(suite.Load(), ExitCode::kOk);
  EXPECT_THAT(suite.said(), ::testing::Not(::testing::HasSubstr("left out"))) << suite.said();
  EXPECT_THAT(suite.said(), ::testing::HasSubstr("300 patients"));
  for (const char* stage : {"deliveries", "patients' answers", "booked sessions"}) {
    EXPECT_THAT(suite.progress(), ::testing::HasSubstr(stage));
  }
  ExpectEverySessionBookedAsPlanned(suite);

  const std::map<std::string, int> by_rule = PatientsByRule(suite);
  scr::RuleSet rules;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      *ReadText("deploy/demo/screening/meso-default.ruleset.textproto"), &rules));
  for (const scr::Rule& rule : rules.rules()) {
    const auto found = by_rule.find(rule.id());
    EXPECT_GE(found == by_rule.end() ? 0 : found->second, 2) << rule.id();
  }

  const auto ledger =
      suite.Call<inv::LedgerReport>("stock", "CheckLedger", inv::CheckLedgerRequest());
  EXPECT_TRUE(ledger.consistent());

  const Snapshot before(suite, /*with_ids=*/true);
  suite.options().start_date.clear();  // a chain as young as this one is gone on with
  ASSERT_EQ(suite.Load(), ExitCode::kOk);
  EXPECT_THAT(suite.said(), ::testing::HasSubstr("were there already"));
  const Snapshot after(suite, /*with_ids=*/true);
  EXPECT_EQ(Difference(before.lines(), after.lines()), "");
}

TEST(DemoChainTest, ALoadKilledHalfwayAndLoadedAgainGivesTheSameChainAsOneThatWasNot) {
  DemoSuite undisturbed("full");
  ASSERT_EQ(undisturbed.Load(), ExitCode::kOk);
  DemoSuite broken("full");
  ChildProcess load;
  broken.StartLoading(load);
  const auto booked = [&] {
    sch::ListAppointmentsRequest request;
    request.set_parent("sites/par-1");
    const auto page = broken.People()
                          .As("desk-par-1")
                          .Call<sch::ListAppointmentsResponse>("ListAppointments", request);
    return page.ok() && page->appointments_size() >= 3;
  };
  ASSERT_TRUE(meso::WaitUntil([&] { return booked() || !load.running(); }, 60));
  ASSERT_TRUE(load.running()) << "it was done before it could be killed";
  load.Kill();
  ASSERT_EQ(broken.Load(), ExitCode::kOk);
  EXPECT_THAT(broken.said(), ::testing::HasSubstr("were there already"));
  ExpectEverySessionBookedAsPlanned(undisturbed);
  const Snapshot one(undisturbed, /*with_ids=*/false);
  const Snapshot other(broken, /*with_ids=*/false);
  EXPECT_EQ(Difference(one.lines(), other.lines()), "");
  EXPECT_GT(one.lines().size(), 900u);
}

TEST(DemoChainTest, SessionsBeyondTheSuitesHorizonAreBookedOnPromises) {
  DemoSuite suite("small", /*horizon_days=*/14);
  ASSERT_EQ(suite.Load(), ExitCode::kOk);
  EXPECT_THAT(suite.said(), ::testing::Not(::testing::HasSubstr("are left out")));
  int kept = 0;
  int promised = 0;
  for (const auto& [site, zone] : suite.Plan().zones) {
    for (const auto& [name, reservation] : Reservations(suite, site)) {
      kept += reservation.state() == inv::Reservation::STATE_CONFIRMED;
      promised += reservation.state() == inv::Reservation::STATE_PROMISED;
    }
  }
  EXPECT_GT(kept, 0);
  EXPECT_GT(promised, 0);
  EXPECT_EQ(kept + promised, static_cast<int>(suite.Plan().sessions.size()));
}

TEST(DemoChainTest, ResetChangesNothingAndLeavesASuiteAloneThatIsNoDemo) {
  DemoSuite suite("small");
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(ResetDemo(suite.client(), suite.clock(), suite.options(), out, err),
            ExitCode::kRefused);
  EXPECT_THAT(err.str(), ::testing::HasSubstr("is named meso-audit, not meso-demo"));
  EXPECT_EQ(out.str(), "");
}

TEST(DemoChainTest, AStartDateThatIsNoneIsRefused) {
  DemoSuite suite("small");
  suite.options().start_date = "tomorrow";
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(LoadDemo(suite.client(), suite.clock(), suite.options(), out, err), ExitCode::kUsage);
  EXPECT_THAT(err.str(), ::testing::HasSubstr("write it as 2026-11-24"));
}

}  // namespace
}  // namespace meso::mesoctl
