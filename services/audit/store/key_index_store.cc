#include "services/audit/store/key_index_store.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/errors.h"
#include "services/audit/domain/varint.h"
#include "services/audit/store/rows_by_id.h"

namespace meso::audit {
namespace {

constexpr int kPageBits = 32;
constexpr int kPostingsPerStep = 8;
constexpr size_t kRunSize = 3 * 8 + sizeof(Hash);

int64_t Int(uint64_t value) { return static_cast<int64_t>(value); }
uint64_t Unsigned(int64_t value) { return static_cast<uint64_t>(value); }

int64_t PageId(int64_t run_id, uint64_t number) { return (run_id << kPageBits) + Int(number); }

// Of a row with run_id, begin_index, end_index, keys and root.
StoredRun ToRun(const Row& row) {
  return {
      row.Int(0),
      {Unsigned(row.Int(1)), Unsigned(row.Int(2)), Unsigned(row.Int(3)), HashFrom(row.Bytes(4))}};
}

StoredPage ToPage(const Row& row) {
  return {Unsigned(row.Int(0)) & ((uint64_t{1} << kPageBits) - 1), row.Bytes(1)};
}

absl::Status Missing(absl::string_view what) {
  return TreeInconsistent(absl::StrCat("a part of its key index is missing, ", what));
}

absl::StatusOr<SignedRuns> ToSignedRuns(const Row& row) {
  SignedRuns signed_runs{Unsigned(row.Int(0)), {}};
  const absl::string_view bytes = row.Bytes(1);
  if (bytes.size() % kRunSize != 0) return Missing("the list of its runs");
  for (size_t at = 0; at < bytes.size(); at += kRunSize) {
    signed_runs.runs.push_back({BigEndian64(bytes.substr(at)), BigEndian64(bytes.substr(at + 8)),
                                BigEndian64(bytes.substr(at + 16)),
                                HashFrom(bytes.substr(at + 24, sizeof(Hash)))});
  }
  return signed_runs;
}

}  // namespace

absl::StatusOr<std::vector<LeafRow>> ListLeafRows(Transaction& tx, uint64_t begin, uint64_t end) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT t.entry_index, e.leaf, substr(t.hashes, 1, 32) FROM audit_tree t "
               "LEFT JOIN audit_entry e ON e.entry_index = t.entry_index "
               "WHERE t.entry_index >= $1 AND t.entry_index < $2 ORDER BY t.entry_index",
               {Int(begin), Int(end)}));
  std::vector<LeafRow> leaves;
  leaves.reserve(rows.size());
  for (const Row& row : rows) {
    if (row.Bytes(2).size() != sizeof(Hash))
      return TreeInconsistent("a row of the tree is too short");
    leaves.push_back({Unsigned(row.Int(0)), row.Bytes(1), HashFrom(row.Bytes(2))});
  }
  return leaves;
}

absl::StatusOr<std::vector<StoredRun>> ListRuns(Transaction& tx, RunState state) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT run_id, begin_index, end_index, keys, root FROM audit_index_run "
               "WHERE state = $1 ORDER BY begin_index, end_index DESC",
               {static_cast<int64_t>(state)}));
  std::vector<StoredRun> runs;
  runs.reserve(rows.size());
  for (const Row& row : rows) runs.push_back(ToRun(row));
  return runs;
}

absl::StatusOr<std::optional<StoredRun>> FindRun(Transaction& tx, uint64_t begin, uint64_t end) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT run_id, begin_index, end_index, keys, root FROM audit_index_run "
               "WHERE state = 1 AND begin_index = $1 AND end_index = $2 "
               "ORDER BY run_id DESC LIMIT 1",
               {Int(begin), Int(end)}));
  if (!row) return std::nullopt;
  return ToRun(*row);
}

absl::StatusOr<int64_t> InsertRun(Transaction& tx, uint64_t begin, uint64_t end) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> newest,
      QueryOne(tx, "SELECT run_id FROM audit_index_run ORDER BY run_id DESC LIMIT 1", {}));
  const int64_t run_id = newest ? newest->Int(0) + 1 : 1;
  MESO_RETURN_IF_ERROR(
      tx.Execute("INSERT INTO audit_index_run (run_id, state, begin_index, end_index, keys, root) "
                 "VALUES ($1, 0, $2, $3, 0, $4)",
                 {run_id, Int(begin), Int(end), Blob{HashBytes(EmptyRoot())}}));
  return run_id;
}

