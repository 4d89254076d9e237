#include "services/mesoctl/global_flags.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/mesoctl/session.h"

namespace meso::mesoctl {
namespace {

ValueKind Words(std::vector<std::string> words) {
  ValueKind kind;
  kind.of = ValueKind::Of::kWords;
  kind.words = std::move(words);
  return kind;
}

ValueKind Names(std::string noun) {
  ValueKind kind;
  kind.of = ValueKind::Of::kNames;
  kind.noun = std::move(noun);
  return kind;
}

// What is meant, and how it is printed.
std::vector<Flag> OutputFlags() {
  return {
      {.name = "output",
       .value = "FORMAT",
       .help = "How to print",
       .letter = 'o',
       .env = {"MESO_OUTPUT"},
       .fallback = "table",
       .kind = Words({"table", "json", "csv", "name"})},
      {.name = "columns",
       .value = "A,B",
       .help = "The columns of a table or CSV, in order; dots lead into fields"},
      {.name = "all", .help = "Every page, not only the first"},
      {.name = "limit", .value = "N", .help = "At most so many rows"},
      {.name = "site",
       .value = "SITE",
       .help = "The site that is meant; lists take all sites without it",
       .env = {"MESO_SITE"},
       .kind = Names("sites")},
      {.name = "dry-run",
       .help =
           "Say what would happen and change nothing (validate_only); refused by a command that "
           "can't",
       .refusal = "can't be tried without doing it",
       .reader_refusal = "only reads and changes nothing"},
      {.name = "request-id",
       .value = "UUID",
       .help = "Of a change: the same request with the same id has one effect and one answer",
       .refusal = "is no change of the suite that one id could name",
       .reader_refusal = "only reads"},
  };
}

// Who calls, and how the suite is reached.
std::vector<Flag> ConnectionFlags() {
  return {
      {.name = "context",
       .value = "NAME",
       .help = "Settings to use in place of the current context's",
       .env = {"MESO_CONTEXT"},
       .kind = Names("context")},
      {.name = "token_file",
       .value = "FILE",
       .help = "The bearer token",
       .env = {"MESO_TOKEN_FILE"},
       .kind = Files()},
      {.name = "timeout",
       .value = "DURATION",
       .help = "Deadline of a call, such as 10s; default 10s",
       .env = {"MESO_TIMEOUT"}},
      {.name = "ca_file",
       .value = "PEM",
       .help = "Whom to trust; with the next two: TLS",
       .aliases = {"tls_ca_file"},
       .env = {"MESO_CA_FILE", "MESO_TLS_CA_FILE"},
       .kind = Files()},
      {.name = "cert_file",
       .value = "PEM",
       .help = "Our certificate",
       .aliases = {"tls_cert_file"},
       .env = {"MESO_CERT_FILE", "MESO_TLS_CERT_FILE"},
       .kind = Files()},
      {.name = "key_file",
       .value = "PEM",
       .help = "Its key",
       .aliases = {"tls_key_file"},
       .env = {"MESO_KEY_FILE", "MESO_TLS_KEY_FILE"},
       .kind = Files()},
  };
}

}  // namespace

std::vector<Flag> GlobalFlags() {
  std::vector<Flag> flags = OutputFlags();
  std::vector<Flag> connection = ConnectionFlags();
  for (Flag& flag : connection) flags.push_back(std::move(flag));
  const SuiteOptions defaults;
  for (const char* service : kServiceNames) {
    flags.push_back(
        {.name = absl::StrCat(service, "_address"),
         .value = "ADDRESS",
         .help = absl::StrCat("Where the ", service, " service is: HOST:PORT or unix:PATH"),
         .env = {absl::StrCat("MESO_", absl::AsciiStrToUpper(service), "_ADDRESS")},
         .fallback = defaults.addresses.at(service)});
  }
  flags.push_back({.name = "clock_offset",
                   .value = "DURATION",
                   .help = "Added to the clock; for tests and demonstrations",
                   .env = {"MESO_CLOCK_OFFSET"},
                   .fallback = "0s"});
  return flags;
}

std::vector<Flag> AdminPortFlags() {
  std::vector<Flag> flags;
  for (const char* service : kServiceNames) {
    flags.push_back({.name = absl::StrCat(service, "_admin"),
                     .value = "HOST:PORT",
                     .help = absl::StrCat("The admin port of ", service,
                                          "; default its port + 100 on this machine"),
                     .env = {absl::StrCat("MESO_", absl::AsciiStrToUpper(service), "_ADMIN")}});
  }
  return flags;
}

ValueKind Files() {
  ValueKind kind;
  kind.of = ValueKind::Of::kFile;
  return kind;
}

Flag KeysFlag(bool required) {
  return {.name = "keys",
          .value = "DIR",
          .help = "Directory made by `admin init`",
          .env = {"MESO_KEYS"},
          .required = required,
          .kind = Files()};
}

Flag LogKeyFlag(bool required) {
  return {.name = "key",
          .value = "KEY",
          .help = "The log's public key (audit-log.pub), or a file that holds it",
          .aliases = {"log_key"},
          .env = {"MESO_LOG_KEY"},
          .required = required,
          .kind = Files()};
}

}  // namespace meso::mesoctl
