#include "services/mesoctl/admin.h"

#include <openssl/rand.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/auth/jwks.h"
#include "common/auth/jwt.h"
#include "common/auth/token_issuer.h"
#include "common/base/error.h"
#include "common/base/local_file.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "meso/options/v1/options.pb.h"
#include "services/audit/domain/checkpoint.h"
#include "services/audit/domain/entry.h"
#include "services/audit/domain/payload_cipher.h"

namespace meso::mesoctl {
namespace {

constexpr char kKeyId[] = "meso-1";
constexpr absl::Duration kServiceTokenTtl = absl::Hours(24 * 365);
constexpr absl::Duration kServiceTokenRenewal = absl::Hours(24 * 30);
constexpr const char* kServices[] = {"scheduling", "screening", "inventory", "audit"};
constexpr size_t kOfferKeySize = 32;

std::string PathIn(const std::string& dir, absl::string_view file) {
  return absl::StrCat(dir, "/", file);
}

bool HasLine(absl::string_view text, absl::string_view wanted) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  return std::find(lines.begin(), lines.end(), wanted) != lines.end();
}

absl::StatusOr<std::string> NewHexKey() {
  unsigned char bytes[kOfferKeySize];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
    return absl::UnavailableError("the system's random source gives nothing");
  }
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes), sizeof(bytes)));
}

// Makes one file unless it is there.
class KeyDirectory {
 public:
  explicit KeyDirectory(std::string dir) : dir_(std::move(dir)) {}

  absl::Status Ensure(absl::string_view file,
                      const std::function<absl::StatusOr<std::string>()>& make) {
    const std::string path = PathIn(dir_, file);
    if (IsThere(path)) {
      report_.kept.emplace_back(file);
      return absl::OkStatus();
    }
    MESO_ASSIGN_OR_RETURN(const std::string content, make());
    MESO_RETURN_IF_ERROR(WriteDurably(path, absl::StrCat(content, "\n")));
    report_.created.emplace_back(file);
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Read(absl::string_view file) const {
    return ReadText(PathIn(dir_, file));
  }

  // The log's public key is made from its private one; one of another key, as an interrupted change
  // leaves it, is made anew.
  absl::Status EnsureLogVerifier() {
    MESO_ASSIGN_OR_RETURN(const std::string text, Read(kLogKeyFile));
    const auto key = audit::ParseSigningKey(text);
    const auto there = Read(kLogVerifierFile);
    // A damaged private key is told by the service that needs it.
    if (!key.ok() && !there.ok()) return key.status();
    const std::string verifier = key.ok() ? (*key)->verifier().Encode() : "";
    if (!key.ok() || (there.ok() && HasLine(*there, verifier))) {
      report_.kept.emplace_back(kLogVerifierFile);
      return absl::OkStatus();
    }
    MESO_RETURN_IF_ERROR(
        WriteDurably(PathIn(dir_, kLogVerifierFile), absl::StrCat(verifier, "\n")));
    report_.created.emplace_back(kLogVerifierFile);
    return absl::OkStatus();
  }

  // A service's token is no key: one that has expired, or will within a month, is made anew.
  absl::Status EnsureServiceToken(absl::string_view service, absl::Time now) {
    const std::string file = absl::StrCat(service, ".token");
    if (IsFresh(file, now)) {
      report_.kept.push_back(file);
      return absl::OkStatus();
    }
    MESO_ASSIGN_OR_RETURN(const std::string pem, Read(kTokenKeyFile));
    TokenRequest request;
    request.principal = ServicePrincipal(service);
    request.not_before = absl::FromUnixSeconds(absl::ToUnixSeconds(now));
    request.expiry = request.not_before + kServiceTokenTtl;
    MESO_ASSIGN_OR_RETURN(const std::string token, SignToken(pem, kKeyId, request));
    MESO_RETURN_IF_ERROR(WriteDurably(PathIn(dir_, file), absl::StrCat(token, "\n")));
    report_.created.push_back(file);
    return absl::OkStatus();
  }

  InitReport TakeReport() { return std::move(report_); }

 private:
  bool IsFresh(const std::string& file, absl::Time now) const {
    if (!IsThere(PathIn(dir_, file))) return false;
    const absl::StatusOr<std::string> token = Read(file);
    const absl::StatusOr<std::string> jwks = Read(kJwksFile);
    if (!token.ok() || !jwks.ok()) return false;
    const absl::StatusOr<KeySet> keys = ParseJwks(*jwks);
    if (!keys.ok()) return false;
    const auto verified = VerifyToken(*token, *keys, "meso", "meso");
    return verified.ok() && CheckTokenTimes(*verified, now).ok() &&
           verified->expiry > now + kServiceTokenRenewal;
  }

  const std::string dir_;
  InitReport report_;
};

// "front_desk@par-1,syd-1" into the principal's roles; complains in `errors`.
void AddRole(absl::string_view text, Principal& principal, FieldErrors& errors) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('@', 1));
  meso::options::v1::Role role = meso::options::v1::ROLE_UNSPECIFIED;
  const std::string spelled = absl::StrCat("ROLE_", absl::AsciiStrToUpper(parts.first));
  if (!meso::options::v1::Role_Parse(spelled, &role) ||
      role == meso::options::v1::ROLE_UNSPECIFIED || role == meso::options::v1::ROLE_SERVICE) {
    errors.Invalid("--role",
                   absl::StrCat("there is no role '", parts.first,
                                "' for people; the roles are front_desk, practitioner, doctor, "
                                "inventory_manager, compliance_auditor, medical_director, "
                                "chain_admin, external_auditor, witness"));
    return;
  }
  std::set<std::string>& sites = principal.roles[std::string(parts.first)];
  if (!absl::StrContains(text, '@')) {
    sites.insert("*");
    return;
  }
  for (const absl::string_view site : absl::StrSplit(parts.second, ',')) {
    if (site != "*" && !IsCode(site)) {
      errors.Invalid("--role", absl::StrCat("'", site, "' is no site code, as in doctor@par-1"));
    }
    sites.insert(std::string(site));
  }
}

