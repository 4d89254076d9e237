#include "services/audit/store/audit_store.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/errors.h"
#include "services/audit/store/rows_by_id.h"

namespace meso::audit {
namespace {

int64_t Int(uint64_t value) { return static_cast<int64_t>(value); }

StoredEntry ToEntry(const Row& row) { return {static_cast<uint64_t>(row.Int(0)), row.Bytes(1)}; }

absl::StatusOr<uint64_t> NextIndex(Transaction& tx, const Sql& sql) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row, QueryOne(tx, sql, {}));
  return row ? static_cast<uint64_t>(row->Int(0)) + 1 : 0;
}

absl::StatusOr<std::string> HashesOf(Transaction& tx, const Sql& sql, uint64_t index) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row, QueryOne(tx, sql, {Int(index)}));
  if (!row) return TreeInconsistent(absl::StrCat("the tree's row ", index, " is missing"));
  return row->Bytes(0);
}

absl::StatusOr<std::string> LoadUpperRow(Transaction& tx, uint64_t index) {
  return HashesOf(tx, "SELECT hashes FROM audit_tree_upper WHERE entry_index = $1", index);
}

std::string Joined(std::vector<Hash>::const_iterator begin, std::vector<Hash>::const_iterator end) {
  std::string hashes;
  hashes.reserve(static_cast<size_t>(end - begin) * sizeof(Hash));
  for (; begin != end; ++begin) hashes.append(HashView(*begin).data(), sizeof(Hash));
  return hashes;
}

// The whole row of a leaf, of a row with the hashes kept with it and, in the next column, those
// above or null. Where they are not divided as they are written the last one is spoiled: whoever
// compares them finds a node altered, and readers of single nodes refuse them.
std::string AllHashes(const Row& row, size_t column) {
  const int length = RowLength(static_cast<uint64_t>(row.Int(0)));
  const size_t lower = static_cast<size_t>(std::min(length, kTreeRowLevels)) * sizeof(Hash);
  const size_t whole = static_cast<size_t>(length) * sizeof(Hash);
  std::string hashes = row.Bytes(column);
  const bool is_divided = hashes.size() == lower;
  if (!row.IsNull(column + 1)) hashes += row.Bytes(column + 1);
  if (!is_divided) {
    hashes.resize(whole);
    hashes.back() = static_cast<char>(~hashes.back());
  }
  return hashes;
}

// Rows of the tree as they are asked for, or ahead of that.
class TreeRows {
 public:
  explicit TreeRows(Transaction& tx) : tx_(tx) {}

  absl::Status Fetch(const std::vector<NodePlace>& nodes) {
    std::vector<uint64_t> lower;
    std::vector<uint64_t> upper;
    for (const NodePlace& node : nodes) {
      (IsUpper(node.level) ? upper : lower).push_back(RowOfNode(node.level, node.index));
    }
    MESO_RETURN_IF_ERROR(
        Fetch("SELECT entry_index, hashes FROM audit_tree WHERE entry_index", lower, false));
    return Fetch("SELECT entry_index, hashes FROM audit_tree_upper WHERE entry_index", upper, true);
  }

  absl::StatusOr<Hash> Node(int level, uint64_t index) {
    const uint64_t row_index = RowOfNode(level, index);
    const bool upper = IsUpper(level);
    auto row = rows_.find({upper, row_index});
    if (row == rows_.end()) {
      MESO_ASSIGN_OR_RETURN(std::string loaded,
                            upper ? LoadUpperRow(tx_, row_index) : LoadTreeRow(tx_, row_index));
      row = rows_.emplace(std::make_pair(upper, row_index), std::move(loaded)).first;
    }
    const size_t at = static_cast<size_t>(upper ? level - kTreeRowLevels : level) * sizeof(Hash);
    const int length = RowLength(row_index);
    const int held = upper ? length - kTreeRowLevels : std::min(length, kTreeRowLevels);
    if (row->second.size() != static_cast<size_t>(held) * sizeof(Hash)) {
      return TreeInconsistent(absl::StrCat("the tree's row ", row_index, " is of another length"));
    }
    return HashFrom(absl::string_view(row->second).substr(at, sizeof(Hash)));
  }

 private:
  static bool IsUpper(int level) { return level >= kTreeRowLevels; }

  absl::Status Fetch(absl::string_view select, std::vector<uint64_t> ids, bool upper) {
    MESO_ASSIGN_OR_RETURN(const Rows rows, RowsById(tx_, select, std::move(ids)));
    for (const Row& row : rows) {
      rows_.insert_or_assign({upper, static_cast<uint64_t>(row.Int(0))}, row.Bytes(1));
    }
    return absl::OkStatus();
  }

  Transaction& tx_;
  absl::flat_hash_map<std::pair<bool, uint64_t>, std::string> rows_;
};

}  // namespace

absl::StatusOr<uint64_t> LoadTreeSize(Transaction& tx) {
  return NextIndex(tx, "SELECT entry_index FROM audit_tree ORDER BY entry_index DESC LIMIT 1");
}

