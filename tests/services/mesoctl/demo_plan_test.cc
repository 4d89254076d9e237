// The demo chain's plan without a suite: the same from the same seed, and possible as planned.
#include "services/mesoctl/demo_plan.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/local_file.h"
#include "meso/inventory/v1/inventory_service.pb.h"
#include "meso/scheduling/v1/scheduling_admin_service.pb.h"
#include "meso/screening/v1/screening_service.pb.h"
#include "services/mesoctl/call.h"

namespace meso::mesoctl {
namespace {

namespace inv = meso::inventory::v1;
namespace sch = meso::scheduling::v1;

const absl::CivilDay kStart(2026, 11, 21);

DemoPlan Plan(absl::CivilDay start = kStart, uint64_t seed = 1, const std::string& size = "full") {
  const auto plan = PlanDemo("deploy/demo", {size, seed, start});
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.value_or(DemoPlan());
}

std::string Line(const DemoSession& session) {
  return absl::StrCat(session.site, " ", session.patient, " ", session.treatment, " ",
                      session.cocktail, " ", session.practitioner, " ",
                      absl::FormatTime(session.begin), " ", absl::FormatTime(session.end));
}

std::vector<std::string> Lines(const DemoPlan& plan) {
  std::vector<std::string> lines;
  for (const auto* stage : {&plan.chain, &plan.products, &plan.deliveries, &plan.holds}) {
    for (const DemoStep& step : *stage) {
      lines.push_back(absl::StrCat(step.as, " ", step.call, " ", step.request.DebugString()));
    }
  }
  for (const DemoPatient& patient : plan.patients) {
    lines.push_back(absl::StrCat(patient.name, " ", patient.site, " ", patient.treatment, " ",
                                 patient.cocktail, " ", patient.rule, " ", patient.books));
  }
  for (const DemoSession& session : plan.sessions) lines.push_back(Line(session));
  return lines;
}

// The chain's objects, as its steps make them.
struct Chain {
  std::map<std::string, sch::Site> sites;
  std::map<std::string, sch::TreatmentType> treatments;
  std::map<std::string, sch::Practitioner> practitioners;
  std::map<std::string, std::set<std::string>> places;  // site -> "cabin", "gun", ...
};

// "cabin" of sites/par-1/rooms/cabin-2.
std::string KindOf(const std::string& name) {
  const std::string code = name.substr(name.rfind('/') + 1);
  return code.substr(0, code.find('-'));
}

template <typename Request>
bool Reads(const DemoStep& step, absl::CivilDay start, const std::string& call, Request* request) {
  return step.call == call && FromJson(*Expand(JsonText(step.request), start, {}), request).ok();
}

Chain ChainOf(const DemoPlan& plan, absl::CivilDay start = kStart) {
  const std::string update = "SchedulingAdminService.Update";
  Chain chain;
  for (const DemoStep& step : plan.chain) {
    sch::UpdateSiteRequest site;
    sch::UpdateTreatmentTypeRequest treatment;
    sch::UpdatePractitionerRequest practitioner;
    sch::UpdateRoomRequest room;
    sch::UpdateDeviceRequest device;
    if (Reads(step, start, update + "Site", &site)) {
      chain.sites[site.site().name()] = site.site();
    } else if (Reads(step, start, update + "TreatmentType", &treatment)) {
      chain.treatments[treatment.treatment_type().name()] = treatment.treatment_type();
    } else if (Reads(step, start, update + "Practitioner", &practitioner)) {
      chain.practitioners[practitioner.practitioner().name()] = practitioner.practitioner();
    } else if (Reads(step, start, update + "Room", &room)) {
      const std::string& name = room.room().name();
      chain.places[name.substr(0, name.find("/rooms/"))].insert(KindOf(name));
    } else if (Reads(step, start, update + "Device", &device)) {
      const std::string& name = device.device().name();
      chain.places[name.substr(0, name.find("/devices/"))].insert(KindOf(name));
    }
  }
  return chain;
}

TEST(DemoPlanTest, TheSameSeedAndStartGiveTheSamePlanAndOthersDoNot) {
  EXPECT_EQ(Lines(Plan()), Lines(Plan()));
  EXPECT_NE(Lines(Plan()), Lines(Plan(kStart, 2)));
  EXPECT_NE(Lines(Plan()), Lines(Plan(kStart + 1)));
}

TEST(DemoPlanTest, ASmallChainIsAPartOfTheFullOne) {
  const DemoPlan full = Plan();
  const DemoPlan small = Plan(kStart, 1, "small");
  EXPECT_EQ(small.zones.size(), 2u);
  EXPECT_EQ(small.patients.size(), 24u);
  EXPECT_GE(small.sessions.size(), 12u);
  std::set<std::string> sessions;
  for (const DemoSession& session : full.sessions) sessions.insert(Line(session));
  for (const DemoSession& session : small.sessions) EXPECT_EQ(sessions.count(Line(session)), 1u);
  for (const std::string& line : Lines(small)) {
    for (const char* absent : {"sites/lon-1", "sites/nyc-1", "sites/dxb-1"}) {
      EXPECT_FALSE(absl::StrContains(line, absent)) << line;
    }
  }
}

TEST(DemoPlanTest, AChainOfAnUnknownSizeIsRefusedWithTheKnownOnes) {
  const auto plan = PlanDemo("deploy/demo", {"huge", 1, kStart});
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(plan.status().message()), ::testing::HasSubstr("full, small"));
}

// Some days around the changes of the clocks, and three seeds.
class PlannedSessionsTest : public ::testing::TestWithParam<std::tuple<absl::CivilDay, uint64_t>> {
 protected:
  absl::CivilDay start() const { return std::get<0>(GetParam()); }
  DemoPlan plan() const { return Plan(start(), std::get<1>(GetParam())); }
};

TEST_P(PlannedSessionsTest, FillThirtyDaysAtEverySite) {
  const DemoPlan chain = plan();
  const absl::Time begin = absl::FromCivil(start() + 1, absl::UTCTimeZone());
  const absl::Time end = absl::FromCivil(start() + 31, absl::UTCTimeZone());
  EXPECT_GE(chain.sessions.size(), 250u);
  std::map<std::string, int> by_site;
  std::set<int64_t> days;
  for (const DemoSession& session : chain.sessions) {
    EXPECT_GE(session.begin, begin);
    EXPECT_LT(session.begin, end);
    ++by_site[session.site];
    days.insert((session.begin - begin) / absl::Hours(24));
  }
  EXPECT_EQ(by_site.size(), 5u);
  for (const auto& [site, count] : by_site) EXPECT_GE(count, 25) << site;
  EXPECT_GE(days.size(), 29u);
}

bool IsOpen(const sch::WorkingHours& hours, const DemoSession& session, absl::TimeZone zone) {
  const std::string begin = absl::FormatTime("%H:%M", session.begin, zone);
  const std::string end = absl::FormatTime("%H:%M", session.end, zone);
  const int day = static_cast<int>(absl::GetWeekday(absl::ToCivilDay(session.begin, zone))) + 1;
  for (const sch::WeeklyRule& rule : hours.rules()) {
    if (rule.day() == day && rule.begin() <= begin && end <= rule.end()) return true;
  }
  return false;
}

TEST_P(PlannedSessionsTest, LieInOpeningHoursOfQualifiedPractitioners) {
  const DemoPlan planned = plan();
  const Chain chain = ChainOf(planned, start());
  for (const DemoSession& session : planned.sessions) {
    const absl::TimeZone zone = planned.zones.at(session.site);
    EXPECT_TRUE(IsOpen(chain.sites.at(session.site).working_hours(), session, zone))
        << Line(session);
    const sch::Practitioner& person = chain.practitioners.at(session.practitioner);
    bool works = false;
    for (const sch::SiteWorkingHours& hours : person.site_hours()) {
      works =
          works || (hours.site() == session.site && (hours.working_hours().rules().empty() ||
                                                     IsOpen(hours.working_hours(), session, zone)));
    }
    EXPECT_TRUE(works) << Line(session);
    const std::string day = absl::FormatCivilTime(absl::ToCivilDay(session.begin, zone));
    bool qualified = false;
    for (const sch::Credential& credential : person.credentials()) {
      qualified = qualified || (credential.treatment_type() == session.treatment &&
                                day <= credential.valid_until());
    }
    EXPECT_TRUE(qualified) << Line(session);
  }
}

TEST_P(PlannedSessionsTest, AreCoursesAtTheTreatmentsIntervals) {
  const DemoPlan planned = plan();
  const Chain chain = ChainOf(planned, start());
  std::map<std::string, absl::CivilDay> last;
  int followers = 0;
  std::vector<DemoSession> sessions = planned.sessions;
  std::sort(sessions.begin(), sessions.end(),
            [](const DemoSession& a, const DemoSession& b) { return a.begin < b.begin; });
  for (const DemoSession& session : sessions) {
    const absl::CivilDay day = absl::ToCivilDay(session.begin, planned.zones.at(session.site));
    const auto before = last.find(session.patient);
    if (before != last.end()) {
      const sch::Protocol& protocol = chain.treatments.at(session.treatment).protocol();
      EXPECT_GE(day - before->second, protocol.interval_days_min()) << Line(session);
      EXPECT_LE(day - before->second, protocol.interval_days_max()) << Line(session);
      ++followers;
    }
    last[session.patient] = day;
  }
  EXPECT_GE(followers, 30);
}

TEST_P(PlannedSessionsTest, NeverNeedAPersonTwiceAtATime) {
  const DemoPlan planned = plan();
  for (size_t i = 0; i < planned.sessions.size(); ++i) {
    for (size_t j = i + 1; j < planned.sessions.size(); ++j) {
      const DemoSession& a = planned.sessions[i];
      const DemoSession& b = planned.sessions[j];
      if (a.end <= b.begin || b.end <= a.begin) continue;
      EXPECT_NE(a.practitioner, b.practitioner) << Line(a) << "\n" << Line(b);
      EXPECT_NE(a.patient, b.patient) << Line(a) << "\n" << Line(b);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Days, PlannedSessionsTest,
                         ::testing::Combine(::testing::Values(kStart, absl::CivilDay(2026, 10, 1),
                                                              absl::CivilDay(2026, 12, 28),
                                                              absl::CivilDay(2027, 3, 10)),
                                            ::testing::Values(1, 2, 77)));

TEST(DemoPlanTest, BlockedPatientsHaveNoSessions) {
  const DemoPlan plan = Plan();
  std::set<std::string> blocked;
  for (const DemoPatient& patient : plan.patients) {
    if (!patient.books) blocked.insert(patient.name);
  }
  EXPECT_GE(blocked.size(), 50u);
  for (const DemoSession& session : plan.sessions) EXPECT_EQ(blocked.count(session.patient), 0u);
}

TEST(DemoPlanTest, EveryTreatmentSaysWhatToDoBeforeAndAfter) {
  for (const auto& [name, treatment] : ChainOf(Plan()).treatments) {
    EXPECT_GE(treatment.preparation_size(), 1) << name;
    EXPECT_GE(treatment.aftercare_size(), 2) << name;
  }
}

struct Supply {
  std::map<std::string, inv::Cocktail> recipes;  // cocktails/C-01
  std::map<std::string, inv::Product> products;
};

Supply SupplyOf(const DemoPlan& plan) {
  Supply supply;
  for (const DemoStep& step : plan.products) {
    inv::UpdateProductRequest product;
    inv::CreateCocktailRequest cocktail;
    if (Reads(step, kStart, "InventoryService.UpdateProduct", &product)) {
      supply.products[product.product().name()] = product.product();
    } else if (Reads(step, kStart, "InventoryService.CreateCocktail", &cocktail)) {
      supply.recipes[absl::StrCat("cocktails/", cocktail.cocktail_id())] = cocktail.cocktail();
    }
  }
  return supply;
}

// The ordinary lots (letters A and B) hold what the sessions of every seed need, with a reserve.
TEST(DemoPlanTest, EverySiteHasMoreThanItsSessionsNeed) {
  for (const uint64_t seed : {1, 2, 77}) {
    const DemoPlan plan = Plan(kStart, seed);
    const Supply supply = SupplyOf(plan);
    std::map<std::string, int64_t> left;  // by site and product
    for (const DemoStep& step : plan.deliveries) {
      const std::string& scan = Text(step.request, "scan");
      if (scan.back() != 'A' && scan.back() != 'B') continue;
      for (const auto& [name, product] : supply.products) {
        if (!absl::StrContains(scan, product.gtin())) continue;
        const size_t count = scan.find("30", 27) + 2;
        int packs = 0;
        ASSERT_TRUE(absl::SimpleAtoi(scan.substr(count, scan.find('\x1d') - count), &packs));
        left[absl::StrCat(Text(step.request, "site"), " ", name)] +=
            packs * product.units_per_pack();
      }
    }
    for (const DemoSession& session : plan.sessions) {
      for (const inv::CocktailLine& line : supply.recipes.at(session.cocktail).lines()) {
        const std::string key = absl::StrCat(session.site, " ", line.product());
        left[key] -= line.ampoules();
        EXPECT_GE(left[key], 6) << key;
      }
    }
  }
}

// Whatever the seed and the day: as complete as the default chain. Days on which months and years
// end, and the largest seed.
class CompleteChainTest : public PlannedSessionsTest {};

TEST_P(CompleteChainTest, EveryShippedRuleHasTwoPatientsOrMore) {
  std::map<std::string, int> patients;
  for (const DemoPatient& patient : plan().patients) ++patients[patient.rule];
  meso::screening::v1::RuleSet rules;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      *ReadText("deploy/demo/screening/meso-default.ruleset.textproto"), &rules));
  EXPECT_EQ(rules.rules_size(), 34);
  for (const auto& rule : rules.rules()) EXPECT_GE(patients[rule.id()], 2) << rule.id();
}

TEST_P(CompleteChainTest, CredentialsExpireOnTwelveDifferentDaysOneInFourteenDays) {
  std::set<std::string> days;
  for (const auto& [name, person] : ChainOf(plan(), start()).practitioners) {
    std::set<std::string> own;
    for (const sch::Credential& credential : person.credentials()) {
      own.insert(credential.valid_until());
    }
    EXPECT_EQ(own.size(), 1u) << name;
    days.insert(own.begin(), own.end());
  }
  EXPECT_EQ(days.size(), 12u);
  EXPECT_EQ(*days.begin(), absl::FormatCivilTime(start() + 14));
}

TEST_P(CompleteChainTest, EverySiteHasItsRoomsAndDevices) {
  const DemoPlan planned = plan();
  const Chain chain = ChainOf(planned, start());
  EXPECT_EQ(planned.zones.size(), 5u);
  EXPECT_EQ(chain.sites.size(), 5u);
  for (const auto& [site, zone] : planned.zones) {
    EXPECT_THAT(chain.places.at(site), ::testing::ElementsAre("cabin", "gun", "lounge", "pulse"))
        << site;
  }
}

TEST_P(CompleteChainTest, LotsAreSpecialAsPromised) {
  std::map<std::string, std::set<std::string>> sites;  // by product and letter
  std::map<std::string, std::string> scans;
  const DemoPlan planned = plan();
  for (const DemoStep& step : planned.deliveries) {
    sites[step.id].insert(Text(step.request, "site"));
    scans[step.id] = Text(step.request, "scan");
  }
  const auto expires = [this](int days) {
    return ::testing::HasSubstr(absl::StrCat("17", GsDate(start() + days)));
  };
  EXPECT_THAT(scans["AMP-BCX-S"], expires(7));
  EXPECT_THAT(scans["AMP-BIO-X"], expires(-10));
  // Day 00: the last of the month.
  EXPECT_THAT(scans["AMP-PDR-A"],
              ::testing::HasSubstr(absl::StrCat("17", GsDate(start() + 200).substr(0, 4), "0030")));
  EXPECT_EQ(sites["AMP-HA1-Q"].size(), 2u);
  EXPECT_EQ(sites["AMP-PEP-R"].size(), 3u);
  // The recall's second session must have nothing to fall back on.
  EXPECT_EQ(sites["AMP-PAN-A"].count("sites/par-1"), 0u);
  EXPECT_EQ(sites["AMP-VC-A"].count("sites/syd-1"), 0u);
  ASSERT_EQ(planned.holds.size(), 3u);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(planned.holds[i].call, "InventoryService.QuarantineLot");
    EXPECT_EQ(Text(planned.holds[i].request, "name"), "${AMP-HA1-Q.lot.name}");
    EXPECT_EQ(sites["AMP-HA1-Q"].count(Text(planned.holds[i].request, "site")), 1u);
  }
  EXPECT_EQ(planned.holds[2].call, "InventoryService.CreateRecall");
  EXPECT_THAT(JsonText(planned.holds[2].request), ::testing::HasSubstr("${AMP-PEP-R.lot.name}"));
}

INSTANTIATE_TEST_SUITE_P(
    Days, CompleteChainTest,
    ::testing::Combine(::testing::Values(kStart, absl::CivilDay(2027, 12, 31),
                                         absl::CivilDay(2028, 2, 29)),
                       ::testing::Values(1, std::numeric_limits<uint64_t>::max())));

}  // namespace
}  // namespace meso::mesoctl
