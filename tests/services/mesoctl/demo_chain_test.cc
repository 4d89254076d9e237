// The demo chain in real suites: loaded over the wire, looked at over the wire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "meso/inventory/v1/inventory_service.pb.h"
#include "meso/scheduling/v1/scheduling_admin_service.pb.h"
#include "meso/scheduling/v1/scheduling_service.pb.h"
#include "meso/screening/v1/screening_service.pb.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/demo_load.h"
#include "services/mesoctl/method_catalog.h"
#include "tests/services/mesoctl/demo_chain_fixture.h"

namespace meso::mesoctl {
namespace {

namespace inv = meso::inventory::v1;
namespace sch = meso::scheduling::v1;
namespace scr = meso::screening::v1;

using Lines = std::multiset<std::string>;

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

TEST(DemoChainTest, TheFullChainLoadsFiresEveryRuleBooksEverySessionAndLoadsAgainWithoutEffect) {
  DemoSuite suite("full");
  ASSERT_EQ(suite.Load(), ExitCode::kOk);
  EXPECT_THAT(suite.said(), ::testing::Not(::testing::HasSubstr("left out"))) << suite.said();
  EXPECT_THAT(suite.said(), ::testing::HasSubstr("300 patients"));
  for (const char* stage : {"deliveries", "patients' answers", "booked sessions"}) {
    EXPECT_THAT(suite.progress(), ::testing::HasSubstr(stage));
  }
  ExpectEverySessionBookedAsPlanned(suite);

  ExpectEveryRuleHasTwoPatients(suite);
  ExpectSpecialLots(suite);

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

TEST(DemoChainTest, AChainOfAnotherSeedAndDayIsAsComplete) {
  DemoSuite suite("full", /*horizon_days=*/40, /*seed=*/77, /*days_ahead=*/2);
  ASSERT_EQ(suite.Load(), ExitCode::kOk);
  EXPECT_THAT(suite.said(), ::testing::Not(::testing::HasSubstr("left out"))) << suite.said();
  ExpectEverySessionBookedAsPlanned(suite);
  ExpectEveryRuleHasTwoPatients(suite);
  ExpectSpecialLots(suite);
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

TEST(DemoChainTest, AStartDateThatIsNoneIsRefused) {
  DemoSuite suite("small");
  suite.options().start_date = "tomorrow";
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(LoadDemo(suite.client(), suite.clock(), suite.options(), Terminal(), out, err),
            ExitCode::kUsage);
  EXPECT_THAT(err.str(), ::testing::HasSubstr("write it as 2026-11-24"));
}

}  // namespace
}  // namespace meso::mesoctl
