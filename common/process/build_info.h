// What a running process was built from: for whoever asks "which version is that?" of a server that
// misbehaves, and for the check that all four services speak the same contract.
//
// The build writes ThisBuild's facts (cmake/BuildInfo.cmake); /buildinfo of the admin port shows
// them. Nothing secret and nothing about the machine is among them. Pure; thread-safe.
#ifndef MESO_COMMON_PROCESS_BUILD_INFO_H_
#define MESO_COMMON_PROCESS_BUILD_INFO_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace meso {

struct BuildFacts {
  std::string version;        // the project's, as in "0.3.0"
  std::string revision;       // the git commit, "unknown" outside a checkout
  bool modified = false;      // files of the checkout differed from that commit
  std::string build_type;     // Release, Debug, ...
  std::string compiler;       // "GNU 12.2.0"
  std::string contract_hash;  // SHA-256 of the API's descriptors without comments, hex
  std::vector<std::pair<std::string, std::string>> libraries;  // name, version built with
};

const BuildFacts& ThisBuild();

// For --version: "0.3.0 (revision 5f1c...)"; an unknown revision is left out.
std::string VersionText(const BuildFacts& facts);

// The JSON object of /buildinfo, with a newline behind. The schema's version is the number of the
// newest migration: "shared.service".
std::string BuildInfoJson(const BuildFacts& facts, const std::string& service,
                          size_t shared_migrations, size_t service_migrations);

}  // namespace meso

#endif  // MESO_COMMON_PROCESS_BUILD_INFO_H_
