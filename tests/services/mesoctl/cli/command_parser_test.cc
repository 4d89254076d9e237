#include "services/mesoctl/cli/command_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/mesoctl/cli/help_page.h"

namespace meso::mesoctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

CommandSet Set() {
  CommandSet set;
  set.global_flags = {
      {.name = "output", .value = "FORMAT", .help = "How", .letter = 'o', .fallback = "table"},
      {.name = "token_file", .value = "FILE", .help = "Who", .env = {"X_TOKEN", "X_OLD_TOKEN"}},
      {.name = "dry-run", .help = "Try"},
  };
  set.groups = {{{"lots"}, "The lots", {"x lots list", "x lots get 1"}}};
  set.commands = {
      {.path = {"lots", "get"},
       .summary = "Show a lot",
       .arguments = {{.name = "NAME", .help = "Which"}},
       .examples = {"x lots get 1", "x lots get 2"}},
      {.path = {"lots", "list"},
       .summary = "List lots",
       .flags = {{.name = "state", .value = "WORD", .help = "Only these", .repeated = true},
                 {.name = "held", .help = "Only held ones"}}},
      {.path = {"describe"},
       .summary = "Explain",
       .arguments = {{.name = "NAME", .help = "What"},
                     {.name = "MORE", .help = "Else", .required = false}}},
      {.path = {"export"},
       .summary = "Export",
       .flags =
           {{.name = "output", .value = "FILE", .help = "Where", .letter = 'o', .required = true}}},
      {.path = {"__hidden"}, .summary = "For machines", .hidden = true},
  };
  return set;
}

// The message of a line that is misused.
std::string Misuse(const std::vector<std::string>& words) {
  const CommandSet set = Set();
  const auto invocation = ParseCommandLine(set, words);
  absl::Status status = invocation.status();
  if (invocation.ok()) status = invocation->help ? status : CheckComplete(*invocation);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(CommandParserTest, HelpMayFollowTheNounAndACommandMayHaveAnotherName) {
  CommandSet set = Set();
  set.commands[0].aliases = {"show"};
  set.commands.push_back({.path = {"version"}, .summary = "Tell"});
  const auto help = ParseCommandLine(set, {"lots", "help"});
  ASSERT_TRUE(help.ok()) << help.status();
  EXPECT_TRUE(help->help);
  EXPECT_THAT(help->path, ElementsAre("lots"));
  const auto shown = ParseCommandLine(set, {"lots", "show", "help"});
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_THAT(shown->path, ElementsAre("lots", "get"));
  EXPECT_THAT(shown->arguments, ElementsAre("help")) << "a word of the command's own";
  const auto version = ParseCommandLine(set, {"--version"});
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_THAT(version->path, ElementsAre("version"));
  EXPECT_THAT(Misuse({"lots", "list", "--version"}), HasSubstr("no flag"));
}

TEST(CommandParserTest, FlagsStandAnywhereWithEitherSpelling) {
  const CommandSet set = Set();
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--token_file", "t", "lots", "list", "--state", "A", "--held", "-o", "csv"},
           {"lots", "--token-file=t", "list", "-ocsv", "--state=A", "--held=true"},
           {"lots", "list", "--state", "A", "--held", "--token_file=t", "--output=csv"}}) {
    const auto line = ParseCommandLine(set, words);
    ASSERT_TRUE(line.ok()) << line.status();
    EXPECT_EQ(line->command->summary, "List lots");
    EXPECT_EQ(line->Get("token_file"), "t");
    EXPECT_EQ(line->Get("output"), "csv");
    EXPECT_THAT(line->All("state"), ElementsAre("A"));
    EXPECT_TRUE(line->On("held"));
    EXPECT_FALSE(line->On("dry-run"));
  }
}