// The first origin of a log has a plain name, the others the same with /2, /3 and so on.
std::pair<std::string, int> SplitOrigin(const std::string& name) {
  const size_t slash = name.rfind('/');
  int number = 0;
  if (slash != std::string::npos && slash > 0 &&
      absl::SimpleAtoi(name.substr(slash + 1), &number) && number >= 2) {
    return {name.substr(0, slash), number};
  }
  return {name, 1};
}

// What was signed before is verified with the key it was signed with, so none is ever left out.
absl::Status AddPreviousVerifier(const std::string& dir, const std::string& verifier) {
  const std::string path = PathIn(dir, kPreviousLogVerifierFile);
  MESO_ASSIGN_OR_RETURN(const std::optional<std::string> before, ReadFileIfThere(path));
  const std::string lines = before.value_or("");
  if (HasLine(lines, verifier)) return absl::OkStatus();
  return WriteDurably(path, absl::StrCat(lines, verifier, "\n"));
}

}  // namespace

absl::StatusOr<InitReport> InitKeys(const std::string& dir, const std::string& log_name,
                                    absl::Time now) {
  MESO_RETURN_IF_ERROR(MakePrivateDirectory(dir, "keys"));
  KeyDirectory keys(dir);
  MESO_RETURN_IF_ERROR(keys.Ensure(kTokenKeyFile, [] { return GenerateKey(); }));
  MESO_RETURN_IF_ERROR(keys.Ensure(kJwksFile, [&keys]() -> absl::StatusOr<std::string> {
    MESO_ASSIGN_OR_RETURN(const std::string pem, keys.Read(kTokenKeyFile));
    return ToJwks({{kKeyId, pem}});
  }));
  MESO_RETURN_IF_ERROR(keys.Ensure(kLogKeyFile, [&log_name]() -> absl::StatusOr<std::string> {
    MESO_ASSIGN_OR_RETURN(const auto key, audit::NewSigningKey(log_name));
    return key->Encode();
  }));
  MESO_RETURN_IF_ERROR(keys.EnsureLogVerifier());
  MESO_RETURN_IF_ERROR(
      keys.Ensure(kPseudonymKeyFile, [] { return audit::PseudonymKey::NewText(); }));
  MESO_RETURN_IF_ERROR(
      keys.Ensure(kPayloadKeyFile, [] { return audit::PayloadMasterKeys::NewText(); }));
  MESO_RETURN_IF_ERROR(keys.Ensure(kOfferKeyFile, [] { return NewHexKey(); }));
  for (const char* service : kServices) {
    MESO_RETURN_IF_ERROR(keys.EnsureServiceToken(service, now));
  }
  return keys.TakeReport();
}

absl::StatusOr<std::string> RotateLogKey(const std::string& dir) {
  const std::string path = PathIn(dir, kLogKeyFile);
  const std::string previous_path = PathIn(dir, kPreviousLogKeyFile);
  MESO_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  MESO_ASSIGN_OR_RETURN(const auto key, audit::ParseSigningKey(text));
  if (IsThere(previous_path)) {
    MESO_ASSIGN_OR_RETURN(const std::string previous, ReadText(previous_path));
    if (previous != text) {
      return absl::FailedPreconditionError(
          absl::StrCat("the change before is not over: ", previous_path,
                       " is there. Start meso-audit without --previous_log_key_file once everybody "
                       "verifies with the new key, remove the file, then rotate again"));
    }
  }
  // The old key is safe under its new name before its old name is taken.
  MESO_RETURN_IF_ERROR(WriteDurably(previous_path, absl::StrCat(text, "\n")));
  MESO_RETURN_IF_ERROR(AddPreviousVerifier(dir, key->verifier().Encode()));
  MESO_ASSIGN_OR_RETURN(const auto made, audit::NewSigningKey(key->verifier().name));
  const std::string verifier = made->verifier().Encode();
  // The private key comes last: until it is there the key is the previous one, and the next run
  // makes both anew. The other way round a crash would leave the old public key for good.
  MESO_RETURN_IF_ERROR(WriteDurably(PathIn(dir, kLogVerifierFile), absl::StrCat(verifier, "\n")));
  MESO_RETURN_IF_ERROR(WriteDurably(path, absl::StrCat(made->Encode(), "\n")));
  return verifier;
}

