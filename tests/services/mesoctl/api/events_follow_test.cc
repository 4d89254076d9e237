// `events tail --follow` over the end and the beginning of a service: a real one, stopped and
// started.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "services/mesoctl/admin.h"
#include "tests/services/mesoctl/mesoctl_run.h"
#include "tests/support/suite.h"

namespace meso::mesoctl {
namespace {

using ::testing::ElementsAre;

class EventsFollowTest : public ::testing::Test {
 protected:
  EventsFollowTest() {
    suite_.StartAll();
    variables_["MESO_TOKEN_FILE"] = absl::StrCat(dir_.path(), "/token");
    std::ofstream(variables_["MESO_TOKEN_FILE"]) << suite_.Token("users/anna", {"chain_admin@*"});
    for (const char* service : kServiceNames) {
      variables_[absl::StrCat("MESO_", absl::AsciiStrToUpper(service), "_ADDRESS")] =
          suite_.Socket(service);
    }
  }

  // One more event of scheduling: SiteChanged of this site.
  void Open(const std::string& code) {
    const Ran ran = RunLine(
        {"sites", "apply", code, "--json",
         R"({"display_name": "A site", "time_zone": "Europe/Paris", "jurisdiction": "FR"})"},
        variables_);
    ASSERT_EQ(ran.code, ExitCode::kOk) << ran.err;
  }
  void Follow(const std::vector<std::string>& flags = {}) {
    std::vector<std::string> line = {suite_.Binary("mesoctl"),
                                     "events",
                                     "tail",
                                     "--follow",
                                     "--types",
                                     "SiteChanged",
                                     "-o",
                                     "csv"};
    line.insert(line.end(), flags.begin(), flags.end());
    tail_.Start(line, absl::StrCat(dir_.path(), "/log"), variables_);
  }
  std::string Log() const {
    std::ifstream file(absl::StrCat(dir_.path(), "/log"));
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  bool Says(absl::string_view text) const {
    return WaitUntil([&] { return absl::StrContains(Log(), text); });
  }
  std::vector<std::string> LinesWith(absl::string_view text) const {
    std::vector<std::string> lines;
    for (const absl::string_view line : absl::StrSplit(Log(), '\n')) {
      if (absl::StrContains(line, text)) lines.emplace_back(line);
    }
    return lines;
  }
  // The sites of the events, in the order in which they were printed.
  std::vector<std::string> Followed() const {
    std::vector<std::string> sites;
    for (const std::string& line : LinesWith(",SiteChanged,")) {
      sites.push_back(std::vector<std::string>(absl::StrSplit(line, ','))[3]);
    }
    return sites;
  }

  Suite suite_;
  TempDir dir_;
  std::map<std::string, std::string> variables_;
  ChildProcess tail_;
};

TEST_F(EventsFollowTest, AServiceThatGoesAndComesBackIsToldOfOnceAndNoEventIsLost) {
  Open("par-1");
  Follow();
  ASSERT_TRUE(Says(",sites/par-1,")) << Log();
  Open("par-2");
  ASSERT_TRUE(Says(",sites/par-2,")) << Log();

  EXPECT_EQ(suite_.Terminate("scheduling"), 0);
  ASSERT_TRUE(Says("scheduling is not answering")) << Log();
  // What happens while it does not look is what could be lost.
  tail_.Signal(SIGSTOP);
  suite_.Start("scheduling");
  Open("par-3");
  suite_.Kill("scheduling");
  tail_.Signal(SIGCONT);
  suite_.Start("scheduling");
  Open("par-4");
  ASSERT_TRUE(Says(",sites/par-4,")) << Log();
  EXPECT_TRUE(tail_.running());
  EXPECT_THAT(Followed(), ElementsAre("sites/par-1", "sites/par-2", "sites/par-3", "sites/par-4"));
  EXPECT_EQ(LinesWith("is not answering").size(), 1) << Log();
  EXPECT_EQ(LinesWith("scheduling answers again").size(), 1) << Log();
}

TEST_F(EventsFollowTest, WhatTimeDoesNotHealEndsIt) {
  Open("par-1");
  Follow({"--from", "scheduling"});
  ASSERT_TRUE(Says(",sites/par-1,")) << Log();
  // It comes back as a service of another suite, which does not know our token's key.
  const std::string keys = absl::StrCat(dir_.path(), "/other-keys");
  ASSERT_TRUE(InitKeys(keys, "other", SystemClock().Now()).ok());
  EXPECT_EQ(suite_.Terminate("scheduling"), 0);
  suite_.Start("scheduling", "",
               {absl::StrCat("--jwks_file=", keys, "/", kJwksFile),
                absl::StrCat("--service_token_file=", keys, "/scheduling.token")});
  EXPECT_EQ(tail_.Wait(), static_cast<int>(ExitCode::kNotAllowed)) << Log();
  EXPECT_EQ(LinesWith("mesoctl: events tail: UNAUTHENTICATED").size(), 1) << Log();
}

}  // namespace
}  // namespace meso::mesoctl
