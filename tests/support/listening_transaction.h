// What an operation says to the database, heard on the way: the statements' texts and how many rows
// came back. For tests that count work or look at a statement's plan. Belongs to one thread.
#ifndef MESO_TESTS_SUPPORT_LISTENING_TRANSACTION_H_
#define MESO_TESTS_SUPPORT_LISTENING_TRANSACTION_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/database/database.h"

namespace meso {

// Passes everything on to `inner`, which outlives it.
class ListeningTransaction final : public Transaction {
 public:
  explicit ListeningTransaction(Transaction& inner) : inner_(inner) {}

  absl::StatusOr<meso::Rows> Query(const Sql& sql, Values args, Expected expected) override {
    heard_.push_back(sql.text());
    absl::StatusOr<meso::Rows> rows = inner_.Query(sql, std::move(args), std::move(expected));
    if (rows.ok()) rows_ += rows->size();
    return rows;
  }
  absl::Status Execute(const Sql& sql, Values args, Expected expected) override {
    heard_.push_back(sql.text());
    return inner_.Execute(sql, std::move(args), std::move(expected));
  }
  absl::StatusOr<std::vector<meso::Rows>> QueryAll(
      std::vector<std::pair<Sql, Values>> reads) override {
    for (const auto& [sql, args] : reads) heard_.push_back(sql.text());
    absl::StatusOr<std::vector<meso::Rows>> results = inner_.QueryAll(std::move(reads));
    if (!results.ok()) return results;
    for (const meso::Rows& rows : *results) rows_ += rows.size();
    return results;
  }
  void AfterCommit(std::function<void()> action) override { inner_.AfterCommit(std::move(action)); }

  const std::vector<std::string>& heard() const { return heard_; }
  uint64_t rows() const { return rows_; }

 private:
  Transaction& inner_;
  std::vector<std::string> heard_;
  uint64_t rows_ = 0;
};

}  // namespace meso

#endif  // MESO_TESTS_SUPPORT_LISTENING_TRANSACTION_H_
