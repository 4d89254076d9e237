#include "tests/support/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/clock.h"
#include "tests/support/test_keys.h"

namespace meso {
namespace {

EVP_PKEY* NewKey() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  MESO_CHECK(key != nullptr, "no key");
  return key;
}

void AddExtension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  MESO_CHECK(extension != nullptr, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Signed by its own key when `issuer` is null.
X509* NewCertificate(const std::string& name, EVP_PKEY* key, absl::Time begin, absl::Time end,
                     X509* issuer, EVP_PKEY* issuer_key, const std::string& names) {
  static int serial = 0;
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  ASN1_TIME_set(X509_getm_notBefore(certificate), absl::ToTimeT(begin));
  ASN1_TIME_set(X509_getm_notAfter(certificate), absl::ToTimeT(end));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* signer = issuer != nullptr ? issuer : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  X509_set_pubkey(certificate, key);
  AddExtension(certificate, signer, NID_basic_constraints,
               issuer == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!names.empty()) AddExtension(certificate, signer, NID_subject_alt_name, names);
  MESO_CHECK(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "signing failed");
  return certificate;
}

template <typename Write>
void WritePem(const std::string& path, Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  MESO_CHECK(write(bio) == 1, path.c_str());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  WriteTestFile(path, std::string(data, static_cast<size_t>(size)));
  BIO_free(bio);
}

void WriteCertificate(const std::string& path, X509* certificate) {
  WritePem(path, [&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

}  // namespace

TestAuthority::TestAuthority() : key_(NewKey()) {
  const absl::Time now = SystemClock().Now();
  certificate_ =
      NewCertificate(absl::StrCat("authority of ", dir_.path()), key_, now - absl::Hours(24 * 30),
                     now + absl::Hours(24 * 30), nullptr, key_, "");
  WriteCertificate(ca_file(), certificate_);
}

TestAuthority::~TestAuthority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

TlsFiles TestAuthority::Issue(const std::string& file, const std::string& identity,
                              absl::Duration begin, absl::Duration end) {
  const TlsFiles files = {absl::StrCat(dir_.path(), "/", file, ".pem"),
                          absl::StrCat(dir_.path(), "/", file, ".key"), ca_file()};
  const absl::Time now = SystemClock().Now();
  std::string names = "DNS:localhost,IP:127.0.0.1";
  if (!identity.empty()) absl::StrAppend(&names, ",URI:spiffe://meso/", identity);
  EVP_PKEY* key = NewKey();
  X509* certificate = NewCertificate(file, key, now + begin, now + end, certificate_, key_, names);
  WriteCertificate(files.cert_file, certificate);
  WritePem(files.key_file, [&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

void ReplaceTlsFiles(const TlsFiles& from, const TlsFiles& to) {
  for (const auto& [source, target] :
       {std::pair(&from.key_file, &to.key_file), std::pair(&from.cert_file, &to.cert_file),
        std::pair(&from.ca_file, &to.ca_file)}) {
    const std::string draft = *target + ".new";
    std::filesystem::copy_file(*source, draft, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::rename(draft, *target);
  }
}

}  // namespace meso
