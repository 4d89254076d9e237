// The few forms of the protobuf wire format that the log's frozen bytes use, written out by hand.
//
// Leaves, payloads and bundle records must come out the same from every build for ever, so their
// bytes do not depend on a serializer: fields in ascending order, shortest varints, default values
// left out. The writer makes exactly that; the reader takes any valid encoding and passes over
// fields it does not know. Not thread-safe.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_WIRE_H_
#define MESO_SERVICES_AUDIT_DOMAIN_WIRE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace meso::audit {

class WireWriter {
 public:
  // Left out when 0.
  void Number(int field, uint64_t value);
  // Left out when empty.
  void Bytes(int field, absl::string_view value);
  // An element of a repeated field, or a message that is present: written also when empty.
  void Element(int field, absl::string_view value);
  void Reserve(size_t size) { out_.reserve(size); }
  std::string Take() { return std::move(out_); }

 private:
  void Varint(uint64_t value);
  std::string out_;
};

class WireReader {
 public:
  explicit WireReader(absl::string_view input) : rest_(input) {}
  // Moves to the next number or bytes field; false at the end or at malformed input (then ok() is
  // false).
  bool Next();
  int field() const { return field_; }
  // The value of a number field; a field of the other form is malformed input.
  uint64_t Number();
  absl::string_view Bytes();
  bool ok() const { return ok_; }

 private:
  bool Varint(uint64_t* value);
  absl::string_view rest_;
  int field_ = 0;
  int form_ = 0;
  uint64_t number_ = 0;
  absl::string_view bytes_;
  bool ok_ = true;
};

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_WIRE_H_
