#include "services/audit/store/payload_store.h"

#include <utility>

#include "common/base/status_macros.h"

namespace meso::audit {
namespace {

int64_t Int(uint64_t value) { return static_cast<int64_t>(value); }
uint64_t Number(const Row& row, size_t column) { return static_cast<uint64_t>(row.Int(column)); }

StoredKey ToKey(const Row& row) {
  return {{row.Text(0), Number(row, 1)}, row.Text(2), row.Bytes(3)};
}

absl::StatusOr<std::vector<StoredKey>> QueryKeys(Transaction& tx, const Sql& sql, Values args) {
  MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query(sql, std::move(args)));
  std::vector<StoredKey> keys;
  keys.reserve(rows.size());
  for (const Row& row : rows) keys.push_back(ToKey(row));
  return keys;
}

}  // namespace

absl::Status InsertPart(Transaction& tx, const StoredPart& part) {
  return tx.Execute(
      "INSERT INTO audit_payload_part (entry_index, part, pseudonym, generation, commitment, "
      "cipher) VALUES ($1, $2, $3, $4, $5, $6)",
      {Int(part.place.index), Int(part.place.part), part.key.pseudonym, Int(part.key.generation),
       Blob{part.commitment}, Blob{part.cipher}});
}

absl::StatusOr<std::vector<StoredPart>> ListParts(Transaction& tx, uint64_t begin, uint64_t end,
                                                  bool only_kept) {
  const Sql all =
      "SELECT entry_index, part, pseudonym, generation, commitment, cipher FROM audit_payload_part "
      "WHERE entry_index >= $1 AND entry_index < $2 ORDER BY entry_index, part";
  const Sql kept =
      "SELECT entry_index, part, pseudonym, generation, commitment, cipher FROM audit_payload_part "
      "WHERE entry_index >= $1 AND entry_index < $2 AND length(cipher) > 0 "
      "ORDER BY entry_index, part";
  MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query(only_kept ? kept : all, {Int(begin), Int(end)}));
  std::vector<StoredPart> parts;
  parts.reserve(rows.size());
  for (const Row& row : rows) {
    parts.push_back({{Number(row, 0), static_cast<uint32_t>(row.Int(1))},
                     {row.Text(2), Number(row, 3)},
                     row.Bytes(4),
                     row.Bytes(5)});
  }
  return parts;
}

absl::StatusOr<std::vector<StoredPart>> ListSegmentParts(Transaction& tx, uint64_t segment,
                                                         int64_t key) {
  MESO_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query("SELECT p.entry_index, p.part, p.pseudonym, p.generation FROM audit_key k "
               "JOIN audit_payload_part p ON p.entry_index = k.entry_index "
               "WHERE k.segment = $1 AND k.key = $2 AND length(p.cipher) > 0 "
               "ORDER BY p.entry_index, p.part",
               {Int(segment), key}));
  std::vector<StoredPart> parts;
  parts.reserve(rows.size());
  for (const Row& row : rows) {
    parts.push_back({{Number(row, 0), static_cast<uint32_t>(row.Int(1))},
                     {row.Text(2), Number(row, 3)},
                     "",
                     ""});
  }
  return parts;
}

absl::Status EmptyPart(Transaction& tx, const PartPlace& place) {
  return tx.Execute(
      "UPDATE audit_payload_part SET cipher = x'' WHERE entry_index = $1 AND part = $2",
      {Int(place.index), Int(place.part)});
}

absl::StatusOr<std::optional<StoredKey>> LoadKey(Transaction& tx, const KeyName& name) {
  MESO_ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      QueryOne(tx,
               "SELECT pseudonym, generation, master, wrapped_key FROM audit_patient_key "
               "WHERE pseudonym = $1 AND generation = $2",
               {name.pseudonym, Int(name.generation)}));
  if (!row) return std::nullopt;
  return ToKey(*row);
}