absl::StatusOr<uint64_t> LoadEntryCount(Transaction& tx) {
  return NextIndex(tx, "SELECT entry_index FROM audit_entry ORDER BY entry_index DESC LIMIT 1");
}

absl::StatusOr<std::string> LoadTreeRow(Transaction& tx, uint64_t index) {
  return HashesOf(tx, "SELECT hashes FROM audit_tree WHERE entry_index = $1", index);
}

NodeReader TreeReader(Transaction& tx) {
  return [rows = std::make_shared<TreeRows>(tx)](int level, uint64_t index) {
    return rows->Node(level, index);
  };
}

absl::StatusOr<NodeReader> TreeReader(Transaction& tx, const std::vector<NodePlace>& ahead) {
  auto rows = std::make_shared<TreeRows>(tx);
  MESO_RETURN_IF_ERROR(rows->Fetch(ahead));
  return [rows](int level, uint64_t index) { return rows->Node(level, index); };
}

absl::StatusOr<StoredSource> LoadSource(Transaction& tx, const SourcePosition& source) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT source_id, last_sequence FROM audit_source WHERE name = $1 AND epoch = $2",
               {source.name, source.epoch}));
  if (!row) return StoredSource{};
  return StoredSource{row->Int(0), static_cast<uint64_t>(row->Int(1))};
}

absl::StatusOr<int64_t> SaveSource(Transaction& tx, const StoredSource& known,
                                   const SourcePosition& last) {
  if (known.source_id != 0) {
    MESO_RETURN_IF_ERROR(
        tx.Execute("UPDATE audit_source SET last_sequence = $1 WHERE source_id = $2",
                   {Int(last.sequence), known.source_id}));
    return known.source_id;
  }
  MESO_RETURN_IF_ERROR(
      tx.Execute("INSERT INTO audit_source (name, epoch, last_sequence) VALUES ($1, $2, $3)",
                 {last.name, last.epoch, Int(last.sequence)}));
  MESO_ASSIGN_OR_RETURN(const StoredSource saved, LoadSource(tx, last));
  return saved.source_id;
}

absl::StatusOr<uint64_t> LoadSourceEntry(Transaction& tx, int64_t source_id, uint64_t sequence) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx,
                                 "SELECT entry_index FROM audit_source_entry "
                                 "WHERE source_id = $1 AND sequence = $2",
                                 {source_id, Int(sequence)}));
  if (!row) return TreeInconsistent("an entry of a source has lost its place");
  return static_cast<uint64_t>(row->Int(0));
}

absl::Status AppendEntry(Transaction& tx, const SealedEntry& entry, int64_t source_id,
                         const std::vector<Hash>& row, const std::vector<int64_t>& keys) {
  const int64_t index = Int(entry.leaf.index);
  MESO_RETURN_IF_ERROR(
      tx.Execute("INSERT INTO audit_entry (entry_index, time_ns, leaf) VALUES ($1, $2, $3)",
                 {index, entry.leaf.time_ns, Blob{entry.leaf_bytes}}));
  const auto upper = row.begin() + std::min<ptrdiff_t>(row.end() - row.begin(), kTreeRowLevels);
  MESO_RETURN_IF_ERROR(tx.Execute("INSERT INTO audit_tree (entry_index, hashes) VALUES ($1, $2)",
                                  {index, Blob{Joined(row.begin(), upper)}}));
  if (upper != row.end()) {
    MESO_RETURN_IF_ERROR(
        tx.Execute("INSERT INTO audit_tree_upper (entry_index, hashes) VALUES ($1, $2)",
                   {index, Blob{Joined(upper, row.end())}}));
  }
  const int64_t segment = index / static_cast<int64_t>(kKeySegmentSize);
  for (const int64_t key : keys) {
    MESO_RETURN_IF_ERROR(
        tx.Execute("INSERT INTO audit_key (segment, key, entry_index) VALUES ($1, $2, $3)",
                   {segment, key, index}));
  }
  return tx.Execute(
      "INSERT INTO audit_source_entry (source_id, sequence, entry_index) VALUES ($1, $2, $3)",
      {source_id, Int(entry.leaf.source.sequence), index});
}

absl::Status WidenTimeBlock(Transaction& tx, uint64_t index, int64_t time_min_ns,
                            int64_t time_max_ns) {
  return tx.Execute(
      "INSERT INTO audit_time_block (block, time_min_ns, time_max_ns) VALUES ($1, $2, $3) "
      "ON CONFLICT (block) DO UPDATE SET time_min_ns = min(time_min_ns, excluded.time_min_ns), "
      "time_max_ns = max(time_max_ns, excluded.time_max_ns)",
      {Int(index / kTimeBlockSize), time_min_ns, time_max_ns});
}

absl::StatusOr<std::optional<StoredEntry>> LoadEntry(Transaction& tx, uint64_t index) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx, "SELECT entry_index, leaf FROM audit_entry WHERE entry_index = $1",
               {Int(index)}));
  if (!row) return std::nullopt;
  return ToEntry(*row);
}

