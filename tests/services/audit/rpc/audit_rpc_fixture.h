// The audit service's RPCs on a real server with predictable keys and salts.
//
// For tests of services/audit/rpc. One test, one server, one log. A new use case is wired in here
// and nowhere else.
#ifndef MESO_TESTS_SERVICES_AUDIT_RPC_AUDIT_RPC_FIXTURE_H_
#define MESO_TESTS_SERVICES_AUDIT_RPC_AUDIT_RPC_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "generated/audit_migrations.h"
#include "services/audit/assertion_file.h"
#include "services/audit/rpc/audit_service.h"
#include "tests/services/audit/domain/entry_samples.h"
#include "tests/support/test_server.h"

namespace meso::audit {

class AuditRpcFixture : public testing::Test {
 protected:
  using Stub = v1::AuditService::Stub;

  AuditRpcFixture() {
    server_.Serve({&service_});
    stub_ = v1::AuditService::NewStub(server_.channel());
  }
  ~AuditRpcFixture() override { server_.Stop(); }

  // Appends the sample entries and signs.
  void Grow(uint64_t first, uint64_t last) {
    Batch batch{"scheduling", kEpoch, {}};
    for (uint64_t i = first; i <= last; ++i) batch.drafts.push_back(SampleDraft(i));
    ASSERT_TRUE(server_.database()
                    .Transact([&](Transaction& tx) -> absl::Status {
                      const auto appended = operations_.Append(tx, batch);
                      if (!appended.ok()) return appended.status();
                      return operations_.SignCheckpoint(tx);
                    })
                    .ok());
  }

  TestServer server_{"audit", AuditMigrations()};
  SequentialSalts salts_;
  // The keys of the witnesses; none unless a test sets it.
  std::function<std::vector<VerifierKey>()> witnesses_ = [] { return std::vector<VerifierKey>(); };
  PayloadVault vault_{SampleMasters()};
  AuditOperations operations_{server_.clock(), SamplePseudonyms(), SampleKey(), salts_, vault_};
  CheckpointOperations checkpoints_{server_.clock(), server_.ids(),
                                    [this] { return witnesses_(); }};
  ProveOperations prove_{server_.clock(), operations_};
  AssertionOperations assertions_{server_.database(), server_.clock(), server_.ids(), vault_,
                                  *ReadAssertions("", SamplePseudonyms())};
  GrantOperations grants_{server_.clock(), server_.ids(), SamplePseudonyms()};
  SourceOperations sources_{server_.clock()};
  RetentionOperations retention_{server_.clock(),
                                 server_.ids(),
                                 operations_.pseudonyms(),
                                 vault_,
                                 {{"retentionClasses/all", "", EntryFilter(), 1, "a rule"}}};
  VerifyOperations verify_{server_.database(), operations_, server_.clock()};
  AuditService service_{
      server_.calls(),
      {operations_, checkpoints_, prove_, {assertions_, grants_}, sources_, retention_, verify_}};
  std::unique_ptr<Stub> stub_;
  const std::string scheduling_ = server_.keys().ServiceToken("scheduling");
  const std::string auditor_ = server_.keys().Token("users/ines", {"compliance_auditor@*"});
};

}  // namespace meso::audit

#endif  // MESO_TESTS_SERVICES_AUDIT_RPC_AUDIT_RPC_FIXTURE_H_