absl::StatusOr<NewOrigin> MakeNewOrigin(const std::string& dir) {
  const std::string path = PathIn(dir, kLogKeyFile);
  const std::string public_path = PathIn(dir, kLogVerifierFile);
  if (IsThere(PathIn(dir, kPreviousLogKeyFile))) {
    return absl::FailedPreconditionError(
        absl::StrCat("a change of the log's key is not over: ", PathIn(dir, kPreviousLogKeyFile),
                     " is there. Move it and ", kPreviousLogVerifierFile,
                     " aside, keep both for what they have signed, then run this again"));
  }
  MESO_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  MESO_ASSIGN_OR_RETURN(const auto key, audit::ParseSigningKey(text));
  MESO_ASSIGN_OR_RETURN(const std::string public_text, ReadText(public_path));
  MESO_ASSIGN_OR_RETURN(const audit::VerifierKey verifier, audit::ParseVerifierKey(public_text));
  NewOrigin made;
  const auto aside = [&dir, &made](int number) {
    made.old_key_file = PathIn(dir, absl::StrCat("audit-log.origin-", number, ".key"));
    made.old_verifier_file = PathIn(dir, absl::StrCat("audit-log.origin-", number, ".pub"));
  };
  // A run that was interrupted has made the key and not its public half.
  if (verifier.name != key->verifier().name) {
    made.name = key->verifier().name;
    made.verifier = key->verifier().Encode();
    aside(SplitOrigin(verifier.name).second);
    MESO_RETURN_IF_ERROR(WriteDurably(public_path, absl::StrCat(made.verifier, "\n")));
    return made;
  }
  const auto [base, number] = SplitOrigin(verifier.name);
  aside(number);
  made.name = absl::StrCat(base, "/", number + 1);
  // The old key is safe under its new name before its old name is taken.
  MESO_RETURN_IF_ERROR(WriteDurably(made.old_key_file, absl::StrCat(text, "\n")));
  MESO_RETURN_IF_ERROR(WriteDurably(made.old_verifier_file, absl::StrCat(public_text, "\n")));
  MESO_ASSIGN_OR_RETURN(const auto new_key, audit::NewSigningKey(made.name));
  made.verifier = new_key->verifier().Encode();
  MESO_RETURN_IF_ERROR(WriteDurably(path, absl::StrCat(new_key->Encode(), "\n")));
  MESO_RETURN_IF_ERROR(WriteDurably(public_path, absl::StrCat(made.verifier, "\n")));
  return made;
}

absl::StatusOr<std::string> MakeWitnessKey(const std::string& name, const std::string& file) {
  const std::string public_file = file + ".pub";
  if (IsThere(file) && !IsThere(public_file)) {
    MESO_ASSIGN_OR_RETURN(const std::string text, ReadText(file));
    if (const auto made = audit::ParseCosigningKey(text);
        made.ok() && (*made)->verifier().name == name) {
      const std::string verifier = (*made)->verifier().Encode();
      MESO_RETURN_IF_ERROR(WriteDurably(public_file, absl::StrCat(verifier, "\n")));
      return verifier;
    }
  }
  for (const std::string& path : {file, public_file}) {
    if (IsThere(path)) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, " is there already, and a key is never overwritten; name another"));
    }
  }
  MESO_ASSIGN_OR_RETURN(const auto key, audit::NewCosigningKey(name));
  const std::string verifier = key->verifier().Encode();
  MESO_RETURN_IF_ERROR(WriteDurably(file, absl::StrCat(key->Encode(), "\n")));
  MESO_RETURN_IF_ERROR(WriteDurably(public_file, absl::StrCat(verifier, "\n")));
  return verifier;
}

absl::StatusOr<std::string> MakeToken(const std::string& dir, const TokenSpec& spec,
                                      absl::Time now) {
  FieldErrors errors;
  TokenRequest request;
  if (!IsNameOf("users/{code}", spec.subject)) {
    errors.Invalid("--subject", "is users/ and a code, as in users/anna");
  }
  if (spec.roles.empty()) errors.Required("--role");
  for (const std::string& role : spec.roles) AddRole(role, request.principal, errors);
  if (spec.ttl < absl::Seconds(1) || spec.ttl > kTokenTtlMax) {
    errors.Invalid("--ttl", "is from 1s to 744h (31 days)");
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  const absl::StatusOr<std::string> pem = ReadText(PathIn(dir, kTokenKeyFile));
  if (!pem.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is no signing key in ", dir.empty() ? "the keys directory" : dir,
                     "; name it with --keys, or make one with: mesoctl admin init DIR"));
  }
  request.principal.subject = spec.subject;
  request.not_before = absl::FromUnixSeconds(absl::ToUnixSeconds(now));
  request.expiry = request.not_before + absl::Trunc(spec.ttl, absl::Seconds(1));
  return SignToken(*pem, kKeyId, request);
}

}  // namespace meso::mesoctl
