#include "services/mesoctl/api/api_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "meso/inventory/v1/inventory_service.pb.h"
#include "meso/scheduling/v1/scheduling_admin_service.pb.h"
#include "meso/scheduling/v1/scheduling_service.pb.h"
#include "services/mesoctl/command_line.h"
#include "services/mesoctl/method_catalog.h"

namespace meso::mesoctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kId[] = "01980000-0000-7000-8000-00000000000a";

// What a line asks the suite for; nobody is called.
class ApiRequestTest : public ::testing::Test {
 protected:
  absl::StatusOr<BuiltRequest> Build(const std::vector<std::string>& words,
                                     const std::string& input = "") {
    auto invocation = ParseCommandLine(AllCommands(), words);
    if (!invocation.ok()) return invocation.status();
    ApplyDefaults(
        AllCommands(), [](const std::string&) { return std::nullopt; }, context_, &*invocation);
    const ApiCommand* row = nullptr;
    for (const ApiCommand* one : ApiCommands()) {
      if (one->noun == words[0] && one->verb == words[1]) row = one;
    }
    std::istringstream in(input);
    RequestLookups lookups;
    lookups.now = absl::FromUnixSeconds(1'795'514'400);  // 2026-11-24T10:00:00Z
    const std::string site = invocation->Get("site");
    lookups.site = site.empty() ? "" : "sites/" + site;
    lookups.new_request_id = kId;
    lookups.in = &in;
    const auto names = NamesMeant(*row, *invocation, in);
    if (!names.ok()) return names.status();
    lookups.argument = names->back();
    lookups.zone = [](const std::string& name) {
      absl::TimeZone zone;
      EXPECT_TRUE(
          absl::LoadTimeZone(name == "sites/syd-1" ? "Australia/Sydney" : "Europe/Paris", &zone));
      return zone;
    };
    lookups.revision = [](const std::string& name, bool published) {
      return name + (published ? "/revisions/r7" : "/revisions/r8");
    };
    return BuildRequest(*row, **FindMethod(row->method), *invocation, lookups);
  }

  template <typename Request>
  Request Built(const std::vector<std::string>& words, const std::string& input = "") {
    auto built = Build(words, input);
    EXPECT_TRUE(built.ok()) << built.status();
    return built.ok() ? static_cast<const Request&>(*built->message) : Request();
  }

  std::map<std::string, std::string> context_;

  std::string Refusal(const std::vector<std::string>& words, const std::string& input = "") {
    const absl::Status status = Build(words, input).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  }
};

TEST_F(ApiRequestTest, FlagsFillTheFieldsWithShortNamesWordsAndLocalTimes) {
  const auto search = Built<scheduling::v1::SearchAvailabilityRequest>(
      {"appointments", "search", "--site", "syd-1", "--patient", "PT-1", "--treatment_type",
       "T-FACE", "--start_time", "tomorrow", "--end_time", "+7d", "--limit", "3"});
  EXPECT_EQ(search.parent(), "sites/syd-1");
  EXPECT_EQ(search.patient(), "patients/PT-1");
  EXPECT_EQ(search.treatment_type(), "treatmentTypes/T-FACE");
  EXPECT_EQ(search.start_time().seconds(), 1'795'525'200);  // 2026-11-25T00:00+11:00
  EXPECT_EQ(search.limit(), 3);

  const auto cancel = Built<scheduling::v1::CancelAppointmentRequest>(
      {"appointments", "cancel", "par-1/x", "--reason", "patient-request", "--etag", "r2"});
  EXPECT_EQ(cancel.name(), "sites/par-1/appointments/x");
  EXPECT_EQ(cancel.reason(), scheduling::v1::CANCEL_REASON_PATIENT_REQUEST);
  EXPECT_EQ(cancel.etag(), "r2");
  EXPECT_EQ(cancel.request_id(), kId);
}

TEST_F(ApiRequestTest, ADayMayBeSaidAsATimeIs) {
  const auto received = [&](const std::string& day) {
    return Built<inventory::v1::ReceiveStockRequest>(
               {"stock", "receive", "--site", "syd-1", "--product", "A", "--lot_number", "L",
                "--ampoules", "5", "--document", "D", "--expiry_date", day})
        .expiry_date();
  };
  EXPECT_EQ(received("2027-06-30"), "2027-06-30");
  EXPECT_EQ(received("tomorrow"), "2026-11-25");
  EXPECT_EQ(received("+200d"), "2027-06-12");
  EXPECT_THAT(Refusal({"stock", "receive", "--site", "syd-1", "--expiry_date", "soon"}),
              HasSubstr("--expiry_date"));
}

TEST_F(ApiRequestTest, ABareCocktailIsItsNewestPublishedRevision) {
  const auto book = Built<scheduling::v1::BookAppointmentRequest>(
      {"appointments", "book", "--site", "par-1", "--patient", "PT-1", "--cocktail", "C-01",
       "--offer_token", "t", "--request-id", "mine", "--dry-run"});
  EXPECT_EQ(book.cocktail(), "cocktails/C-01/revisions/r7");
  EXPECT_EQ(book.request_id(), "mine");
  EXPECT_TRUE(book.validate_only());
  EXPECT_EQ(Built<inventory::v1::PublishCocktailRequest>({"cocktails", "publish", "C-01"}).name(),
            "cocktails/C-01/revisions/r8");
}

TEST_F(ApiRequestTest, ListsTakeAllSitesAndCombineTheirFilters) {
  const auto list = Built<scheduling::v1::ListAppointmentsRequest>(
      {"appointments", "list", "--state", "booked", "--patient", "PT-1", "--filter",
       "at_risk = true OR state = HELD", "--limit", "3"});
  EXPECT_EQ(list.parent(), "sites/-");
  EXPECT_EQ(list.filter(),
            "(at_risk = true OR state = HELD) AND state = \"BOOKED\" AND patient = "
            "\"patients/PT-1\"");
  EXPECT_EQ(list.page_size(), 3);
  EXPECT_EQ(Built<scheduling::v1::ListAppointmentsRequest>(
                {"appointments", "list", "--state", "checked-in"})
                .filter(),
            "state = \"CHECKED_IN\"");
  EXPECT_EQ(
      Built<scheduling::v1::ListAppointmentsRequest>({"appointments", "list", "--all"}).page_size(),
      500);
  EXPECT_THAT(Refusal({"appointments", "list", "--state", "x\" OR a = \"b"}), HasSubstr("--state"));
}

TEST_F(ApiRequestTest, AnUpdateNamesTheFieldsThatWereGiven) {
  const auto update = Built<scheduling::v1::UpdateSiteRequest>(
      {"sites", "update", "par-1", "--display_name", "Paris", "--json",
       R"({"workingHours": {"rules": []}, "etag": "r1"})"});
  EXPECT_EQ(update.site().name(), "sites/par-1");
  EXPECT_EQ(update.site().display_name(), "Paris");
  EXPECT_EQ(update.site().etag(), "r1");
  EXPECT_THAT(update.update_mask().paths(), ElementsAre("display_name", "working_hours"));
  EXPECT_FALSE(update.allow_missing());
  EXPECT_THAT(Refusal({"sites", "update", "par-1"}), HasSubstr("nothing to change"));
}

TEST_F(ApiRequestTest, ApplyMakesItExactlyWhatIsGiven) {
  const auto apply = Built<scheduling::v1::UpdateSiteRequest>(
      {"sites", "apply", "new-1", "--json", "-"},
      R"({"name": "sites/other", "display_name": "New", "time_zone": "Asia/Tokyo"})");
  EXPECT_EQ(apply.site().name(), "sites/new-1") << "the argument names it";
  EXPECT_EQ(apply.site().time_zone(), "Asia/Tokyo");
  EXPECT_TRUE(apply.allow_missing());
  EXPECT_EQ(apply.update_mask().paths_size(), 0);
}

TEST_F(ApiRequestTest, AFlagReplacesWhatTheJsonBrought) {
  const auto apply = Built<scheduling::v1::UpdatePractitionerRequest>(
      {"practitioners", "apply", "pr-1", "--json", R"({"languages": ["de"], "etag": "r4"})",
       "--languages", "fr,en", "--etag", ""});
  EXPECT_THAT(apply.practitioner().languages(), ElementsAre("fr", "en"));
  EXPECT_EQ(apply.practitioner().etag(), "");
}

TEST_F(ApiRequestTest, ADashStandsForEveryNameOnStandardInput) {
  std::istringstream in("lots/1\r\n\n  lots/2 \nlots/3");
  const auto invocation = ParseCommandLine(AllCommands(), {"lots", "get", "-"});
  for (const ApiCommand* row : ApiCommands()) {
    if (row->noun != std::string("lots") || row->verb != std::string("get")) continue;
    EXPECT_THAT(*NamesMeant(*row, *invocation, in), ElementsAre("lots/1", "lots/2", "lots/3"));
  }
  EXPECT_EQ(Built<inventory::v1::GetLotRequest>({"lots", "get", "-"}, "lots/1\nlots/2\n").name(),
            "lots/2");
  EXPECT_THAT(Refusal({"lots", "get", "-"}, " \n"), HasSubstr("found nothing"));
  EXPECT_THAT(Refusal({"sites", "apply", "-", "--json", "-"}, "{}"), HasSubstr("only once"));
}

TEST_F(ApiRequestTest, OneRequestIdIsNotSharedByTheNamesOfStandardInput) {
  const std::vector<std::string> line = {"lots",       "quarantine",   "-",   "--reason",
                                         "inspection", "--request-id", "mine"};
  EXPECT_THAT(Refusal(line, "lots/1\nlots/2\n"),
              AllOf(HasSubstr("--request-id"), HasSubstr("names 2")));
  EXPECT_EQ(Built<inventory::v1::QuarantineLotRequest>(line, "lots/1\n").request_id(), "mine");
}

TEST_F(ApiRequestTest, AnOptionalSiteIsNeverTakenFromTheContext) {
  context_["site"] = "syd-1";
  auto built = Build({"lots", "quarantine", "x", "--reason", "damaged"});
  ASSERT_TRUE(built.ok());
  EXPECT_EQ(static_cast<const inventory::v1::QuarantineLotRequest&>(*built->message).site(), "");
  const auto scoped = Built<inventory::v1::QuarantineLotRequest>(
      {"lots", "quarantine", "x", "--reason", "damaged", "--site", "par-1"});
  EXPECT_EQ(scoped.site(), "sites/par-1");
  EXPECT_EQ(Built<inventory::v1::CheckEmergencyKitRequest>({"stock", "kit"}).site(), "sites/syd-1")
      << "a required one is";
}

TEST_F(ApiRequestTest, WhatIsMissingOrCannotBeReadIsNamedByItsFlag) {
  EXPECT_THAT(Refusal({"appointments", "search", "--patient", "PT-1"}),
              AllOf(HasSubstr("--site"), HasSubstr("--treatment_type"), HasSubstr("--start_time"),
                    HasSubstr("--end_time")));
  EXPECT_THAT(Refusal({"appointments", "book", "--site", "par-1", "--patient", "PT-1", "--cocktail",
                       "C-01"}),
              HasSubstr("--hold or --offer_token"));
  EXPECT_THAT(Refusal({"appointments", "cancel", "par-1/x", "--reason", "pateint_request"}),
              AllOf(HasSubstr("--reason"), HasSubstr("did you mean patient_request?")));
  EXPECT_THAT(
      Refusal({"stock", "receive", "--site", "par-1", "--ampoules", "many", "--document", "D"}),
      HasSubstr("--ampoules: 'many' is no whole number"));
  EXPECT_THAT(Refusal({"lots", "list", "--limit", "0"}), HasSubstr("--limit"));
  EXPECT_THAT(Refusal({"sites", "update", "par-1", "--json", "{"}), HasSubstr("--json"));
  EXPECT_THAT(Refusal({"appointments", "get", "x"}), HasSubstr("sites/SITE/appointments/ID"));
}

TEST_F(ApiRequestTest, ModesAreRefusedWhereTheMethodHasNoSuchThing) {
  EXPECT_THAT(Refusal({"appointments", "cancel", "par-1/x", "--reason", "medical", "--dry-run"}),
              AllOf(HasSubstr("--dry-run"), HasSubstr("without doing it")));
  EXPECT_THAT(Refusal({"lots", "get", "x", "--dry-run"}), HasSubstr("only reads"));
  EXPECT_THAT(Refusal({"lots", "get", "x", "--request-id", "y"}), HasSubstr("--request-id"));
  EXPECT_THAT(Refusal({"lots", "get", "x", "--all"}), HasSubstr("--all"));
}

}  // namespace
}  // namespace meso::mesoctl