absl::Status PublishRun(Transaction& tx, int64_t run_id, const IndexRun& run) {
  return tx.Execute(
      "UPDATE audit_index_run SET state = 1, keys = $1, root = $2 WHERE run_id = $3 AND state = 0",
      {Int(run.keys), Blob{HashBytes(run.root)}, run_id},
      Expected::Rows(1, [] { return Missing("a run that was being built"); }));
}

absl::Status RetireRun(Transaction& tx, int64_t run_id) {
  return tx.Execute("UPDATE audit_index_run SET state = 2 WHERE run_id = $1", {run_id});
}

absl::StatusOr<bool> DeleteRunStep(Transaction& tx, int64_t run_id, int pages) {
  MESO_ASSIGN_OR_RETURN(
      const Rows page_rows,
      tx.Query("SELECT page_id FROM audit_index_page WHERE page_id >= $1 AND page_id < $2 "
               "ORDER BY page_id LIMIT $3",
               {PageId(run_id, 0), PageId(run_id + 1, 0), int64_t{pages}}));
  if (!page_rows.empty()) {
    MESO_RETURN_IF_ERROR(
        tx.Execute("DELETE FROM audit_index_page WHERE page_id >= $1 AND page_id <= $2",
                   {page_rows.front().Int(0), page_rows.back().Int(0)}));
  }
  MESO_ASSIGN_OR_RETURN(
      const Rows postings_rows,
      tx.Query("SELECT place FROM audit_index_postings WHERE run_id = $1 ORDER BY place LIMIT $2",
               {run_id, int64_t{kPostingsPerStep}}));
  if (!postings_rows.empty()) {
    MESO_RETURN_IF_ERROR(
        tx.Execute("DELETE FROM audit_index_postings WHERE run_id = $1 AND place <= $2",
                   {run_id, postings_rows.back().Int(0)}));
  }
  if (!page_rows.empty() || !postings_rows.empty()) return false;
  MESO_RETURN_IF_ERROR(tx.Execute("DELETE FROM audit_index_run WHERE run_id = $1", {run_id}));
  return true;
}

absl::Status InsertPage(Transaction& tx, int64_t run_id, const IndexPage& page) {
  MESO_RETURN_IF_ERROR(
      tx.Execute("INSERT INTO audit_index_page (page_id, run_id, first_key, hashes, body) "
                 "VALUES ($1, $2, $3, $4, $5)",
                 {PageId(run_id, page.number), run_id, Blob{HashBytes(page.first_key)},
                  Blob{page.hashes}, Blob{page.body}}));
  for (const IndexPage::Apart& apart : page.apart) {
    MESO_RETURN_IF_ERROR(
        tx.Execute("INSERT INTO audit_index_postings (run_id, place, postings) VALUES ($1, $2, $3)",
                   {run_id, Int(apart.place), Blob{apart.postings}}));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<StoredPage>> FindPage(Transaction& tx, int64_t run_id,
                                                   const Hash& key) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT page_id, body FROM audit_index_page WHERE run_id = $1 AND first_key <= $2 "
               "ORDER BY first_key DESC LIMIT 1",
               {run_id, Blob{HashBytes(key)}}));
  if (!row) return std::nullopt;
  return ToPage(*row);
}

absl::StatusOr<StoredPage> LoadPage(Transaction& tx, int64_t run_id, uint64_t number) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT page_id, body FROM audit_index_page WHERE page_id = $1",
               {PageId(run_id, number)}));
  if (!row) return Missing("a page");
  return ToPage(*row);
}

absl::StatusOr<std::vector<StoredPage>> ListPages(Transaction& tx, int64_t run_id, uint64_t number,
                                                  int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT page_id, body FROM audit_index_page WHERE page_id >= $1 AND page_id < $2 "
               "ORDER BY page_id LIMIT $3",
               {PageId(run_id, number), PageId(run_id + 1, 0), int64_t{limit}}));
  std::vector<StoredPage> pages;
  pages.reserve(rows.size());
  for (const Row& row : rows) pages.push_back(ToPage(row));
  return pages;
}

