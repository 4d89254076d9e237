#include "proto/contract_rules.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "google/api/annotations.pb.h"
#include "meso/events/v1/events.pb.h"
#include "meso/options/v1/options.pb.h"
#include "meso/test/v1/note_service.pb.h"

namespace meso {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorSet;
using google::protobuf::MethodDescriptorProto;
using options::v1::Access;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

void AddFile(const FileDescriptor& file, std::set<std::string>& seen, FileDescriptorSet& out) {
  if (!seen.insert(std::string(file.name())).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), seen, out);
  file.CopyTo(out.add_file());
}

FileDescriptorSet Contract() {
  FileDescriptorSet files;
  std::set<std::string> seen;
  AddFile(*test::v1::Note::descriptor()->file(), seen, files);
  AddFile(*events::v1::Event::descriptor()->file(), seen, files);
  return files;
}

MethodDescriptorProto& Method(FileDescriptorSet& files, const std::string& name) {
  for (auto& file : *files.mutable_file()) {
    for (auto& service : *file.mutable_service()) {
      for (auto& method : *service.mutable_method()) {
        if (method.name() == name) return method;
      }
    }
  }
  ADD_FAILURE() << "no method " << name;
  std::abort();
}

Access& AccessOf(FileDescriptorSet& files, const std::string& name) {
  return *Method(files, name).mutable_options()->MutableExtension(options::v1::access);
}

constexpr char kCreate[] = "meso.test.v1.NoteService.CreateNote: ";

TEST(ContractRulesTest, AcceptsAWholeContract) { EXPECT_THAT(BrokenRules(Contract()), IsEmpty()); }

TEST(ContractRulesTest, NamesEveryBrokenRule) {
  struct Case {
    std::function<void(FileDescriptorSet&)> damage;
    std::string line;
  };
  const std::vector<Case> cases = {
      {[](auto& f) {
         Method(f, "CreateNote").mutable_options()->ClearExtension(options::v1::access);
       },
       "has no (meso.options.v1.access) option"},
      {[](auto& f) {
         Method(f, "CreateNote").mutable_options()->ClearExtension(google::api::http);
       },
       "has no google.api.http option"},
      {[](auto& f) { AccessOf(f, "CreateNote").clear_roles(); }, "names no role that may call it"},
      {[](auto& f) { AccessOf(f, "CreateNote").set_roles(0, options::v1::ROLE_UNSPECIFIED); },
       "names ROLE_UNSPECIFIED"},
      {[](auto& f) { AccessOf(f, "CreateNote").set_roles(0, options::v1::ROLE_DOCTOR); },
       "names a role twice"},
      {[](auto& f) { AccessOf(f, "CreateNote").clear_audit_action(); }, "has no audit_action"},
      {[](auto& f) { AccessOf(f, "CreateNote").clear_site_scope(); }, "has no site_scope"},
      {[](auto& f) { AccessOf(f, "CreateNote").set_site_field("note.parts"); },
       "has a site_field that is no string of its request: 'note.parts'"},
      {[](auto& f) { AccessOf(f, "CreateNote").set_site_field("note.place"); },
       "has a site_field that is no string of its request: 'note.place'"},
      {[](auto& f) { AccessOf(f, "CreateNote").set_site_scope(options::v1::SITE_SCOPE_NONE); },
       "has a site_field without SITE_SCOPE_REQUEST"},
      {[](auto& f) { Method(f, "CreateNote").set_input_type(".meso.test.v1.Note"); },
       "changes something, but its request has no request_id"},
      {[](auto& f) { AccessOf(f, "CreateNote").set_audit_action(options::v1::AUDIT_ACTION_READ); },
       "reads, but its request has a request_id"},
  };
  for (const Case& c : cases) {
    FileDescriptorSet files = Contract();
    c.damage(files);
    if (c.line.find("no request_id") != std::string::npos) {
      AccessOf(files, "CreateNote").set_site_field("site");
    }
    EXPECT_THAT(BrokenRules(files), ElementsAre(kCreate + c.line));
  }
}

TEST(ContractRulesTest, AStreamNeedsNoHttpForm) {
  FileDescriptorSet files = Contract();
  MethodDescriptorProto& method = Method(files, "CreateNote");
  method.mutable_options()->ClearExtension(google::api::http);
  method.set_server_streaming(true);
  EXPECT_THAT(BrokenRules(files), IsEmpty());
}

}  // namespace
}  // namespace meso
