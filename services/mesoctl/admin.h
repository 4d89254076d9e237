// `mesoctl admin`: the keys of a suite and the tokens of its people.
//
// InitKeys makes a directory with everything the four services need to know each other: the token
// signing key with its JWKS, the audit log's key with its public half, the pseudonym and payload
// keys, the offer key and one token per service. It never overwrites a key; a second run only adds
// what is missing and replaces service tokens that are about to expire and a public half of another
// key. Works on local files; no
// network. Directory mode 0700, files 0600.
#ifndef MESO_SERVICES_MESOCTL_ADMIN_H_
#define MESO_SERVICES_MESOCTL_ADMIN_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace meso::mesoctl {

// File names inside a keys directory.
inline constexpr char kTokenKeyFile[] = "token_key.pem";
inline constexpr char kJwksFile[] = "jwks.json";
inline constexpr char kLogKeyFile[] = "audit-log.key";
inline constexpr char kLogVerifierFile[] = "audit-log.pub";
inline constexpr char kPreviousLogKeyFile[] = "audit-log.previous.key";
// The public keys of all changes so far, one a line.
inline constexpr char kPreviousLogVerifierFile[] = "audit-log.previous.pub";
inline constexpr char kPseudonymKeyFile[] = "pseudonym.key";
inline constexpr char kPayloadKeyFile[] = "payload.key";
inline constexpr char kOfferKeyFile[] = "offer.key";

inline constexpr absl::Duration kTokenTtlMax = absl::Hours(24 * 31);

struct InitReport {
  std::vector<std::string> created;  // file names
  std::vector<std::string> kept;
};

// Makes what is missing in `dir`. `log_name` becomes the audit log's origin if its key is made now.
// Errors: INVALID_ARGUMENT for a log name with white space or '+'; FAILED_PRECONDITION for a
// directory that others can read, or a file that can't be written or read back, naming it.
absl::StatusOr<InitReport> InitKeys(const std::string& dir, const std::string& log_name,
                                    absl::Time now);

// Makes a new key for the log of the one in `dir`, which becomes the previous one; both sign until
// the previous file is taken away. Goes on where an interrupted run has stopped. Returns the new
// public key. FAILED_PRECONDITION when there is no key, or an earlier change is not over: its
// previous key is still there.
absl::StatusOr<std::string> RotateLogKey(const std::string& dir);

// The key of a new origin of the log, opened after a declared restore (services/audit).
struct NewOrigin {
  std::string name;          // of the new origin: the old one's with the next number behind a slash
  std::string verifier;      // its public key
  std::string old_key_file;  // where the key of the old origin is now
  std::string old_verifier_file;
};
// Makes it in `dir` in place of the log's key, which is put aside first. Goes on where an
// interrupted run has stopped. FAILED_PRECONDITION when there is no key, or a change of keys is not
// over.
absl::StatusOr<NewOrigin> MakeNewOrigin(const std::string& dir);

// Makes a witness's key in the file, its public half beside it as FILE.pub, and returns that.
// Never overwrites: FAILED_PRECONDITION naming what is there; of an interrupted run the public half
// is added. INVALID_ARGUMENT for a bad name.
absl::StatusOr<std::string> MakeWitnessKey(const std::string& name, const std::string& file);

struct TokenSpec {
  std::string subject;  // users/{code}
  std::vector<std::string>
      roles;  // "front_desk" or "front_desk@*" (all sites), "doctor@par-1,syd-1"
  absl::Duration ttl = absl::Hours(8);
};

// A signed token. Errors: INVALID_ARGUMENT listing every bad part of the spec;
// FAILED_PRECONDITION when `dir` holds no signing key.
absl::StatusOr<std::string> MakeToken(const std::string& dir, const TokenSpec& spec,
                                      absl::Time now);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_ADMIN_H_
