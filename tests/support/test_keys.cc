#include "tests/support/test_keys.h"

#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/check.h"

namespace meso {

TestKeys::TestKeys() : private_key_(GenerateKey()) {
  WriteTestFile(jwks_file(), ToJwks({{kTestKeyId, private_key_}}).value());
}

std::string TestKeys::Token(const std::string& subject,
                            const std::vector<std::string>& roles) const {
  TokenRequest request;
  request.principal = TestPrincipal(subject, roles);
  request.not_before = absl::FromCivil(absl::CivilSecond(2020, 1, 1), absl::UTCTimeZone());
  request.expiry = absl::FromCivil(absl::CivilSecond(2040, 1, 1), absl::UTCTimeZone());
  return Token(request);
}

std::string TestKeys::Token(const TokenRequest& request) const {
  return SignToken(private_key_, kTestKeyId, request).value();
}

std::string TestKeys::ServiceToken(const std::string& service) const {
  return Token(absl::StrCat("services/", service), {"service@*"});
}

std::string TestKeys::ServiceTokenFile(const std::string& service) const {
  const std::string path = absl::StrCat(dir_.path(), "/", service, ".token");
  WriteTestFile(path, ServiceToken(service) + "\n");
  return path;
}

Principal TestPrincipal(const std::string& subject, const std::vector<std::string>& roles) {
  Principal principal;
  principal.subject = subject;
  for (const std::string& text : roles) {
    const std::pair<std::string, std::string> role_at_site = absl::StrSplit(text, '@');
    principal.roles[role_at_site.first].insert(role_at_site.second);
  }
  return principal;
}

void WriteTestFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.flush();
  MESO_CHECK(file.good(), path.c_str());
}

}  // namespace meso
