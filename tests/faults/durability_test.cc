// An answer means the disk has it: strace shows fdatasync between the request's arrival and its
// reply.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/support/clinic.h"

namespace meso {
namespace {

TEST(DurabilityTest, TheReplyIsSentOnlyAfterFdatasync) {
  Suite suite;
  suite.StartAll();
  Clinic clinic(suite);
  clinic.Load();
  clinic.Receive(1);  // warms connections, tokens and statements

  ChildProcess tracer;
  const std::string trace = absl::StrCat(suite.dir(), "/trace");
  tracer.Start({"strace", "-f", "-p", absl::StrCat(suite.Pid("inventory")), "-e",
                "trace=fdatasync,sendmsg,recvmsg", "-s", "4000", "-o", trace},
               absl::StrCat(suite.dir(), "/strace.log"));
  const auto lines = [&] {
    std::ifstream in(trace);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  };
  // One call before the one that counts proves that the tracer is attached.
  ASSERT_TRUE(WaitUntil([&] {
    clinic.ListStockLevels();
    return !lines().empty();
  }));
  const std::string lot = clinic.Receive(1, 200, "sites/par-1", {"AMP-PDR"}).front();

  // The reply of ReceiveStock is the first message sent that holds the new lot's name. Entries of
  // the calls before leave for the audit log all the time, and name other lots.
  EXPECT_TRUE(WaitUntil([&] {
    size_t request = 0;
    size_t sync = 0;
    const std::vector<std::string> seen = lines();
    for (size_t i = 0; i < seen.size(); ++i) {
      if (request == 0 && absl::StrContains(seen[i], "recvmsg") &&
          absl::StrContains(seen[i], "AMP-PDR")) {
        request = i + 1;
      }
      if (request > 0 && sync == 0 && absl::StrContains(seen[i], "fdatasync")) sync = i + 1;
      if (request > 0 && absl::StrContains(seen[i], "sendmsg") && absl::StrContains(seen[i], lot)) {
        EXPECT_GT(sync, request) << "the reply left before the disk had it:\n" << seen[i];
        return true;
      }
    }
    return false;
  }));
  tracer.Signal(SIGINT);
  tracer.Wait();
}

}  // namespace
}  // namespace meso
