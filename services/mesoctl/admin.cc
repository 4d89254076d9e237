#include "services/mesoctl/admin.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <iterator>

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

absl::Status FileError(absl::string_view what, const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat(what, " ", path, ": ", strerror(errno)));
}

std::string PathIn(const std::string& dir, absl::string_view file) {
  return absl::StrCat(dir, "/", file);
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

absl::Status MakeDirectory(const std::string& dir) {
  // Only the last part gets 0700; parents are made like any directory of the user.
  for (size_t slash = dir.find('/', 1); slash != std::string::npos;
       slash = dir.find('/', slash + 1)) {
    if (mkdir(dir.substr(0, slash).c_str(), 0755) != 0 && errno != EEXIST) {
      return FileError("can't make the directory", dir.substr(0, slash));
    }
  }
  if (mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return FileError("can't make the directory", dir);
  }
  struct stat info;
  if (stat(dir.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(dir, " is not a directory; name another"));
  }
  if ((info.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        dir, " can be read by others, and keys are not put there; run: chmod 700 ", dir));
  }
  return absl::OkStatus();
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
    if (Exists(path)) {
      report_.kept.emplace_back(file);
      return absl::OkStatus();
    }
    MESO_ASSIGN_OR_RETURN(const std::string content, make());
    MESO_RETURN_IF_ERROR(WriteSecret(path, absl::StrCat(content, "\n")));
    report_.created.emplace_back(file);
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Read(absl::string_view file) const {
    return ReadText(PathIn(dir_, file));
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
    MESO_RETURN_IF_ERROR(WriteSecret(PathIn(dir_, file), absl::StrCat(token, "\n")));
    report_.created.push_back(file);
    return absl::OkStatus();
  }

  InitReport TakeReport() { return std::move(report_); }

 private:
  bool IsFresh(const std::string& file, absl::Time now) const {
    if (!Exists(PathIn(dir_, file))) return false;
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

}  // namespace

absl::StatusOr<InitReport> InitKeys(const std::string& dir, const std::string& log_name,
                                    absl::Time now) {
  MESO_RETURN_IF_ERROR(MakeDirectory(dir));
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
  MESO_RETURN_IF_ERROR(keys.Ensure(kLogVerifierFile, [&keys]() -> absl::StatusOr<std::string> {
    MESO_ASSIGN_OR_RETURN(const std::string text, keys.Read(kLogKeyFile));
    MESO_ASSIGN_OR_RETURN(const auto key, audit::ParseSigningKey(text));
    return key->verifier().Encode();
  }));
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
  if (Exists(previous_path)) {
    MESO_ASSIGN_OR_RETURN(const std::string previous, ReadText(previous_path));
    if (previous != text) {
      return absl::FailedPreconditionError(
          absl::StrCat("the change before is not over: ", previous_path,
                       " is there. Start meso-audit without --previous_log_key_file once everybody "
                       "verifies with the new key, remove the file, then rotate again"));
    }
  }
  // The old key is safe under its new name before its old name is taken.
  MESO_RETURN_IF_ERROR(WriteSecret(previous_path, absl::StrCat(text, "\n")));
  MESO_RETURN_IF_ERROR(WriteSecret(PathIn(dir, kPreviousLogVerifierFile),
                                   absl::StrCat(key->verifier().Encode(), "\n")));
  MESO_ASSIGN_OR_RETURN(const auto made, audit::NewSigningKey(key->verifier().name));
  const std::string verifier = made->verifier().Encode();
  MESO_RETURN_IF_ERROR(WriteSecret(path, absl::StrCat(made->Encode(), "\n")));
  MESO_RETURN_IF_ERROR(WriteSecret(PathIn(dir, kLogVerifierFile), absl::StrCat(verifier, "\n")));
  return verifier;
}

absl::StatusOr<NewOrigin> MakeNewOrigin(const std::string& dir) {
  const std::string path = PathIn(dir, kLogKeyFile);
  const std::string public_path = PathIn(dir, kLogVerifierFile);
  if (Exists(PathIn(dir, kPreviousLogKeyFile))) {
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
    MESO_RETURN_IF_ERROR(WriteSecret(public_path, absl::StrCat(made.verifier, "\n")));
    return made;
  }
  const auto [base, number] = SplitOrigin(verifier.name);
  aside(number);
  made.name = absl::StrCat(base, "/", number + 1);
  // The old key is safe under its new name before its old name is taken.
  MESO_RETURN_IF_ERROR(WriteSecret(made.old_key_file, absl::StrCat(text, "\n")));
  MESO_RETURN_IF_ERROR(WriteSecret(made.old_verifier_file, absl::StrCat(public_text, "\n")));
  MESO_ASSIGN_OR_RETURN(const auto new_key, audit::NewSigningKey(made.name));
  made.verifier = new_key->verifier().Encode();
  MESO_RETURN_IF_ERROR(WriteSecret(path, absl::StrCat(new_key->Encode(), "\n")));
  MESO_RETURN_IF_ERROR(WriteSecret(public_path, absl::StrCat(made.verifier, "\n")));
  return made;
}

absl::StatusOr<std::string> MakeWitnessKey(const std::string& name, const std::string& file) {
  const std::string public_file = file + ".pub";
  for (const std::string& path : {file, public_file}) {
    if (Exists(path)) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, " is there already, and a key is never overwritten; name another"));
    }
  }
  MESO_ASSIGN_OR_RETURN(const auto key, audit::NewCosigningKey(name));
  const std::string verifier = key->verifier().Encode();
  MESO_RETURN_IF_ERROR(WriteSecret(file, absl::StrCat(key->Encode(), "\n")));
  MESO_RETURN_IF_ERROR(WriteSecret(public_file, absl::StrCat(verifier, "\n")));
  return verifier;
}

absl::StatusOr<std::string> MakeToken(const std::string& dir, const TokenSpec& spec,
                                      absl::Time now) {
  FieldErrors errors;
  TokenRequest request;
  if (!MatchName("users/{code}", spec.subject)) {
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

absl::Status WriteSecret(const std::string& path, absl::string_view content) {
  const std::string draft = absl::StrCat(path, ".new");
  unlink(draft.c_str());
  const int file = open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return FileError("can't write", draft);
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t wrote = write(file, content.data() + done, content.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      absl::Status status = FileError("can't write", draft);
      close(file);
      unlink(draft.c_str());
      return status;
    }
    done += static_cast<size_t>(wrote);
  }
  const bool durable = fsync(file) == 0;
  close(file);
  // The name appears with the whole content behind it, or not at all.
  if (!durable || rename(draft.c_str(), path.c_str()) != 0) return FileError("can't write", path);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return FileError("can't read", path);
  std::string content(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) return FileError("can't read", path);
  absl::StripTrailingAsciiWhitespace(&content);
  return content;
}

}  // namespace meso::mesoctl
