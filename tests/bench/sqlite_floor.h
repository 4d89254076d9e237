// The raw limit beside every measured rate: what the services did with their databases, replayed
// straight on SQLite with the same settings (WAL, synchronous=FULL, prepared statements), one
// transaction per commit or in groups; or the rows that were written, written again.
#ifndef MESO_TESTS_BENCH_SQLITE_FLOOR_H_
#define MESO_TESTS_BENCH_SQLITE_FLOOR_H_

#include <map>
#include <string>
#include <vector>

#include "tests/bench/recorded_work.h"
#include "tests/bench/report.h"
#include "tests/support/suite.h"

namespace meso {

// Records a run of a suite's services, then replays it. The suite's services must have been started
// once, so that their databases exist.
class FloorRecording {
 public:
  // Stops the services, keeps copies of their databases and starts them again with the recorder.
  FloorRecording(Suite& suite, std::vector<std::string> services);

  // Stops the services and replays what they did: a call's time is the sum of the time its
  // transactions take in each service. `calls` is how many were made since the constructor. With
  // `explain` the statements that take longest are printed for each service.
  std::map<std::string, Floor> Replay(int calls, bool explain = false);

 private:
  std::string Copy(const std::string& service) const;
  std::string Recording(const std::string& service) const;

  Suite& suite_;
  const std::vector<std::string> services_;
};

// The floor of calls that need every one of these: the rates' reciprocals summed up.
Floor SumOf(const std::map<std::string, Floor>& floors);

// What a table of a closed database holds, ready to be written into another one.
struct TableRows {
  std::string insert;
  std::vector<std::vector<RecordedValue>> rows;
};
TableRows ReadTable(const std::string& file, const std::string& table);

// Seconds that the rows take in one transaction, by a prepared statement for each table.
double InsertSeconds(const std::string& file, const std::vector<TableRows>& tables);
// Seconds that one statement without parameters takes to answer with all its rows.
double QuerySeconds(const std::string& file, const std::string& sql);

// Copies a closed database file.
void CopyDatabase(const std::string& from, const std::string& to);

}  // namespace meso

#endif  // MESO_TESTS_BENCH_SQLITE_FLOOR_H_
