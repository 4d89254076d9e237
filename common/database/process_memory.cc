#include "common/database/process_memory.h"

#include "common/base/status_macros.h"

namespace meso {

absl::StatusOr<std::map<std::string, std::string>> LoadProcessMemory(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT name, value FROM meso_process_memory", {}));
  std::map<std::string, std::string> memory;
  for (const Row& row : rows) memory[row.Text(0)] = row.Bytes(1);
  return memory;
}

absl::Status Remember(Transaction& tx, const std::string& name, const std::string& value) {
  return tx.Execute("INSERT OR REPLACE INTO meso_process_memory (name, value) VALUES ($1, $2)",
                    {name, Blob{value}});
}

absl::Status ForgetMemory(Transaction& tx, const std::string& name) {
  return tx.Execute("DELETE FROM meso_process_memory WHERE name = $1", {name});
}

}  // namespace meso