absl::StatusOr<std::vector<StoredEntry>> LoadEntries(Transaction& tx,
                                                     const std::vector<uint64_t>& indexes) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      RowsById(tx, "SELECT entry_index, leaf FROM audit_entry WHERE entry_index", indexes));
  std::vector<StoredEntry> entries;
  entries.reserve(rows.size());
  for (const Row& row : rows) entries.push_back(ToEntry(row));
  std::sort(entries.begin(), entries.end(),
            [](const StoredEntry& a, const StoredEntry& b) { return a.index < b.index; });
  return entries;
}

absl::StatusOr<std::vector<StoredEntry>> ListEntriesDown(Transaction& tx, uint64_t begin,
                                                         uint64_t end) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT entry_index, leaf FROM audit_entry "
               "WHERE entry_index >= $1 AND entry_index < $2 ORDER BY entry_index DESC",
               {Int(begin), Int(end)}));
  std::vector<StoredEntry> entries;
  entries.reserve(rows.size());
  for (const Row& row : rows) entries.push_back(ToEntry(row));
  return entries;
}

absl::StatusOr<std::vector<ExportRow>> ListExportRows(Transaction& tx, uint64_t begin,
                                                      uint64_t end) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT t.entry_index, e.leaf, t.hashes, u.hashes FROM audit_tree t "
               "LEFT JOIN audit_entry e ON e.entry_index = t.entry_index "
               "LEFT JOIN audit_tree_upper u ON u.entry_index = t.entry_index "
               "WHERE t.entry_index >= $1 AND t.entry_index < $2 ORDER BY t.entry_index",
               {Int(begin), Int(end)}));
  std::vector<ExportRow> result;
  result.reserve(rows.size());
  for (const Row& row : rows) result.push_back({ToEntry(row), AllHashes(row, 2)});
  return result;
}

absl::StatusOr<std::vector<ExportRow>> ListTreeRows(Transaction& tx, uint64_t begin, uint64_t end) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT t.entry_index, t.hashes, u.hashes FROM audit_tree t "
               "LEFT JOIN audit_tree_upper u ON u.entry_index = t.entry_index "
               "WHERE t.entry_index >= $1 AND t.entry_index < $2 ORDER BY t.entry_index",
               {Int(begin), Int(end)}));
  std::vector<ExportRow> result;
  result.reserve(rows.size());
  for (const Row& row : rows) {
    result.push_back({{static_cast<uint64_t>(row.Int(0)), ""}, AllHashes(row, 1)});
  }
  return result;
}

absl::StatusOr<std::vector<uint64_t>> ListKeySegment(Transaction& tx, uint64_t segment, int64_t key,
                                                     uint64_t before) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT entry_index FROM audit_key "
               "WHERE segment = $1 AND key = $2 AND entry_index < $3 ORDER BY entry_index DESC",
               {Int(segment), key, Int(before)}));
  std::vector<uint64_t> indexes;
  indexes.reserve(rows.size());
  for (const Row& row : rows) indexes.push_back(static_cast<uint64_t>(row.Int(0)));
  return indexes;
}

absl::StatusOr<std::vector<StoredEntry>> ListSegmentEntries(Transaction& tx, uint64_t segment,
                                                            int64_t key) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT k.entry_index, e.leaf FROM audit_key k "
                                 "LEFT JOIN audit_entry e ON e.entry_index = k.entry_index "
                                 "WHERE k.segment = $1 AND k.key = $2 ORDER BY k.entry_index",
                                 {Int(segment), key}));
  std::vector<StoredEntry> entries;
  entries.reserve(rows.size());
  for (const Row& row : rows) entries.push_back(ToEntry(row));
  return entries;
}

absl::StatusOr<std::vector<uint64_t>> ListTimeBlocks(Transaction& tx, uint64_t last_block,
                                                     int64_t begin_ns, int64_t end_ns, int limit) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT block FROM audit_time_block WHERE block <= $1 AND time_max_ns >= $2 AND "
               "time_min_ns < $3 ORDER BY block DESC LIMIT $4",
               {Int(last_block), begin_ns, end_ns, int64_t{limit}}));
  std::vector<uint64_t> blocks;
  for (const Row& row : rows) blocks.push_back(static_cast<uint64_t>(row.Int(0)));
  return blocks;
}

absl::StatusOr<std::vector<std::pair<std::string, absl::Time>>> ListLogKeyRows(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT verifier_key, first_use_us FROM audit_log_key ORDER BY first_use_us", {}));
  std::vector<std::pair<std::string, absl::Time>> keys;
  for (const Row& row : rows) keys.emplace_back(row.Text(0), row.Time(1));
  return keys;
}

absl::Status SaveLogKey(Transaction& tx, const std::string& verifier_key, absl::Time first_use) {
  return tx.Execute(
      "INSERT INTO audit_log_key (verifier_key, first_use_us) VALUES ($1, $2) "
      "ON CONFLICT (verifier_key) DO NOTHING",
      {verifier_key, TimeValue(first_use)});
}

}  // namespace meso::audit
