// Who is calling, and may they: bearer tokens (JWT, EdDSA) against a JWKS file, and the policy
// table read from the protos' access options.
//
// There is no unauthenticated mode. Verified tokens are cached by their SHA-256 until min(exp, 60
// s) or a change of the JWKS file. Thread-safe.
#ifndef MESO_COMMON_AUTH_AUTHENTICATOR_H_
#define MESO_COMMON_AUTH_AUTHENTICATOR_H_

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"

namespace meso {

// The access rule of one method, as in meso.options.v1.Access.
struct MethodPolicy {
  enum class SiteScope { kNone, kRequest, kResource, kChain };
  std::vector<std::string> roles;
  SiteScope site_scope = SiteScope::kNone;
  std::string site_field;
  bool patient_data = false;
  std::string action;  // C R U D E, or "" for no entry
};

struct AuthenticatorOptions {
  std::string jwks_file;
  std::string issuer = "meso";
  std::string audience = "meso";
  const Clock* clock = nullptr;
};

class Authenticator {
 public:
  // Errors: FAILED_PRECONDITION when the JWKS file cannot be read or holds no usable key.
  static absl::StatusOr<std::unique_ptr<Authenticator>> Create(const AuthenticatorOptions& options);
  virtual ~Authenticator() = default;

  // `authorization` is the header's value ("Bearer …"). Errors: UNAUTHENTICATED / TOKEN_MISSING,
  // TOKEN_INVALID, TOKEN_EXPIRED.
  // Sets `first_use` (may be nullptr) when this process meets the token for the first time, to be
  // exact: since it last held 10,000 live ones.
  virtual absl::StatusOr<Principal> Authenticate(absl::string_view authorization,
                                                 bool* first_use = nullptr) = 0;
  // The first use could not be recorded: the next one shall count as the first again.
  virtual void ForgetFirstUse(absl::string_view authorization) = 0;
};

// The policy of a method ("meso.inventory.v1.InventoryService/ReserveStock"), from the generated
// descriptors; nullptr when the method is unknown or has no access option. The pointer lives as
// long as the process.
const MethodPolicy* FindPolicy(absl::string_view method);

// Checks role and site of the caller, and of on_behalf_of (accepted from services only). Fills
// call.allowed_roles and call.action. Errors: PERMISSION_DENIED / ROLE_REQUIRED, SITE_FORBIDDEN.
absl::Status Authorize(const MethodPolicy& policy, const google::protobuf::Message& request,
                       CallContext& call);

}  // namespace meso

#endif  // MESO_COMMON_AUTH_AUTHENTICATOR_H_
