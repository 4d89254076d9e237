#include "tests/services/mesoctl/demo_chain_fixture.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/local_file.h"
#include "meso/screening/v1/screening_service.pb.h"
#include "services/mesoctl/in_flight.h"
#include "services/mesoctl/story_stage.h"

namespace meso::mesoctl {
namespace {

namespace inv = meso::inventory::v1;
namespace sch = meso::scheduling::v1;
namespace scr = meso::screening::v1;

constexpr int kStreams = 6;

std::string SessionKey(const std::string& patient, const std::string& treatment,
                       const std::string& practitioner, absl::Time begin) {
  return absl::StrCat(patient, " ", treatment, " ", practitioner, " ", absl::FormatTime(begin));
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

// What a special lot is to be once it is loaded.
struct SpecialLot {
  std::string product;
  std::string letter;
  std::set<std::string> sites;
  std::string reason;               // why it may not be used; empty = it may
  std::vector<inv::HoldKind> held;  // one by one
  int expires_in_days = 0;
};

}  // namespace

DemoSuite::DemoSuite(const std::string& chain, int horizon_days, uint64_t seed, int days_ahead)
    : start_(absl::ToCivilDay(clock_.Now(), absl::UTCTimeZone()) + days_ahead) {
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
  options_.seed = seed;
  options_.start_date = absl::FormatCivilTime(start_);
  people_ = *DemoPeople::Create(*client_, options_, clock_);
}

ExitCode DemoSuite::Load() {
  out_.str("");
  std::ostringstream err;
  const ExitCode code = LoadDemo(*client_, clock_, options_, Terminal(), out_, err);
  EXPECT_EQ(code, ExitCode::kOk) << err.str();
  progress_ = err.str();
  return code;
}

void DemoSuite::StartLoading(ChildProcess& child) {
  std::vector<std::string> argv = {suite_.Binary("mesoctl"), "demo", "load"};
  for (const char* service : {"scheduling", "screening", "inventory", "audit"}) {
    argv.push_back(absl::StrCat("--", service, "_address=", suite_.Socket(service)));
  }
  for (const std::string& flag :
       {absl::StrCat("--keys=", options_.keys_dir), absl::StrCat("--tokens=", options_.tokens_dir),
        absl::StrCat("--chain=", options_.chain), absl::StrCat("--seed=", options_.seed),
        absl::StrCat("--start_date=", options_.start_date)}) {
    argv.push_back(flag);
  }
  child.Start(argv, absl::StrCat(suite_.dir(), "/load.log"));
}

std::string Desk(const std::string& site) {
  return absl::StrCat("desk-", site.substr(site.find('/') + 1));
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

void ExpectEveryRuleHasTwoPatients(DemoSuite& suite) {
  const std::map<std::string, int> by_rule = PatientsByRule(suite);
  scr::RuleSet rules;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      *ReadText("deploy/demo/screening/meso-default.ruleset.textproto"), &rules));
  for (const scr::Rule& rule : rules.rules()) {
    const auto found = by_rule.find(rule.id());
    EXPECT_GE(found == by_rule.end() ? 0 : found->second, 2) << rule.id();
  }
}

// One lot of that product and letter, held as it should be, with units at these sites of which none
// may be used unless it is usable, and none is kept for a session.
void ExpectSpecialLots(DemoSuite& suite) {
  const std::vector<SpecialLot> special = {
      {"products/AMP-HA1",
       "Q",
       {"sites/par-1", "sites/syd-1"},
       "LOT_QUARANTINED",
       {inv::HOLD_KIND_EXCURSION, inv::HOLD_KIND_EXCURSION},
       90},
      {"products/AMP-PEP",
       "R",
       {"sites/dxb-1", "sites/lon-1", "sites/par-1"},
       "LOT_RECALLED",
       {inv::HOLD_KIND_RECALL},
       100},
      {"products/AMP-BIO", "X", {"sites/dxb-1"}, "LOT_EXPIRED", {}, -10},
      {"products/AMP-BCX", "S", {"sites/dxb-1", "sites/lon-1"}, "", {}, 7}};
  std::vector<inv::Lot> lots;
  ForEachPage<inv::ListLotsRequest, inv::ListLotsResponse>(
      suite, "stock", "ListLots", inv::ListLotsRequest(),
      [&](const auto& page) { lots.insert(lots.end(), page.lots().begin(), page.lots().end()); });
  inv::ListStockLevelsRequest request;
  request.set_parent("sites/-");
  std::vector<inv::StockLevel> levels;
  ForEachPage<inv::ListStockLevelsRequest, inv::ListStockLevelsResponse>(
      suite, "stock", "ListStockLevels", request, [&](const auto& page) {
        levels.insert(levels.end(), page.stock_levels().begin(), page.stock_levels().end());
      });
  for (const SpecialLot& wanted : special) {
    SCOPED_TRACE(absl::StrCat(wanted.product, " ", wanted.letter));
    std::vector<inv::Lot> found;
    for (const inv::Lot& lot : lots) {
      if (lot.product() == wanted.product && absl::EndsWith(lot.lot_number(), wanted.letter)) {
        found.push_back(lot);
      }
    }
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].expiry_date(),
              absl::FormatCivilTime(suite.start() + wanted.expires_in_days));
    EXPECT_EQ(found[0].held(), !wanted.held.empty()) << found[0].DebugString();
    std::vector<inv::HoldKind> held;
    for (const inv::Hold& hold : found[0].holds()) held.push_back(hold.kind());
    EXPECT_EQ(held, wanted.held) << found[0].DebugString();
    std::set<std::string> sites;
    for (const inv::StockLevel& level : levels) {
      if (level.lot() != found[0].name()) continue;
      sites.insert(level.site());
      EXPECT_GT(level.on_hand(), 0) << level.DebugString();
      if (wanted.reason.empty()) continue;
      EXPECT_THAT(level.reasons(), ::testing::Contains(wanted.reason)) << level.DebugString();
      EXPECT_EQ(level.available(), 0) << level.DebugString();
      EXPECT_EQ(level.reserved(), 0) << level.DebugString();
      EXPECT_EQ(level.quarantined(), wanted.held.empty() ? 0 : level.on_hand())
          << level.DebugString();
    }
    EXPECT_EQ(sites, wanted.sites);
  }
}
}  // namespace meso::mesoctl
