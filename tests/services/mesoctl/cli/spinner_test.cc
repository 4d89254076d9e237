#include "services/mesoctl/cli/spinner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/child_process.h"
#include "tests/support/pseudo_terminal.h"

namespace meso::mesoctl {
namespace {

using ::testing::EndsWith;
using ::testing::IsEmpty;

TEST(SpinnerTest, TurnsAtATerminalAndLeavesAnEmptyLine) {
  PseudoTerminal terminal;
  std::ofstream err(terminal.path());
  {
    Spinner spinner(err, true, "calling", absl::ZeroDuration());
    EXPECT_TRUE(terminal.Shows("\r\x1b[K| calling\r\x1b[K/ calling")) << terminal.Text();
    spinner.Note("300 rows");
    EXPECT_TRUE(terminal.Shows(" 300 rows")) << terminal.Text();
  }
  EXPECT_THAT(terminal.Text(), EndsWith(" 300 rows\r\x1b[K"));
}

TEST(SpinnerTest, AShortCallDrawsNothing) {
  PseudoTerminal terminal;
  std::ofstream err(terminal.path());
  {
    Spinner spinner(err, true, "calling", absl::Minutes(10));
    // Time for one that would not wait.
    for (int i = 0; i < 20; ++i) PauseBetweenLooks();
  }
  EXPECT_THAT(terminal.Text(), IsEmpty());
}

}  // namespace
}  // namespace meso::mesoctl
