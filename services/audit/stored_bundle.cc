#include "services/audit/stored_bundle.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/base/status_macros.h"
#include "services/audit/audit_operations.h"
#include "services/audit/domain/errors.h"
#include "services/audit/export_operations.h"
#include "services/audit/store/audit_store.h"

namespace meso::audit {

absl::Status StoredBundle::Open(absl::Time time) {
  return database_.Read(
      [this, time](Transaction& tx) {
        writer_.emplace();
        return ReadHead(tx, time);
      },
      deadline_);
}

absl::Status StoredBundle::ReadHead(Transaction& tx, absl::Time time) {
  BundleHeader header;
  header.time_ns = absl::ToUnixNanos(time);
  header.payloads = true;
  MESO_ASSIGN_OR_RETURN(newest_, WriteBundleHead(tx, std::move(header), 0, &*writer_));
  MESO_ASSIGN_OR_RETURN(const auto rows, ListLogKeyRows(tx));
  keys_.clear();
  for (const auto& [text, first_use] : rows) {
    MESO_ASSIGN_OR_RETURN(VerifierKey key, ParseVerifierKey(text));
    keys_.push_back(std::move(key));
  }
  return absl::OkStatus();
}

absl::Status StoredBundle::ReadStep(Transaction& tx, uint64_t end) {
  step_.clear();
  MESO_ASSIGN_OR_RETURN(std::vector<ExportRow> rows, ListExportRows(tx, next_, end));
  PayloadReader payloads(tx, vault_, PayloadReader::Damage::kShow);
  MESO_ASSIGN_OR_RETURN(auto parts, payloads.ReadRange(next_, end));
  for (ExportRow& row : rows) {
    const uint64_t index = row.entry.index;
    BundleEntry entry{index, std::move(row.entry.leaf), std::move(row.hashes)};
    const absl::StatusOr<Leaf> leaf = DecodeLeaf(entry.leaf, index);
    PutPayload(std::move(parts[index]), leaf.ok() ? leaf->schema_version : 0, &entry);
    step_.push_back(std::move(entry));
  }
  return absl::OkStatus();
}

// Fills the writer with what comes next.
void StoredBundle::Advance() {
  if (cancelled_()) {
    status_ = absl::CancelledError("the caller has gone");
  } else if (next_ == newest_.size) {
    writer_->End();
    ended_ = true;
  } else {
    const uint64_t end = std::min(next_ + kExportStep, newest_.size);
    status_ = database_.Read([this, end](Transaction& tx) { return ReadStep(tx, end); }, deadline_);
    if (!status_.ok()) return;
    for (const BundleEntry& entry : step_) writer_->AddEntry(entry);
    next_ = end;
  }
}

StoredBundle::int_type StoredBundle::underflow() {
  if (gptr() < egptr()) return traits_type::to_int_type(*gptr());
  while (writer_->size() == 0 && !ended_ && status_.ok()) Advance();
  if (!status_.ok() || writer_->size() == 0) return traits_type::eof();
  bytes_ = writer_->Take();
  setg(bytes_.data(), bytes_.data(), bytes_.data() + bytes_.size());
  return traits_type::to_int_type(*gptr());
}

}  // namespace meso::audit
