// The settings of one service process, from flags (also `--flagfile` and environment) into one
// plain struct.
//
// Every flag has a safe default; secrets come as file paths. common_flags.cc defines the flags all
// four services share; a service's main.cc adds its own few and fills them in.
#ifndef MESO_COMMON_CONFIG_PROCESS_CONFIG_H_
#define MESO_COMMON_CONFIG_PROCESS_CONFIG_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/log.h"

namespace meso {

struct ProcessConfig {
  std::string service;           // scheduling, screening, inventory, audit
  std::string listen;            // 127.0.0.1:7103; port 0 picks a free one and prints it
  std::string admin_listen;      // 127.0.0.1:7203; port 0 as above; loopback only
  std::string admin_tls_listen;  // the same pages over HTTPS, anywhere; empty = nowhere
  std::string database;          // sqlite:DIR/inventory.db
  std::string redis;             // unix:PATH, 127.0.0.1:6379 or none
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string tls_client_ca_file;
  absl::Duration tls_refresh = absl::Minutes(1);  // how often changed TLS files are looked for
  std::string jwks_file;
  std::string service_token_file;
  std::map<std::string, std::string> peer_addresses;  // service -> address
  LogFormat log_format = LogFormat::kJson;
  absl::Duration clock_offset;
  bool reflection = true;  // loopback always; beyond only with the flag
  std::string port_file;   // written with "<port> <admin port>\n" once ready; empty = none
  absl::Duration heartbeat = absl::Minutes(1);  // between the audit entries that say "I am here"
  // Every flag of the program with its value, for telling that the configuration has changed.
  // Values hold no secrets, which come as files, but are not to be shown all the same.
  std::map<std::string, std::string> effective_flags;

  // All three TLS files are set.
  bool HasTls() const {
    return !tls_cert_file.empty() && !tls_key_file.empty() && !tls_client_ca_file.empty();
  }
};

// Reads the command line into the flags. `purpose` is what --help says of the program, `version`
// what --version does; both print to stdout and end the process with 0. Call once, first. Errors:
// INVALID_ARGUMENT, one sentence: an unknown flag (with the nearest known one), a value or a
// --flagfile that cannot be read, a word that is no flag.
absl::Status ParseFlags(int argc, char** argv, absl::string_view purpose,
                        absl::string_view version);

// Errors: INVALID_ARGUMENT with one clear sentence naming the flag.
absl::StatusOr<ProcessConfig> ConfigFromFlags(absl::string_view service, int default_port);

// The contents of a secret file without trailing newline. Errors: FAILED_PRECONDITION naming the
// file and what to do.
absl::StatusOr<std::string> ReadSecretFile(const std::string& path);

}  // namespace meso

#endif  // MESO_COMMON_CONFIG_PROCESS_CONFIG_H_
