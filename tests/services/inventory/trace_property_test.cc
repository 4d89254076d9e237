// Whatever happened to lots and patients, a trace from either side names exactly what the answers
// of the calls said: whole units, volumes out of opened containers that several patients share,
// units for home, drawn and not yet recorded, over two sites and the ways between them.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "services/inventory/container_operations.h"
#include "services/inventory/correction_operations.h"
#include "services/inventory/dispensing_operations.h"
#include "services/inventory/transfer_operations.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {
namespace {

using Texts = std::multiset<std::string>;

constexpr int kActions = 15;

// What the calls answered, kept beside the database.
struct Told {
  std::map<LotName, std::set<std::string>> patients;
  std::map<LotName, std::set<std::string>> records;  // administrations and dispensings
  std::map<LotName, std::set<std::string>> containers;
  std::map<LotName, std::set<std::string>> shared;  // "container patient"
  std::map<LotName, std::set<std::string>> transfers;
  std::map<PatientName, Texts> lines;  // "record lot"
};

// A visit that draws, and records some of it.
struct Visit {
  AppointmentName appointment;
  SiteName site;
  PatientName patient;
  bool recorded = false;
  std::map<LotName, int64_t> ampoules;  // drawn and neither recorded nor returned
  std::map<ContainerName, int64_t> microlitres;
};

struct UnderWay {
  TransferName name;
  LotName lot;
  SiteName to;
  int64_t ampoules = 0;
  bool received = false;  // in part
};

// One walk: its calls, and what they answered.
class TracedChain : public InventoryFixture {
 public:
  void TestBody() override {}

  // A and C hold a dose for one patient, B is a vial for many.
  void Open() {
    for (const char* code : {"A", "B", "C"}) {
      Change(code, [](Product& product) { product.home_care = true; });
    }
    Change("B", [](Product& b) {
      b.container_kind = ContainerKind::kMultiDoseVial;
      b.unit_microlitres = 10000;
      b.after_opening = absl::Hours(24 * 28);
    });
    lots_ = {Receive("A", "A1", "2027-06-30", 30), Receive("A", "A2", "2027-06-30", 30, kSydney),
             Receive("B", "B1", "2027-06-30", 30)};
  }

  void Act(int action, int n) {
    const LotName& lot = lots_[static_cast<size_t>(n) % lots_.size()];
    const SiteName& site = n % 2 == 0 ? kParis : kSydney;
    switch (action) {
      case 0:
        return Give(n, lot, site);
      case 1:
        return OpenOne(n, lot, site);
      case 2:
      case 3:
        return TakeOut(n);
      case 4:
      case 5:
        return DrawUnits(n, lot, site);
      case 6:
      case 7:
        return RecordSome(n);
      case 8:
        return Return(n);
      case 9:
        return Dispense(n, lot, site);
      case 10:
        return Ship(n, lot, site);
      case 11:
        return Arrive(n);
      case 12:
        return Close(n);
      case 13:
        return Discard(n);
      default:
        if (n % 3 == 0) return HoldOrRelease(n, lot);
        database_.clock().Advance(absl::Hours(7));
    }
  }

  void ExpectTracesAreWhatWasTold() {
    for (const LotName& lot : lots_) ExpectTraceOfLot(lot);
    for (int n = 0; n < 4; ++n) ExpectTraceOfPatient(PatientOf(n));
    ExpectSoundLedger();
  }

  // Somebody with a role at one site sees that site's part, and that there is more.
  void ExpectPartsAtOneSite() {
    for (const LotName& lot : lots_) {
      const auto trace = Run(&InventoryOperations::TraceLot, lot, AtSite("syd-1"));
      ASSERT_TRUE(trace.ok()) << trace.status();
      for (const Administration& one : trace->administrations) EXPECT_EQ(one.site, kSydney);
      for (const Dispensing& one : trace->dispensings) EXPECT_EQ(one.site, kSydney);
      for (const OpenedContainer& one : trace->containers) EXPECT_EQ(one.site, kSydney);
      for (const OpenDraw& one : trace->open_draws) EXPECT_EQ(one.site, kSydney);
      const bool all =
          trace->administrations.size() + trace->dispensings.size() == told_.records[lot].size() &&
          trace->open_draws.size() == OpenDrawsOf(lot).size();
      EXPECT_TRUE(all || trace->restricted);
    }
  }

