#include "common/auth/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace meso {
namespace {

constexpr char kUriPrefix[] = "spiffe://meso/";
constexpr char kMakeThem[] = "deploy/tls/make makes them";

template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freeing<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using Store = std::unique_ptr<X509_STORE, Freeing<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Freeing<X509_STORE_CTX_free>>;
using X509Pointer = std::unique_ptr<X509, Freeing<X509_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freeing<GENERAL_NAMES_free>>;

Bio Memory(absl::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::vector<X509Pointer> ParseAll(absl::string_view pem) {
  std::vector<X509Pointer> all;
  const Bio bio = Memory(pem);
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
    all.emplace_back(next);
  ERR_clear_error();  // the end of the text counts as an error
  return all;
}

absl::Time ToTime(const ASN1_TIME* time) {
  std::tm parts{};
  MESO_CHECK(ASN1_TIME_to_tm(time, &parts) == 1,
             "a certificate with an unreadable date was parsed");
  return absl::FromTM(parts, absl::UTCTimeZone());
}

std::string IdentityOf(X509* certificate) {
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    std::string identity =
        IdentityOfUri(absl::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                                        static_cast<size_t>(ASN1_STRING_length(uri))));
    if (!identity.empty()) return identity;
  }
  return "";
}

Certificate Describe(X509* certificate) {
  return {IdentityOf(certificate), ToTime(X509_get0_notBefore(certificate)),
          ToTime(X509_get0_notAfter(certificate))};
}

absl::Status Bad(absl::string_view file, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat("The TLS file ", file, " ", what));
}

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) {
    return Bad(path, absl::StrCat("cannot be read, or is empty; ", kMakeThem,
                                  ", and this user must be able to read it."));
  }
  return std::move(text).str();
}

absl::Status CheckDates(const std::string& file, const Certificate& certificate, absl::Time now) {
  const auto date = [](absl::Time time) {
    return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
  };
  if (now >= certificate.not_after) {
    return Bad(file, absl::StrCat("expired on ", date(certificate.not_after),
                                  "; make a new one with deploy/tls/make --renew."));
  }
  if (now < certificate.not_before) {
    return Bad(file, absl::StrCat("is good only from ", date(certificate.not_before),
                                  "; check this machine's clock."));
  }
  return absl::OkStatus();
}

absl::Status CheckChain(const TlsFiles& files, const std::vector<X509Pointer>& chain,
                        const std::vector<X509Pointer>& authorities, absl::Time now) {
  const Store store(X509_STORE_new());
  for (const X509Pointer& authority : authorities)
    X509_STORE_add_cert(store.get(), authority.get());
  STACK_OF(X509)* between = sk_X509_new_null();
  for (size_t i = 1; i < chain.size(); ++i) sk_X509_push(between, chain[i].get());
  const StoreContext context(X509_STORE_CTX_new());
  MESO_CHECK(X509_STORE_CTX_init(context.get(), store.get(), chain.front().get(), between) == 1,
             "OpenSSL cannot verify certificates");
  X509_STORE_CTX_set_time(context.get(), 0, absl::ToTimeT(now));
  const bool good = X509_verify_cert(context.get()) == 1;
  const int why = X509_STORE_CTX_get_error(context.get());
  sk_X509_free(between);
  ERR_clear_error();
  if (good) return absl::OkStatus();
  return Bad(files.cert_file,
             absl::StrCat("is not accepted by the authority in ", files.ca_file, " (",
                          X509_verify_cert_error_string(why),
                          "); use certificates and an authority of the same deploy/tls/make."));
}

absl::Status CheckKey(const TlsFiles& files, X509* certificate) {
  MESO_ASSIGN_OR_RETURN(const std::string pem, ReadPem(files.key_file));
  const Bio bio = Memory(pem);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  const bool fits = key != nullptr && X509_check_private_key(certificate, key.get()) == 1;
  ERR_clear_error();
  if (key == nullptr) {
    return Bad(files.key_file, absl::StrCat("holds no private key in PEM form; ", kMakeThem, "."));
  }
  if (fits) return absl::OkStatus();
  return Bad(files.key_file, absl::StrCat("is not the key of ", files.cert_file,
                                          "; use the pair that deploy/tls/make made."));
}

}  // namespace

std::string IdentityOfUri(absl::string_view uri) {
  if (!absl::ConsumePrefix(&uri, kUriPrefix)) return "";
  return std::string(uri);
}

absl::StatusOr<Certificate> ParseCertificate(absl::string_view pem) {
  const std::vector<X509Pointer> chain = ParseAll(pem);
  if (chain.empty()) return absl::InvalidArgumentError("there is no certificate in PEM form");
  return Describe(chain.front().get());
}

absl::Status CheckTlsFiles(const TlsFiles& files, absl::string_view identity, absl::Time now,
                           Certificate* own) {
  MESO_ASSIGN_OR_RETURN(const std::string cert_pem, ReadPem(files.cert_file));
  MESO_ASSIGN_OR_RETURN(const std::string ca_pem, ReadPem(files.ca_file));
  const std::vector<X509Pointer> chain = ParseAll(cert_pem);
  const std::vector<X509Pointer> authorities = ParseAll(ca_pem);
  for (const auto& [file, found] : {std::pair(&files.cert_file, !chain.empty()),
                                    std::pair(&files.ca_file, !authorities.empty())}) {
    if (!found)
      return Bad(*file, absl::StrCat("holds no certificate in PEM form; ", kMakeThem, "."));
  }
  MESO_RETURN_IF_ERROR(CheckKey(files, chain.front().get()));
  const Certificate certificate = Describe(chain.front().get());
  MESO_RETURN_IF_ERROR(CheckDates(files.cert_file, certificate, now));
  MESO_RETURN_IF_ERROR(CheckChain(files, chain, authorities, now));
  if (!identity.empty() && certificate.identity != identity) {
    return Bad(
        files.cert_file,
        absl::StrCat("names ",
                     certificate.identity.empty() ? "nobody of this suite" : certificate.identity,
                     ", and must name ", identity, " (", kUriPrefix, identity,
                     " among its alternative names); ", kMakeThem, "."));
  }
  if (own != nullptr) *own = certificate;
  return absl::OkStatus();
}

absl::Status CheckTokenFitsCertificate(absl::string_view certificate_identity,
                                       absl::string_view subject) {
  const bool of_service =
      absl::StartsWith(certificate_identity, "services/") || absl::StartsWith(subject, "services/");
  if (!of_service || certificate_identity == subject) return absl::OkStatus();
  const absl::string_view holder =
      certificate_identity.empty() ? absl::string_view("nobody") : certificate_identity;
  return Error(absl::StatusCode::kUnauthenticated, "CERTIFICATE_MISMATCH",
               absl::StrCat("The connection's certificate names ", holder, ", the token ", subject,
                            ". A service's token comes only with that service's certificate: use "
                            "the pair that belongs together."))
      .With("certificate", holder)
      .With("subject", subject);
}

}  // namespace meso
