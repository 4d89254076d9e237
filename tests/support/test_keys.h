// Signing keys, a JWKS file and tokens for tests that start a real server. Everything lies in a
// directory of its own and is gone with the object.
#ifndef MESO_TESTS_SUPPORT_TEST_KEYS_H_
#define MESO_TESTS_SUPPORT_TEST_KEYS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/auth/token_issuer.h"
#include "common/base/call_context.h"
#include "tests/support/child_process.h"

namespace meso {

inline constexpr char kTestKeyId[] = "test-key";

class TestKeys {
 public:
  TestKeys();

  std::string jwks_file() const { return dir_.path() + "/jwks.json"; }
  const std::string& private_key() const { return private_key_; }

  // Roles as "front_desk@par-1" or "chain_admin@*"; valid from 2020 to 2040.
  std::string Token(const std::string& subject, const std::vector<std::string>& roles) const;
  std::string Token(const TokenRequest& request) const;
  // The token of "services/<service>", and a file that holds it.
  std::string ServiceToken(const std::string& service) const;
  std::string ServiceTokenFile(const std::string& service) const;

 private:
  TempDir dir_;
  std::string private_key_;
};

Principal TestPrincipal(const std::string& subject, const std::vector<std::string>& roles);

// Overwrites the file with the text.
void WriteTestFile(const std::string& path, const std::string& text);

}  // namespace meso

#endif  // MESO_TESTS_SUPPORT_TEST_KEYS_H_