  // What the walk came to: without it the comparison proves little.
  std::map<std::string, int> reached;

 private:
  static PatientName PatientOf(int n) { return PatientName(absl::StrCat("patients/PT-", n % 4)); }

  void ExpectTraceOfLot(const LotName& lot) {
    const auto trace = Run(&InventoryOperations::TraceLot, lot);
    ASSERT_TRUE(trace.ok()) << trace.status();
    std::set<std::string> patients, records, containers, shared, transfers, open;
    for (const PatientName& patient : trace->patients) patients.insert(patient.value());
    for (const Administration& one : trace->administrations) {
      records.insert(one.name.value());
      for (const AdministeredLot& given : one.lots) {
        if (given.lot != lot || given.container.empty()) continue;
        shared.insert(absl::StrCat(given.container.value(), " ", one.patient.value()));
      }
    }
    for (const Dispensing& one : trace->dispensings) records.insert(one.name.value());
    for (const OpenedContainer& one : trace->containers) containers.insert(one.name.value());
    for (const Transfer& one : trace->transfers) transfers.insert(one.name.value());
    for (const OpenDraw& one : trace->open_draws) open.insert(ToText(one));
    EXPECT_EQ(patients, told_.patients[lot]);
    EXPECT_EQ(records, told_.records[lot]);
    EXPECT_EQ(containers, told_.containers[lot]);
    EXPECT_EQ(shared, told_.shared[lot]);
    EXPECT_EQ(transfers, told_.transfers[lot]);
    EXPECT_EQ(open, OpenDrawsOf(lot));
    EXPECT_EQ(trace->open_draws.size(), open.size()) << "each visit once";
    EXPECT_FALSE(trace->restricted);
    reached["a visit with an open draw"] += static_cast<int>(open.size());
  }

  void ExpectTraceOfPatient(const PatientName& patient) {
    const auto trace = Run(&InventoryOperations::TracePatient, patient);
    ASSERT_TRUE(trace.ok()) << trace.status();
    Texts lines;
    absl::Time before = absl::InfiniteFuture();
    for (const PatientTraceLine& line : trace->lines) {
      lines.insert(absl::StrCat(
          line.dispensing ? line.dispensing->name.value() : line.administration.name.value(), " ",
          line.lot.name.value()));
      EXPECT_LE(line.Time(), before) << "newest first";
      before = line.Time();
    }
    EXPECT_EQ(lines, told_.lines[patient]);
  }

  static std::string ToText(const OpenDraw& open) {
    return absl::StrCat(open.appointment.value(), " ", open.site.value(), " ", open.patient.value(),
                        " ", open.ampoules, " ", open.microlitres);
  }

  // What visits still hold of a lot, by the walk's own book.
  std::set<std::string> OpenDrawsOf(const LotName& lot) {
    std::set<std::string> all;
    for (const Visit& visit : visits_) {
      OpenDraw open;
      open.appointment = visit.appointment;
      open.site = visit.site;
      if (visit.recorded) open.patient = visit.patient;
      for (const auto& [of, ampoules] : visit.ampoules) open.ampoules += of == lot ? ampoules : 0;
      for (const auto& [container, microlitres] : visit.microlitres) {
        open.microlitres += lot_of_.at(container) == lot ? microlitres : 0;
      }
      if (open.ampoules + open.microlitres > 0) all.insert(ToText(open));
    }
    return all;
  }

  void Tell(const LotName& lot, const PatientName& patient, const std::string& record) {
    told_.patients[lot].insert(patient.value());
    told_.records[lot].insert(record);
    told_.lines[patient].insert(absl::StrCat(record, " ", lot.value()));
  }

