#include "services/audit/store/search_store.h"

#include "common/base/status_macros.h"
#include "services/audit/domain/errors.h"
#include "services/audit/store/audit_store.h"

namespace meso::audit {
namespace {

int64_t Int(uint64_t value) { return static_cast<int64_t>(value); }

// Of a row with run, first_key, end_key, digest and body.
absl::StatusOr<SearchPage> ToPage(const Row& row) {
  SearchPage page{static_cast<uint64_t>(row.Int(0)), row.Int(1), {}, {}, row.Bytes(4)};
  if (!row.IsNull(2)) page.end_key = row.Int(2);
  const std::string digest = row.Bytes(3);
  if (digest.size() != sizeof(Hash)) {
    return TreeInconsistent("a digest of the search index is cut off");
  }
  page.digest = HashFrom(digest);
  return page;
}

}  // namespace

absl::StatusOr<std::vector<uint64_t>> ListSearchRuns(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const uint64_t size, LoadTreeSize(tx));
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT run FROM audit_search_page "
                                 "WHERE end_key IS NULL AND run >= 0 AND run < $1 ORDER BY run",
                                 {Int(size / kSearchRunSize)}));
  std::vector<uint64_t> runs;
  runs.reserve(rows.size());
  for (const Row& row : rows) runs.push_back(static_cast<uint64_t>(row.Int(0)));
  return runs;
}

absl::StatusOr<bool> HasForeignSearchRuns(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const uint64_t size, LoadTreeSize(tx));
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx,
                                 "SELECT run FROM audit_search_page "
                                 "WHERE end_key IS NULL AND (run < 0 OR run >= $1) LIMIT 1",
                                 {Int(size / kSearchRunSize)}));
  return row.has_value();
}

absl::StatusOr<uint64_t> CountSearchPages(Transaction& tx, uint64_t run) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT count(*) FROM audit_search_page WHERE run = $1", {Int(run)}));
  return row ? static_cast<uint64_t>(row->Int(0)) : 0;
}

absl::Status InsertSearchPage(Transaction& tx, const SearchPage& page) {
  return tx.Execute(
      "INSERT INTO audit_search_page (run, first_key, end_key, digest, body) "
      "VALUES ($1, $2, $3, $4, $5)",
      {Int(page.run), page.first_key, page.end_key ? Value(*page.end_key) : Value(),
       Blob{HashBytes(page.digest)}, Blob{page.body}});
}

absl::Status DeleteSearchRun(Transaction& tx, uint64_t run) {
  return tx.Execute("DELETE FROM audit_search_page WHERE run = $1", {Int(run)});
}

absl::StatusOr<std::optional<SearchPage>> FindSearchPage(Transaction& tx, uint64_t run,
                                                         int64_t key) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT run, first_key, end_key, digest, body FROM audit_search_page "
               "WHERE run = $1 AND first_key <= $2 ORDER BY first_key DESC LIMIT 1",
               {Int(run), key}));
  if (!row) return std::nullopt;
  MESO_ASSIGN_OR_RETURN(SearchPage page, ToPage(*row));
  return page;
}

absl::StatusOr<std::vector<SearchPage>> ListSearchPages(Transaction& tx, uint64_t run) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT run, first_key, end_key, digest, body FROM audit_search_page "
               "WHERE run = $1 ORDER BY first_key",
               {Int(run)}));
  std::vector<SearchPage> pages;
  pages.reserve(rows.size());
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(SearchPage page, ToPage(row));
    pages.push_back(std::move(page));
  }
  return pages;
}

}  // namespace meso::audit
