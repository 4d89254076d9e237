// The descriptor set the build publishes: complete in itself, every RPC in it, comments and rules
// included.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "absl/strings/match.h"

namespace meso {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptorSet;

FileDescriptorSet ReadPublished() {
  // Tests run from the project's root with <build>/tests/<test> as their program.
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  std::ifstream in(self.parent_path().parent_path() / "share" / "meso.descriptors.binpb",
                   std::ios::binary);
  FileDescriptorSet set;
  EXPECT_TRUE(set.ParseFromIstream(&in));
  return set;
}

TEST(PublishedDescriptorsTest, BuildsByItselfAndEveryMethodIsExplained) {
  const FileDescriptorSet set = ReadPublished();
  DescriptorPool pool;
  std::map<std::string, int> methods;
  for (const auto& file : set.file()) {
    // In the order of their imports: whoever reads it front to back needs nothing else.
    const auto* built = pool.BuildFile(file);
    ASSERT_NE(built, nullptr) << file.name();
    for (int i = 0; i < built->service_count(); ++i) {
      for (int j = 0; j < built->service(i)->method_count(); ++j) {
        const auto* method = built->service(i)->method(j);
        ++methods[built->service(i)->full_name()];
        google::protobuf::SourceLocation where;
        ASSERT_TRUE(method->GetSourceLocation(&where)) << method->full_name();
        EXPECT_TRUE(absl::StrContains(where.leading_comments, "Errors:")) << method->full_name();
      }
    }
  }
  for (const char* service :
       {"meso.audit.v1.AuditService", "meso.events.v1.EventService",
        "meso.inventory.v1.InventoryService", "meso.scheduling.v1.SchedulingAdminService",
        "meso.scheduling.v1.SchedulingService", "meso.screening.v1.ScreeningService"}) {
    EXPECT_GT(methods[service], 0) << service;
  }
  EXPECT_NE(pool.FindFileByName("google/rpc/error_details.proto"), nullptr)
      << "clients read error details with it";
}

}  // namespace
}  // namespace meso