  Visit& NewVisit(int n, const SiteName& site) {
    Visit visit;
    visit.appointment = AppointmentOf(100 + next_++, site);
    visit.site = site;
    visit.patient = PatientOf(n);
    visits_.push_back(visit);
    return visits_.back();
  }
  // One that was there before, or a new one.
  Visit& AnyVisit(int n, const SiteName& site) {
    if (n % 3 == 0 && !visits_.empty()) {
      Visit& visit = visits_[static_cast<size_t>(n) % visits_.size()];
      if (visit.site == site) return visit;
    }
    return NewVisit(n, site);
  }

  absl::StatusOr<Administration> RecordOf(const Visit& visit, std::vector<AdministeredLot> lots) {
    Administration record;
    record.appointment = visit.appointment;
    record.patient = visit.patient;
    record.practitioner = "practitioners/pr-1";
    record.occurred_time = database_.clock().Now();
    record.lots = std::move(lots);
    return Run(&InventoryOperations::RecordAdministration, record);
  }

  // A fact without a draw before it.
  void Give(int n, const LotName& lot, const SiteName& site) {
    Visit& visit = NewVisit(n, site);
    const auto record = RecordOf(visit, {Given(lot, 1 + n % 2)});
    ASSERT_TRUE(record.ok()) << record.status();
    visit.recorded = true;
    Tell(lot, visit.patient, record->name.value());
  }

  void OpenOne(int n, const LotName& lot, const SiteName& site) {
    const bool for_many = lot == lots_[2];
    AppointmentName whose;
    if (!for_many) whose = NewVisit(n, site).appointment;
    const auto opened = Run(containers_, &ContainerOperations::OpenContainer,
                            OpenRequest{site, "", lot, "", whose, FefoOverride::kDamaged});
    if (!opened.ok()) return;
    ++reached[for_many ? "a vial for many" : "a container for one"];
    told_.containers[lot].insert(opened->name.value());
    lot_of_[opened->name] = lot;
    opened_.push_back(*opened);
  }

  void TakeOut(int n) {
    if (opened_.empty()) return;
    const OpenedContainer& container = opened_[static_cast<size_t>(n) % opened_.size()];
    Visit* visit = nullptr;
    if (container.appointment.empty()) {
      visit = &AnyVisit(n, container.site);
    } else {
      for (Visit& one : visits_) visit = one.appointment == container.appointment ? &one : visit;
    }
    DrawItem item;
    item.ampoules = 0;
    item.container = container.name;
    item.microlitres = 500;
    if (Draw(*visit, item)) visit->microlitres[container.name] += item.microlitres;
  }

  void DrawUnits(int n, const LotName& lot, const SiteName& site) {
    Visit& visit = AnyVisit(n, site);
    DrawItem item;
    item.lot = lot;
    item.ampoules = 1 + n % 3;
    item.fefo_override = FefoOverride::kDoctorDecision;
    if (Draw(visit, item)) visit.ampoules[lot] += item.ampoules;
  }

  bool Draw(const Visit& visit, const DrawItem& item) {
    return Run(&InventoryOperations::DrawStock,
               DrawRequest{visit.appointment, ReservationName(), {item}})
        .ok();
  }

  // Some of what a visit has drawn, given or thrown away.
  void RecordSome(int n) {
    std::vector<Visit*> holding;
    for (Visit& visit : visits_) {
      if (!visit.ampoules.empty() || !visit.microlitres.empty()) holding.push_back(&visit);
    }
    if (holding.empty()) return;
    Visit& visit = *holding[static_cast<size_t>(n) % holding.size()];
    std::vector<AdministeredLot> lines;
    for (const auto& [lot, ampoules] : visit.ampoules) {
      lines.push_back(Given(lot, 1, ampoules > 1 ? n % 2 : 0));
    }
    for (const auto& [container, microlitres] : visit.microlitres) {
      AdministeredLot line;
      line.lot = lot_of_.at(container);
      line.container = container;
      line.microlitres = n % 2 == 0 ? microlitres : microlitres / 2;
      line.wasted_microlitres = n % 4 == 1 ? microlitres - line.microlitres : 0;
      lines.push_back(line);
    }
    const auto record = RecordOf(visit, lines);
    ASSERT_TRUE(record.ok()) << record.status();
    visit.recorded = true;
    for (const AdministeredLot& line : lines) Account(visit, line, record->name.value());
    std::erase_if(visit.ampoules, [](const auto& one) { return one.second == 0; });
    std::erase_if(visit.microlitres, [](const auto& one) { return one.second == 0; });
  }

