#include "services/audit/domain/entry_filter.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/services/audit/domain/entry_samples.h"

namespace meso::audit {
namespace {

Leaf LeafOf(uint64_t sequence) {
  return SampleEntry(SampleDraft(sequence), sequence, kLeafSchemaVersion).leaf;
}

EntryFilter Compile(const std::string& text) {
  Hasher hasher;
  absl::StatusOr<EntryFilter> filter = EntryFilter::Compile(text, SamplePseudonyms(), hasher);
  EXPECT_TRUE(filter.ok()) << text << ": " << filter.status();
  return filter.ok() ? *filter : EntryFilter();
}

TEST(EntryFilterTest, MatchesEachFieldBothWays) {
  const Leaf leaf = LeafOf(10);  // even, refused, patient p-2
  const struct {
    std::string filter;
    bool matches;
  } cases[] = {
      {"", true},
      {"actor = \"users/u2\"", true},
      {"actor = \"services/scheduling\"", true},
      {"actor = \"users/u1\"", false},
      {"role = doctor", true},
      {"role = service", true},
      {"role = chain_admin", false},
      {"service = scheduling", true},
      {"service != scheduling", false},
      {"action = CREATE", true},
      {"action = C", true},
      {"action = READ", false},
      {"action = ACTION_CREATE", true},
      {"outcome = refused", true},
      {absl::StrCat("object = \"", kAppointment, "\""), true},
      {"object_type = Appointment", true},
      {"object_type = Lot", false},
      {"patient = \"patients/p-2\"", true},
      {"patient = \"patients/p-1\"", false},
      {absl::StrCat("lot = \"", kLot, "\""), true},
      {absl::StrCat("appointment = \"", kAppointment, "\""), true},
      {"appointment = \"sites/par-1/appointments/none\"", false},
      {"site = \"sites/par-1\"", true},
      {"site = \"sites/syd-1\"", false},
      {"outcome = REFUSED", true},
      {"outcome = OK", false},
      {"reason = SLOT_TAKEN", true},
      {"reason = HOLD_EXPIRED", false},
      {"method = \"/meso.scheduling.v1.SchedulingService/BookAppointment\"", true},
      {"purpose = TREAT", true},
      {"violation = false", true},
      {"violation = true", false},
      {"request_id = \"0198f2c4-0000-4000-8000-000000000010\"", true},
      {"correlation_id = \"c-3\"", true},
      {"correlation_id = \"c-4\"", false},
      {"time >= \"2023-11-14T22:13:30Z\"", true},
      {"time < \"2023-11-14T22:13:30Z\"", false},
      {"outcome = OK OR site = \"sites/par-1\"", true},
      {"NOT outcome = OK AND reason = SLOT_TAKEN", true},
      {"NOT (outcome = REFUSED OR violation = true)", false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Compile(c.filter).Matches(leaf), c.matches) << c.filter;
  }
}

TEST(EntryFilterTest, RefusesWhatItCannotRead) {
  Hasher hasher;
  for (const std::string& text : std::vector<std::string>{
           "colour = red", "time = yesterday", "time : \"2023-11-14T22:13:30Z\"", "outcome = MAYBE",
           "action = X", "violation = 1", "reason < A", "outcome = ", "(outcome = OK"}) {
    const absl::Status status = EntryFilter::Compile(text, SamplePseudonyms(), hasher).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(ReasonOf(status), "FILTER_INVALID") << text;
  }
}

TEST(EntryFilterTest, NamesTheWordsThereAreAndNotTheOneGiven) {
  Hasher hasher;
  const absl::Status status =
      EntryFilter::Compile("outcome = \"patients/p-2\"", SamplePseudonyms(), hasher).status();
  EXPECT_TRUE(absl::StrContains(status.message(), "outcome is one of DENIED, FAILED, OK, REFUSED"))
      << status;
  EXPECT_FALSE(absl::StrContains(status.ToString(), "p-2"));
}

TEST(EntryFilterTest, NeverSpellsAPatient) {
  const EntryFilter filter = Compile("patient = \"patients/p-2\" OR object = \"patients/p-2\"");
  EXPECT_FALSE(absl::StrContains(filter.Text(), "patients/"));
  // Its own spelling means the same again.
  const EntryFilter again = Compile(filter.Text());
  EXPECT_EQ(again.Text(), filter.Text());
  EXPECT_TRUE(again.Matches(LeafOf(10)));
  EXPECT_FALSE(again.Matches(LeafOf(9)));
  EXPECT_EQ(filter.patients(), (std::set<std::string>{"patients/p-2"}));
}

TEST(EntryFilterTest, LooksInTheIndexOnlyWhereEveryMatchMustBe) {
  Hasher hasher;
  const auto key = [&](const std::string& text) { return Compile(text).IndexKey(hasher); };
  const int64_t lot = IndexKeyOf(IndexKind::kName, kLot, hasher);
  const std::string lot_term = absl::StrCat("lot = \"", kLot, "\"");
  EXPECT_EQ(key(lot_term), lot);
  EXPECT_EQ(key("site = \"sites/par-1\" AND (outcome = OK AND " + lot_term + ")"), lot);
  EXPECT_EQ(key(lot_term + " OR outcome = OK"), std::nullopt);
  EXPECT_EQ(key("NOT " + lot_term), std::nullopt);
  EXPECT_EQ(key("lot != x"), std::nullopt);
  EXPECT_EQ(key("outcome = OK"), std::nullopt);
  EXPECT_EQ(key(lot_term + " AND request_id = r1"), IndexKeyOf(IndexKind::kRequest, "r1", hasher));
}

TEST(EntryFilterTest, EveryMatchIsFoundUnderItsIndexKey) {
  Hasher hasher;
  for (const std::string& text :
       {std::string("patient = \"patients/p-2\""), absl::StrCat("lot = \"", kLot, "\""),
        std::string("actor = \"users/u2\""), std::string("site = \"sites/par-1\""),
        std::string("request_id = \"0198f2c4-0000-4000-8000-000000000010\""),
        std::string("correlation_id = \"c-3\""), absl::StrCat("object = \"", kAppointment, "\""),
        absl::StrCat("appointment = \"", kAppointment, "\"")}) {
    const EntryFilter filter = Compile(text);
    const std::vector<int64_t> keys = IndexKeysOf(LeafOf(10), hasher);
    EXPECT_TRUE(filter.Matches(LeafOf(10))) << text;
    EXPECT_EQ(std::count(keys.begin(), keys.end(), *filter.IndexKey(hasher)), 1) << text;
  }
}

TEST(EntryFilterTest, KnowsItsTimeBounds) {
  const EntryFilter filter =
      Compile("time >= \"2023-11-14T00:00:00Z\" AND time < \"2023-11-15T00:00:00Z\"");
  EXPECT_EQ(filter.TimeBegin(), 1'699'920'000'000'000'000);
  EXPECT_LE(filter.TimeEnd(), 1'700'006'400'000'000'001);
  EXPECT_GE(filter.TimeEnd(), 1'700'006'400'000'000'000);
  const EntryFilter either = Compile("time < \"2023-11-14T00:00:00Z\" OR outcome = OK");
  EXPECT_EQ(either.TimeEnd(), std::numeric_limits<int64_t>::max());
}

TEST(EntryFilterTest, KeepsToTheSitesAllowed) {
  EntryFilter filter = Compile("");
  filter.OnlySites({"sites/syd-1"});
  EXPECT_FALSE(filter.Matches(LeafOf(10)));
  EXPECT_TRUE(filter.Matches(LeafOf(11)));
  Leaf chain_wide = LeafOf(11);
  chain_wide.site.clear();
  EXPECT_FALSE(filter.Matches(chain_wide));
  EXPECT_EQ(filter.Text(), "site = \"sites/syd-1\"") << "empty means that it matches everything";
  EXPECT_EQ(Compile(filter.Text()).Text(), "site = \"sites/syd-1\"");
}

}  // namespace
}  // namespace meso::audit
