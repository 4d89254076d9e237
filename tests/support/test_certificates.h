// A certificate authority for tests with real handshakes: certificates with any name and any dates,
// written as PEM files into a directory of its own that goes with the object.
#ifndef MESO_TESTS_SUPPORT_TEST_CERTIFICATES_H_
#define MESO_TESTS_SUPPORT_TEST_CERTIFICATES_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <string>

#include "absl/time/time.h"
#include "common/auth/certificate.h"
#include "tests/support/child_process.h"

namespace meso {

class TestAuthority {
 public:
  TestAuthority();
  ~TestAuthority();

  // Where this authority's own certificate is; Issue's files lie beside it.
  std::string ca_file() const { return dir_.path() + "/ca.pem"; }

  // A certificate for "services/inventory" or "clients/anna" ("" = names nobody), good from `begin`
  // to `end` after now, with localhost among its names. `file` names the pair of files; issuing
  // under the same name replaces them.
  TlsFiles Issue(const std::string& file, const std::string& identity,
                 absl::Duration begin = -absl::Hours(1), absl::Duration end = absl::Hours(24));

 private:
  TempDir dir_;
  EVP_PKEY* key_;
  X509* certificate_;
};

// Puts the contents of `from` where `to` is, as a rotation does: each file appears whole.
void ReplaceTlsFiles(const TlsFiles& from, const TlsFiles& to);

}  // namespace meso

#endif  // MESO_TESTS_SUPPORT_TEST_CERTIFICATES_H_