  void Account(Visit& visit, const AdministeredLot& line, const std::string& record) {
    Tell(line.lot, visit.patient, record);
    if (line.container.empty()) {
      visit.ampoules[line.lot] -= line.ampoules + line.wasted;
      return;
    }
    visit.microlitres[line.container] -= line.microlitres + line.wasted_microlitres;
    auto& shared = told_.shared[line.lot];
    const auto begins = [&](const std::string& one) {
      return one.rfind(line.container.value(), 0) == 0;
    };
    const auto others = std::count_if(shared.begin(), shared.end(), begins);
    shared.insert(absl::StrCat(line.container.value(), " ", visit.patient.value()));
    if (std::count_if(shared.begin(), shared.end(), begins) > std::max<int64_t>(others, 1)) {
      ++reached["a vial that several patients share"];
    }
  }

  void Return(int n) {
    for (Visit& visit : visits_) {
      if (visit.ampoules.empty() || ++n % 2 == 0) continue;
      auto& [lot, ampoules] = *visit.ampoules.begin();
      ReturnDrawnRequest request{visit.appointment, lot, 1, ReturnReason::kNotNeeded};
      if (!Run(corrections_, &CorrectionOperations::ReturnDrawnStock, request).ok()) return;
      ++reached["a return"];
      if (--ampoules == 0) visit.ampoules.erase(visit.ampoules.begin());
      return;
    }
  }

  void Dispense(int n, const LotName& lot, const SiteName& site) {
    const auto handed = Run(dispensings_, &DispensingOperations::DispenseHomeCare,
                            DispenseRequest{site, PatientOf(n), "practitioners/pr-1", "", lot, "",
                                            1, std::nullopt, FefoOverride::kDamaged});
    if (handed.ok()) Tell(lot, PatientOf(n), handed->name.value());
  }

  void Ship(int n, const LotName& lot, const SiteName& from) {
    Transfer wanted;
    wanted.from_site = from;
    wanted.to_site = from == kParis ? kSydney : kParis;
    wanted.document = "TN-1";
    TransferLine line;
    line.lot = lot;
    line.unit = kMainUnit;
    line.ampoules = 2 + n % 3;
    wanted.lines = {line};
    const auto written =
        Run(transfers_, &TransferOperations::CreateTransfer, CreateTransferRequest{wanted, false});
    if (!written.ok()) return;
    ASSERT_TRUE(Run(transfers_, &TransferOperations::ShipTransfer,
                    ShipTransferRequest{written->name, false, ""})
                    .ok());
    told_.transfers[lot].insert(written->name.value());
    under_way_.push_back({written->name, lot, wanted.to_site, line.ampoules});
  }

  // Whole, short, with a broken unit, or with one nobody sent.
  void Arrive(int n) {
    for (size_t i = 0; i < under_way_.size(); ++i) {
      UnderWay& one = under_way_[i];
      if (one.received) continue;
      static constexpr const char* kWays[] = {"whole", "short", "damaged", "over"};
      const int way = n % 4;
      Arrival arrival{one.lot, "", kMainUnit, one.ampoules, 0, way < 2 ? "" : "seen"};
      if (way == 1 || way == 2) --arrival.ampoules;
      if (way == 2) arrival.damaged = 1;
      if (way == 3) ++arrival.ampoules;
      const auto arrived = Run(transfers_, &TransferOperations::ReceiveTransfer,
                               ReceiveTransferRequest{one.name, {{"", arrival}}, ""});
      ASSERT_TRUE(arrived.ok()) << arrived.status();
      ++reached[absl::StrCat("an arrival, ", kWays[way])];
      one.received = true;
      if (way != 1) under_way_.erase(under_way_.begin() + static_cast<int64_t>(i));
      return;
    }
  }

