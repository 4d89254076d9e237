// The controls of a server under test: the assertions the binary brings along, grants and emergency
// accesses, on the server's database.
//
// For tests of services/audit/rpc. Thread-safe as its parts.
#ifndef MESO_TESTS_SERVICES_AUDIT_RPC_SAMPLE_CONTROLS_H_
#define MESO_TESTS_SERVICES_AUDIT_RPC_SAMPLE_CONTROLS_H_

#include "services/audit/assertion_file.h"
#include "services/audit/audit_controls.h"
#include "tests/services/audit/domain/entry_samples.h"
#include "tests/support/test_server.h"

namespace meso::audit {

class SampleControls {
 public:
  explicit SampleControls(TestServer& server)
      : assertions_(server.database(), server.clock(), server.ids(),
                    *ReadAssertions("", SamplePseudonyms())),
        grants_(server.clock(), server.ids(), SamplePseudonyms()) {}

  AuditControls all() const { return {assertions_, grants_}; }
  AssertionOperations& assertions() { return assertions_; }

 private:
  AssertionOperations assertions_;
  GrantOperations grants_;
};

}  // namespace meso::audit

#endif  // MESO_TESTS_SERVICES_AUDIT_RPC_SAMPLE_CONTROLS_H_