absl::StatusOr<std::string> LoadPostings(Transaction& tx, int64_t run_id, uint64_t place) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT postings FROM audit_index_postings WHERE run_id = $1 AND place = $2",
               {run_id, Int(place)}));
  if (!row) return Missing("the entries of a key");
  return row->Bytes(0);
}

absl::StatusOr<NodeReader> PageTreeReader(Transaction& tx, int64_t run_id,
                                          const std::vector<NodePlace>& nodes) {
  std::vector<uint64_t> ids;
  ids.reserve(nodes.size());
  for (const NodePlace& node : nodes) {
    ids.push_back(Unsigned(PageId(run_id, RowOfNode(node.level, node.index))));
  }
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      RowsById(tx, "SELECT page_id, hashes FROM audit_index_page WHERE page_id", std::move(ids)));
  auto pages = std::make_shared<absl::flat_hash_map<int64_t, std::string>>();
  for (const Row& row : rows) pages->insert_or_assign(row.Int(0), row.Bytes(1));
  return [pages, run_id](int level, uint64_t index) -> absl::StatusOr<Hash> {
    const auto page = pages->find(PageId(run_id, RowOfNode(level, index)));
    const size_t at = static_cast<size_t>(level) * sizeof(Hash);
    if (page == pages->end() || page->second.size() < at + sizeof(Hash)) return Missing("a node");
    return HashFrom(absl::string_view(page->second).substr(at, sizeof(Hash)));
  };
}

absl::Status SaveSignedRuns(Transaction& tx, uint64_t tree_size,
                            const std::vector<IndexRun>& runs) {
  std::string bytes;
  bytes.reserve(runs.size() * kRunSize);
  for (const IndexRun& run : runs) {
    AppendBigEndian64(run.begin, &bytes);
    AppendBigEndian64(run.end, &bytes);
    AppendBigEndian64(run.keys, &bytes);
    bytes.append(HashView(run.root).data(), run.root.size());
  }
  return tx.Execute("INSERT INTO audit_index_root (tree_size, runs) VALUES ($1, $2)",
                    {Int(tree_size), Blob{std::move(bytes)}});
}

absl::Status KeepSignedRuns(Transaction& tx, const std::vector<uint64_t>& tree_sizes) {
  MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query("SELECT tree_size FROM audit_index_root", {}));
  for (const Row& row : rows) {
    const uint64_t size = Unsigned(row.Int(0));
    if (std::find(tree_sizes.begin(), tree_sizes.end(), size) != tree_sizes.end()) continue;
    MESO_RETURN_IF_ERROR(
        tx.Execute("DELETE FROM audit_index_root WHERE tree_size = $1", {Int(size)}));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SignedRuns>> ListSignedRuns(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT tree_size, runs FROM audit_index_root ORDER BY tree_size DESC", {}));
  std::vector<SignedRuns> lists;
  for (const Row& row : rows) {
    MESO_ASSIGN_OR_RETURN(SignedRuns list, ToSignedRuns(row));
    lists.push_back(std::move(list));
  }
  return lists;
}

absl::StatusOr<std::optional<SignedRuns>> LoadSignedRuns(Transaction& tx, uint64_t tree_size) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT tree_size, runs FROM audit_index_root WHERE tree_size = $1",
               {Int(tree_size)}));
  if (!row) return std::nullopt;
  return ToSignedRuns(*row);
}

absl::StatusOr<std::optional<uint64_t>> FindCosignedSize(Transaction& tx, int cosignatures) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT tree_size FROM audit_index_root AS root WHERE (SELECT COUNT(*) FROM "
               "audit_cosignature WHERE tree_size = root.tree_size) >= $1 "
               "ORDER BY tree_size DESC LIMIT 1",
               {int64_t{cosignatures}}));
  if (!row) return std::nullopt;
  return Unsigned(row->Int(0));
}

}  // namespace meso::audit
