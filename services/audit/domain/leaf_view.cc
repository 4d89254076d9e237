#include "services/audit/domain/leaf_view.h"

#include "services/audit/domain/wire.h"

namespace meso::audit {
namespace {

size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

// Of a bytes field with a number below 16.
size_t FieldSize(absl::string_view value) { return 1 + VarintSize(value.size()) + value.size(); }

bool ReadSource(absl::string_view bytes, LeafView* view) {
  WireReader in(bytes);
  while (in.Next()) {
    if (in.field() == 1) view->source = in.Bytes();
    if (in.field() == 2) view->epoch = in.Bytes();
    if (in.field() == 3) view->sequence = in.Number();
  }
  return in.ok();
}

bool ReadKey(absl::string_view bytes, KeyView* key) {
  WireReader in(bytes);
  while (in.Next()) {
    if (in.field() == 1) key->kind = in.Number();
    if (in.field() == 2) key->value = in.Bytes();
  }
  return in.ok();
}

// Strictness without writing the bytes again: fields ascend, none has its default value, and what
// the encoder needs for these values is all there is. A longer varint or an unknown field would
// make the bytes longer than that.
bool ReadPart(absl::string_view bytes, PartView* part) {
  WireReader in(bytes);
  size_t size = 0;
  for (int last = 0; in.Next(); last = in.field()) {
    if (in.field() <= last || in.field() > 3) return false;
    const absl::string_view value = in.Bytes();
    if (value.empty()) return false;
    (in.field() == 1 ? part->commitment : in.field() == 2 ? part->salt : part->payload) = value;
    size += FieldSize(value);
  }
  return in.ok() && size == bytes.size();
}

absl::string_view* BytesField(int field, EntryRecordView* view) {
  switch (field) {
    case 2:
      return &view->leaf;
    case 3:
      return &view->hashes;
    case 4:
      return &view->salt;
    case 5:
      return &view->payload;
    case 7:
      return &view->path;
    default:
      return nullptr;
  }
}

}  // namespace

bool ReadLeafView(absl::string_view bytes, LeafView* view) {
  std::vector<KeyView> keys = std::move(view->keys);
  keys.clear();
  *view = LeafView{};
  WireReader in(bytes);
  bool parts_ok = true;
  while (parts_ok && in.Next()) {
    if (in.field() == 1) view->index = in.Number();
    if (in.field() == 11) view->method = in.Bytes();
    if (in.field() == 18) view->schema_version = in.Number();
    if (in.field() == 19) parts_ok = ReadSource(in.Bytes(), view);
    if (in.field() == 20) view->commitment = in.Bytes();
    if (in.field() == 21) parts_ok = ReadKey(in.Bytes(), &keys.emplace_back());
  }
  view->keys = std::move(keys);
  return parts_ok && in.ok();
}

bool ReadEntryView(absl::string_view body, EntryRecordView* view) {
  std::vector<PartView> parts = std::move(view->parts);
  parts.clear();
  *view = EntryRecordView{};
  WireReader in(body);
  size_t size = 0;
  for (int last = 0; in.Next(); last = in.field()) {
    if (in.field() < last || (in.field() == last && last != 6)) return false;
    if (in.field() == 1) {
      view->index = in.Number();
      if (view->index == 0) return false;
      size += 1 + VarintSize(view->index);
      continue;
    }
    const absl::string_view value = in.Bytes();
    size += FieldSize(value);
    if (in.field() == 6) {
      if (!ReadPart(value, &parts.emplace_back())) return false;
      continue;
    }
    absl::string_view* bytes = BytesField(in.field(), view);
    if (bytes == nullptr || value.empty()) return false;
    *bytes = value;
  }
  view->parts = std::move(parts);
  return in.ok() && size == body.size();
}

}  // namespace meso::audit