absl::StatusOr<std::vector<StoredKey>> ListKeys(Transaction& tx, const std::string& pseudonym) {
  return QueryKeys(tx,
                   "SELECT pseudonym, generation, master, wrapped_key FROM audit_patient_key "
                   "WHERE pseudonym = $1 ORDER BY generation DESC",
                   {pseudonym});
}

absl::Status InsertKey(Transaction& tx, const StoredKey& key) {
  return tx.Execute(
      "INSERT INTO audit_patient_key (pseudonym, generation, master, wrapped_key) "
      "VALUES ($1, $2, $3, $4)",
      {key.name.pseudonym, Int(key.name.generation), key.master, Blob{key.wrapped}});
}

absl::Status DestroyKeys(Transaction& tx, const KeyName& last) {
  MESO_RETURN_IF_ERROR(
      tx.Execute("UPDATE audit_patient_key SET wrapped_key = zeroblob(length(wrapped_key)) "
                 "WHERE pseudonym = $1 AND generation <= $2",
                 {last.pseudonym, Int(last.generation)}));
  return tx.Execute("DELETE FROM audit_patient_key WHERE pseudonym = $1 AND generation <= $2",
                    {last.pseudonym, Int(last.generation)});
}

absl::StatusOr<LastErasure> LoadLastErasure(Transaction& tx, const std::string& pseudonym) {
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx,
                                 "SELECT max(generation), max(erase_time_us) FROM audit_erasure "
                                 "WHERE pseudonym = $1",
                                 {pseudonym}));
  LastErasure last;
  if (!row || row->IsNull(0)) return last;
  last.generation = Number(*row, 0);
  last.time = row->Time(1);
  return last;
}

absl::StatusOr<std::vector<std::string>> ListMasters(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT DISTINCT master FROM audit_patient_key", {}));
  std::vector<std::string> masters;
  for (const Row& row : rows) masters.push_back(row.Text(0));
  return masters;
}

absl::StatusOr<std::vector<StoredKey>> ListKeysNotUnder(Transaction& tx, const std::string& master,
                                                        const KeyName& after, int limit) {
  return QueryKeys(tx,
                   "SELECT pseudonym, generation, master, wrapped_key FROM audit_patient_key "
                   "WHERE (pseudonym, generation) > ($1, $2) AND master <> $3 "
                   "ORDER BY pseudonym, generation LIMIT $4",
                   {after.pseudonym, Int(after.generation), master, int64_t{limit}});
}

absl::Status RewrapKey(Transaction& tx, const StoredKey& key) {
  return tx.Execute(
      "UPDATE audit_patient_key SET master = $1, wrapped_key = $2 "
      "WHERE pseudonym = $3 AND generation = $4",
      {key.master, Blob{key.wrapped}, key.name.pseudonym, Int(key.name.generation)});
}

absl::StatusOr<std::vector<PlainPayload>> ListPlainPayloads(Transaction& tx, int limit) {
  MESO_ASSIGN_OR_RETURN(const Rows rows,
                        tx.Query("SELECT entry_index, salt, payload FROM audit_payload "
                                 "ORDER BY entry_index LIMIT $1",
                                 {int64_t{limit}}));
  std::vector<PlainPayload> payloads;
  for (const Row& row : rows) payloads.push_back({Number(row, 0), row.Bytes(1), row.Bytes(2)});
  return payloads;
}

absl::Status DeletePlainPayload(Transaction& tx, uint64_t index) {
  MESO_RETURN_IF_ERROR(tx.Execute(
      "UPDATE audit_payload SET salt = zeroblob(length(salt)), payload = zeroblob(length(payload)) "
      "WHERE entry_index = $1",
      {Int(index)}));
  return tx.Execute("DELETE FROM audit_payload WHERE entry_index = $1", {Int(index)});
}

absl::StatusOr<bool> OverwriteDeleted(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const Rows rows, tx.Query("PRAGMA secure_delete = ON", {}));
  return !rows.empty() && rows.front().Int(0) == 1;
}

}  // namespace meso::audit
