// A day at a small clinic chain, typed at the command line: lines are run inside the test's process
// against a real suite, names that lines print are kept for later ones.
//
// For tests of mesoctl that play what a person does over a day. One test, one suite.
#ifndef MESO_TESTS_SERVICES_MESOCTL_DAY_FIXTURE_H_
#define MESO_TESTS_SERVICES_MESOCTL_DAY_FIXTURE_H_

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/services/mesoctl/mesoctl_run.h"
#include "tests/support/clinic.h"

namespace meso::mesoctl {

class DayFixture : public ::testing::Test {
 protected:
  using Rows = std::vector<std::string>;

  // Starts the suite and loads the clinic. $HERE is the site where a session can still begin
  // today, $THERE the other one.
  DayFixture();

  // The line as it is typed, by this person; $HERE, $THERE and the names of Let are put in. A
  // quoted word may hold spaces.
  Ran Type(const std::string& token, const std::string& line, const std::string& input = "");
  // The same without a service's address or a token: what needs no server.
  Ran TypeOffline(const std::string& line);
  // The same, and it must succeed.
  Ran DoAs(const std::string& token, const std::string& line, const std::string& input = "");

  // The rows below the header, of these columns; one row's, joined by "|".
  Rows CellsAs(const std::string& token, const std::string& line, const std::string& columns);

  // Keeps the first name the line prints for later lines.
  void LetAs(const std::string& name, const std::string& token, const std::string& line);

  std::string Filled(std::string text) const;

  TempDir dir_;
  Suite suite_;
  Clinic clinic_;
  std::string here_, there_;
  std::map<std::string, std::string> names_;

 private:
  Suite& Start();
  Rows WordsOf(const std::string& line) const;
};

}  // namespace meso::mesoctl

#endif  // MESO_TESTS_SERVICES_MESOCTL_DAY_FIXTURE_H_