  // Of the short ones a unit is still under way: lost, returned, or found after all.
  void Close(int n) {
    for (size_t i = 0; i < under_way_.size(); ++i) {
      if (!under_way_[i].received) continue;
      CallContext second = Manager();
      second.caller.subject = "users/second";
      const auto kind = static_cast<ResolutionKind>(1 + n % 3);
      const auto closed = Run(
          transfers_, &TransferOperations::CloseTransfer,
          CloseTransferRequest{under_way_[i].name, {{under_way_[i].lot, "", kind, 1, "seen"}}, ""},
          second);
      ASSERT_TRUE(closed.ok()) << closed.status();
      ++reached["a closing"];
      under_way_.erase(under_way_.begin() + static_cast<int64_t>(i));
      return;
    }
  }

  void Discard(int n) {
    if (opened_.empty() || n % 2 == 0) return;
    const size_t at = static_cast<size_t>(n) % opened_.size();
    if (Run(containers_, &ContainerOperations::DiscardContainer,
            DiscardRequest{opened_[at].name, DiscardReason::kLeftover, "", ""})
            .ok()) {
      opened_.erase(opened_.begin() + static_cast<int64_t>(at));
    }
  }

  void HoldOrRelease(int n, const LotName& lot) {
    if (n % 2 == 0) {
      Quarantine(lot, SiteName()).status().IgnoreError();
    } else {
      Release(lot).status().IgnoreError();
    }
  }

  const ContainerOperations containers_{operations_.use_case()};
  const CorrectionOperations corrections_{operations_.use_case()};
  const DispensingOperations dispensings_{operations_.use_case()};
  const TransferOperations transfers_{operations_.use_case()};
  std::vector<LotName> lots_;
  std::vector<Visit> visits_;
  std::vector<OpenedContainer> opened_;  // and not thrown away
  std::map<ContainerName, LotName> lot_of_;
  std::vector<UnderWay> under_way_;
  Told told_;
  int next_ = 0;
};

RC_GTEST_PROP(TracePropertyTest, ATraceIsExactlyWhatHappened, ()) {
  TracedChain chain;
  chain.Open();
  const auto actions = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, kActions), rc::gen::inRange(0, 12)));
  for (const auto& [action, n] : actions) chain.Act(action, n);
  chain.ExpectTracesAreWhatWasTold();
  chain.ExpectPartsAtOneSite();
  RC_ASSERT(!::testing::Test::HasFailure());
}

// Longer walks, which come to everything; each is its seed.
TEST(TracePropertyTest, LongWalksComeToSharedVialsArrivalsAndOpenDraws) {
  std::map<std::string, int> reached;
  for (uint32_t run = 1; run <= 6; ++run) {
    SCOPED_TRACE(absl::StrCat("seed ", run));
    TracedChain chain;
    chain.Open();
    uint32_t seed = run;
    const auto next = [&seed](int below) {
      seed = seed * 1664525u + 1013904223u;
      return static_cast<int>((seed >> 16) % static_cast<uint32_t>(below));
    };
    for (int step = 0; step < 150; ++step) {
      const int action = next(kActions), n = next(97);
      chain.Act(action, n);
    }
    chain.ExpectTracesAreWhatWasTold();
    chain.ExpectPartsAtOneSite();
    for (const auto& [what, times] : chain.reached) reached[what] += times;
  }
  for (const char* what :
       {"a vial for many", "a container for one", "a vial that several patients share", "a return",
        "a visit with an open draw", "an arrival, whole", "an arrival, short",
        "an arrival, damaged", "an arrival, over", "a closing"}) {
    EXPECT_GE(reached[what], 3) << what;
  }
}

}  // namespace
}  // namespace meso::inventory