TEST(CommandParserTest, AValueMayBeCalledLikeACommand) {
  const CommandSet set = Set();
  const auto line = ParseCommandLine(set, {"describe", "lots", "export"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_THAT(line->path, ElementsAre("describe"));
  EXPECT_THAT(line->arguments, ElementsAre("lots", "export"));
}

TEST(CommandParserTest, AValueMayBeginWithADash) {
  const CommandSet set = Set();
  const auto value = ParseCommandLine(set, {"lots", "list", "--state", "-10m"});
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->Get("state"), "-10m");
  const auto argument = ParseCommandLine(set, {"lots", "get", "--", "--name"});
  ASSERT_TRUE(argument.ok());
  EXPECT_EQ(argument->Argument(0), "--name");
  EXPECT_EQ(ParseCommandLine(set, {"lots", "get", "-"})->Argument(0), "-");
}

TEST(CommandParserTest, ARepeatedFlagKeepsAllValuesAnotherTheLast) {
  const CommandSet set = Set();
  const auto line = ParseCommandLine(
      set, {"lots", "list", "--state", "A", "--state", "B", "--output", "csv", "--output", "json"});
  ASSERT_TRUE(line.ok());
  EXPECT_THAT(line->All("state"), ElementsAre("A", "B"));
  EXPECT_THAT(line->All("output"), ElementsAre("json"));
}

TEST(CommandParserTest, MisuseIsOneSentenceWithTheNearestAndTheNextStep) {
  EXPECT_THAT(Misuse({"lost", "list"}),
              AllOf(HasSubstr("`lost`"), HasSubstr("`mesoctl lots`"), HasSubstr("Next: ")));
  EXPECT_THAT(Misuse({"lots", "lst"}), HasSubstr("`mesoctl lots list`"));
  EXPECT_THAT(Misuse({"lots", "list", "--stat", "A"}), HasSubstr("Did you mean --state"));
  EXPECT_THAT(Misuse({"lots", "list", "--dryrun"}), HasSubstr("--dry-run"));
  EXPECT_THAT(Misuse({"lots", "list", "--state"}), HasSubstr("--state needs a value: WORD"));
  EXPECT_THAT(Misuse({"lots", "list", "--held=maybe"}), HasSubstr("takes no value"));
  EXPECT_THAT(Misuse({"lots", "list", "-z"}), HasSubstr("-z is no flag"));
  EXPECT_THAT(Misuse({"lots"}), HasSubstr("get, list"));
  EXPECT_THAT(Misuse({"lots", "get", "1", "2"}), HasSubstr("one word too many"));
  EXPECT_THAT(Misuse({"lots", "get"}), HasSubstr("needs NAME"));
  EXPECT_THAT(Misuse({"export"}), HasSubstr("needs --output FILE"));
  EXPECT_THAT(Misuse({"__hiden"}), Not(HasSubstr("__hidden")));
}

TEST(CommandParserTest, AFlagBeatsTheEnvironmentWhichBeatsTheContextWhichBeatsTheDefault) {
  const CommandSet set = Set();
  std::map<std::string, std::string> variables;
  const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  std::map<std::string, std::string> context;
  const auto token = [&](const std::vector<std::string>& words) {
    auto line = ParseCommandLine(set, words);
    ApplyDefaults(set, environment, context, &*line);
    return line->Get("token_file");
  };
  EXPECT_EQ(token({"lots", "list"}), "");
  context["token_file"] = "of the context";
  EXPECT_EQ(token({"lots", "list"}), "of the context");
  variables["X_OLD_TOKEN"] = "of the old variable";
  EXPECT_EQ(token({"lots", "list"}), "of the old variable");
  variables["X_TOKEN"] = "of the variable";
  EXPECT_EQ(token({"lots", "list"}), "of the variable");
  variables["X_TOKEN"] = "";  // an empty variable is none
  EXPECT_EQ(token({"lots", "list"}), "of the old variable");
  EXPECT_EQ(token({"lots", "list", "--token_file", "of the line"}), "of the line");
}

TEST(CommandParserTest, ACommandsOwnFlagStandsInPlaceOfTheGlobalOne) {
  const CommandSet set = Set();
  auto line = ParseCommandLine(set, {"export"});
  ASSERT_TRUE(line.ok());
  ApplyDefaults(
      set, [](const std::string&) { return std::nullopt; }, {}, &*line);
  EXPECT_EQ(line->Get("output"), "") << "the global default is not the own flag's";
  EXPECT_FALSE(CheckComplete(*line).ok());
}

TEST(CommandParserTest, HelpIsUnderstoodEverywhere) {
  const CommandSet set = Set();
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"lots", "get", "--help"}, {"lots", "get", "-h"}, {"help", "lots", "get"}}) {
    const auto line = ParseCommandLine(set, words);
    ASSERT_TRUE(line.ok()) << line.status();
    EXPECT_TRUE(line->help);
    EXPECT_THAT(line->path, ElementsAre("lots", "get"));
  }
  EXPECT_TRUE(ParseCommandLine(set, {"--help"})->help);
  EXPECT_THAT(HelpPage(set, {"lots", "get"}),
              AllOf(HasSubstr("mesoctl lots get NAME"), HasSubstr("x lots get 2")));
  EXPECT_THAT(HelpPage(set, {"lots"}), AllOf(HasSubstr("Show a lot"), HasSubstr("x lots list")));
  EXPECT_THAT(HelpPage(set, {}), AllOf(HasSubstr("The lots"), HasSubstr("--token_file FILE"),
                                       Not(HasSubstr("__hidden"))));
}

}  // namespace
}  // namespace meso::mesoctl
