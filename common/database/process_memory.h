// What a process remembers from one run to the next: digests of its flags and key files, its epoch,
// whether it has ended in order.
//
// Functions over a Transaction; common/process decides what the values mean. No secret is kept.
#ifndef MESO_COMMON_DATABASE_PROCESS_MEMORY_H_
#define MESO_COMMON_DATABASE_PROCESS_MEMORY_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "common/database/database.h"

namespace meso {

// Everything remembered, by name.
absl::StatusOr<std::map<std::string, std::string>> LoadProcessMemory(Transaction& tx);
absl::Status Remember(Transaction& tx, const std::string& name, const std::string& value);
absl::Status ForgetMemory(Transaction& tx, const std::string& name);

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_PROCESS_MEMORY_H_
