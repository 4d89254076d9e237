// Four real processes of one build say so, each of itself.
#include <gtest/gtest.h>
#define CPPHTTPLIB_OPENSSL_SUPPORT  // as the package was built
#include <httplib.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/suite.h"

namespace meso {
namespace {

TEST(BuildInfoOfProcessesTest, FourServicesOfOneBuildSpeakOneContract) {
  Suite suite;
  suite.StartAll();
  std::set<std::string> contracts;
  for (const std::string service : {"audit", "inventory", "screening", "scheduling"}) {
    httplib::Client client("127.0.0.1", suite.AdminPort(service));
    const auto answer = client.Get("/buildinfo");
    ASSERT_TRUE(answer) << service;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->get_header_value("Content-Type"), "application/json");
    const auto shown = nlohmann::json::parse(answer->body);
    EXPECT_EQ(shown["service"], service);
    for (const char* member : {"version", "revision", "build_type", "compiler", "schema_version"}) {
      EXPECT_NE(shown[member].get<std::string>(), "") << member;
    }
    EXPECT_FALSE(shown["libraries"].empty());
    contracts.insert(shown["contract_hash"].get<std::string>());
  }
  EXPECT_EQ(contracts.size(), 1u);
}

}  // namespace
}  // namespace meso
