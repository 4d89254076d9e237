#include "tests/services/mesoctl/day_fixture.h"

#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "services/mesoctl/call.h"

namespace meso::mesoctl {

DayFixture::DayFixture() : clinic_(Start()) {
  clinic_.Load();
  here_ = Clinic::SiteWithTimeToday();
  there_ = here_ == "par-1" ? "syd-1" : "par-1";
}

Suite& DayFixture::Start() {
  suite_.StartAll();
  return suite_;
}

DayFixture::Rows DayFixture::WordsOf(const std::string& line) const {
  Rows words;
  bool quoted = false;
  for (const absl::string_view part : absl::StrSplit(Filled(line), '\'')) {
    if (quoted) words.emplace_back(part);
    if (!quoted) {
      for (const absl::string_view word : absl::StrSplit(part, ' ', absl::SkipEmpty())) {
        words.emplace_back(word);
      }
    }
    quoted = !quoted;
  }
  return words;
}

Ran DayFixture::Type(const std::string& token, const std::string& line, const std::string& input) {
  const std::string file = absl::StrCat(dir_.path(), "/token");
  std::ofstream(file) << token;
  std::map<std::string, std::string> variables = {{"MESO_TOKEN_FILE", file}};
  for (const char* service : kServiceNames) {
    variables[absl::StrCat("MESO_", absl::AsciiStrToUpper(service), "_ADDRESS")] =
        suite_.Socket(service);
  }
  return RunLine(WordsOf(line), variables, input);
}

Ran DayFixture::TypeOffline(const std::string& line) { return RunLine(WordsOf(line)); }

Ran DayFixture::DoAs(const std::string& token, const std::string& line, const std::string& input) {
  Ran ran = Type(token, line, input);
  EXPECT_EQ(ran.code, ExitCode::kOk) << Filled(line) << "\n" << ran.out << ran.err;
  return ran;
}

DayFixture::Rows DayFixture::CellsAs(const std::string& token, const std::string& line,
                                     const std::string& columns) {
  const std::string out = DoAs(token, line + " -o csv --columns " + columns).out;
  Rows lines =
      absl::StrSplit(absl::StrReplaceAll(out, {{"\r", ""}, {"\"", ""}}), '\n', absl::SkipEmpty());
  if (!lines.empty()) lines.erase(lines.begin());
  return lines;
}

void DayFixture::LetAs(const std::string& name, const std::string& token, const std::string& line) {
  const Rows lines = absl::StrSplit(DoAs(token, line + " -o name").out, '\n', absl::SkipEmpty());
  ASSERT_FALSE(lines.empty()) << Filled(line);
  names_[name] = lines[0];
}

std::string DayFixture::Filled(std::string text) const {
  text = absl::StrReplaceAll(text, {{"$HERE", here_}, {"$THERE", there_}});
  for (const auto& [name, value] : names_) {
    text = absl::StrReplaceAll(text, {{absl::StrCat("$", name), value}});
  }
  return text;
}

}  // namespace meso::mesoctl
