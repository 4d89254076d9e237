#include "services/audit/domain/checkpoint.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "services/audit/domain/errors.h"

namespace meso::audit {
namespace {

constexpr size_t kNoteSizeMax = 64 * 1024;
constexpr size_t kSignatureLinesMax = 100;
constexpr size_t kKeyHashSize = 4;
constexpr size_t kTimeSize = 8;
constexpr size_t kSignatureSize = 64;
constexpr absl::string_view kSignaturePrefix = "\xE2\x80\x94 ";  // em dash, space
constexpr absl::string_view kIndexPrefix = "meso-index 1 ";
constexpr absl::string_view kOpeningPrefix = "meso-opening 1 ";

uint64_t BigEndian(absl::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

std::string ToBigEndian(uint64_t value, size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = size; i > 0; --i, value >>= 8) bytes[i - 1] = static_cast<char>(value & 0xff);
  return bytes;
}

// Base64 in its one spelling: absl's decoder forgives missing padding and white space.
bool StrictBase64(absl::string_view text, std::string* bytes) {
  return absl::Base64Unescape(text, bytes) && absl::Base64Escape(*bytes) == text;
}

bool StrictHash(absl::string_view text, Hash* hash) {
  std::string bytes;
  if (!StrictBase64(text, &bytes) || bytes.size() != sizeof(Hash)) return false;
  *hash = HashFrom(bytes);
  return true;
}

// The signed text with its last newline, and the signature lines behind the empty line.
struct NoteParts {
  absl::string_view text;
  std::vector<absl::string_view> signatures;
};
absl::StatusOr<NoteParts> SplitNote(absl::string_view note) {
  if (note.size() > kNoteSizeMax) return CheckpointBroken("it is too long");
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\n') || c == '\x7f';
  };
  if (std::any_of(note.begin(), note.end(), is_control)) {
    return CheckpointBroken("it holds control characters");
  }
  const size_t gap = note.rfind("\n\n");
  if (gap == absl::string_view::npos) return CheckpointBroken("it has no signature block");
  NoteParts parts;
  parts.text = note.substr(0, gap + 1);
  absl::string_view block = note.substr(gap + 2);
  if (block.empty() || !absl::ConsumeSuffix(&block, "\n")) {
    return CheckpointBroken("the signature block is cut");
  }
  parts.signatures = absl::StrSplit(block, '\n');
  if (parts.signatures.size() > kSignatureLinesMax) return CheckpointBroken("too many signatures");
  return parts;
}

// A number in its one spelling.
bool StrictNumber(absl::string_view text, uint64_t* number) {
  return absl::SimpleAtoi(text, number) && absl::StrCat(*number) == text;
}

// What an extension line says, if it is known here; others are signed over and otherwise ignored.
absl::Status TakeExtension(absl::string_view line, Checkpoint* checkpoint) {
  if (line.empty()) return CheckpointBroken("an extension line is empty");
  if (absl::ConsumePrefix(&line, kOpeningPrefix)) {
    uint64_t opening = 0;
    if (!StrictNumber(line, &opening) || opening >= checkpoint->size) {
      return CheckpointBroken("the opening of its origin is not one of its entries");
    }
    if (checkpoint->opening) return CheckpointBroken("it has two openings");
    checkpoint->opening = opening;
  }
  if (!absl::ConsumePrefix(&line, kIndexPrefix)) return absl::OkStatus();
  Hash index_root;
  if (!StrictHash(line, &index_root)) {
    return CheckpointBroken("the index root is not 32 bytes in base64");
  }
  if (checkpoint->index_root) return CheckpointBroken("it has two index roots");
  checkpoint->index_root = index_root;
  return absl::OkStatus();
}

absl::StatusOr<Checkpoint> ParseText(absl::string_view text) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  // origin, size, root, [extension lines,] and the empty piece behind the last newline
  if (lines.size() < 4 || lines[0].empty()) return CheckpointBroken("it has fewer than 3 lines");
  Checkpoint checkpoint;
  checkpoint.origin = std::string(lines[0]);
  if (!StrictNumber(lines[1], &checkpoint.size)) {
    return CheckpointBroken("the size is not a number");
  }
  if (!StrictHash(lines[2], &checkpoint.root)) {
    return CheckpointBroken("the root is not 32 bytes in base64");
  }
  for (size_t i = 3; i + 1 < lines.size(); ++i) {
    MESO_RETURN_IF_ERROR(TakeExtension(lines[i], &checkpoint));
  }
  return checkpoint;
}

struct SignatureLine {
  absl::string_view name;
  uint32_t key_hash = 0;
  std::string signature;  // what follows the key's hash

  bool IsBy(const VerifierKey& key) const { return key.name == name && key.hash == key_hash; }
};
absl::StatusOr<SignatureLine> ParseSignatureLine(absl::string_view line) {
  absl::string_view rest = line;
  const bool prefixed = absl::ConsumePrefix(&rest, kSignaturePrefix);
  const std::vector<absl::string_view> words = absl::StrSplit(rest, ' ');
  std::string bytes;
  if (!prefixed || words.size() != 2 || !IsKeyName(words[0]) || !StrictBase64(words[1], &bytes) ||
      bytes.size() <= kKeyHashSize) {
    return CheckpointBroken("a signature line is malformed");
  }
  return SignatureLine{words[0], static_cast<uint32_t>(BigEndian(bytes.substr(0, kKeyHashSize))),
                       bytes.substr(kKeyHashSize)};
}

std::string SignatureLineOf(const VerifierKey& key, absl::string_view signature) {
  return absl::StrCat(
      kSignaturePrefix, key.name, " ",
      absl::Base64Escape(absl::StrCat(ToBigEndian(key.hash, kKeyHashSize), signature)));
}

std::string CosignedText(uint64_t seconds, absl::string_view text) {
  return absl::StrCat("cosignature/v1\ntime ", seconds, "\n", text);
}

absl::Status DoesNotHold(const VerifierKey& key) {
  return CheckpointBroken(absl::StrCat("the signature by ", key.name, " does not hold"));
}

absl::StatusOr<Cosignature> CheckCosigned(absl::string_view text, const SignatureLine& line,
                                          const VerifierKey& key) {
  if (line.signature.size() != kTimeSize + kSignatureSize) return DoesNotHold(key);
  const absl::string_view bytes = line.signature;
  const uint64_t seconds = BigEndian(bytes.substr(0, kTimeSize));
  if (!key.Holds(CosignedText(seconds, text), bytes.substr(kTimeSize))) return DoesNotHold(key);
  // A time beyond what absl::Time tells apart from others is nobody's clock.
  if (seconds > uint64_t{1} << 40) return CheckpointBroken("a cosignature's time is out of range");
  return Cosignature{key.name, absl::FromUnixSeconds(static_cast<int64_t>(seconds))};
}

}  // namespace

std::string SignCheckpoint(uint64_t size, const Hash& root, const SigningKey& key) {
  return SignCheckpoint(size, root, std::nullopt, key);
}

std::string SignCheckpoint(uint64_t size, const Hash& root, const std::optional<Hash>& index_root,
                           const SigningKey& key) {
  return SignCheckpoint(Checkpoint{"", size, root, index_root, std::nullopt}, key);
}

std::string SignCheckpoint(const Checkpoint& checkpoint, const SigningKey& key) {
  std::string text = absl::StrCat(key.verifier().name, "\n", checkpoint.size, "\n",
                                  absl::Base64Escape(HashView(checkpoint.root)), "\n");
  if (checkpoint.index_root) {
    absl::StrAppend(&text, kIndexPrefix, absl::Base64Escape(HashView(*checkpoint.index_root)),
                    "\n");
  }
  if (checkpoint.opening) absl::StrAppend(&text, kOpeningPrefix, *checkpoint.opening, "\n");
  return absl::StrCat(text, "\n", SignatureLineOf(key.verifier(), key.Sign(text)), "\n");
}

std::string AddSignature(absl::string_view note, const SigningKey& key) {
  const absl::StatusOr<NoteParts> parts = SplitNote(note);
  MESO_CHECK(parts.ok(), "only a well-formed note gets one more signature");
  return AddSignatureLine(note, SignatureLineOf(key.verifier(), key.Sign(parts->text)));
}

absl::StatusOr<std::string> Cosign(absl::string_view note, const CosigningKey& key,
                                   absl::Time time) {
  MESO_ASSIGN_OR_RETURN(const NoteParts parts, SplitNote(note));
  MESO_RETURN_IF_ERROR(ParseText(parts.text).status());
  const uint64_t seconds = static_cast<uint64_t>(std::max<int64_t>(absl::ToUnixSeconds(time), 0));
  return SignatureLineOf(key.verifier(), absl::StrCat(ToBigEndian(seconds, kTimeSize),
                                                      key.Sign(CosignedText(seconds, parts.text))));
}

std::string AddSignatureLine(absl::string_view note, absl::string_view line) {
  return absl::StrCat(note, line, "\n");
}

absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view note) {
  MESO_ASSIGN_OR_RETURN(const NoteParts parts, SplitNote(note));
  return ParseText(parts.text);
}

std::set<std::string> CosignerNames(absl::string_view note) {
  std::set<std::string> names;
  const absl::StatusOr<NoteParts> parts = SplitNote(note);
  if (!parts.ok()) return names;
  for (const absl::string_view text : parts->signatures) {
    const absl::StatusOr<SignatureLine> line = ParseSignatureLine(text);
    if (line.ok()) names.insert(std::string(line->name));
  }
  names.erase(std::string(parts->text.substr(0, parts->text.find('\n'))));
  return names;
}

absl::StatusOr<Checkpoint> OpenCheckpoint(absl::string_view note,
                                          const std::vector<VerifierKey>& keys) {
  MESO_ASSIGN_OR_RETURN(CosignedCheckpoint opened, OpenCosigned(note, keys, {}));
  return std::move(opened.checkpoint);
}

absl::StatusOr<CosignedCheckpoint> OpenCosigned(absl::string_view note,
                                                const std::vector<VerifierKey>& keys,
                                                const std::vector<VerifierKey>& witnesses) {
  MESO_ASSIGN_OR_RETURN(const NoteParts parts, SplitNote(note));
  CosignedCheckpoint opened;
  const absl::string_view origin = parts.text.substr(0, parts.text.find('\n'));
  bool by_known = false;
  bool by_own = false;
  std::set<std::string> seen;
  for (const absl::string_view text : parts.signatures) {
    MESO_ASSIGN_OR_RETURN(const SignatureLine line, ParseSignatureLine(text));
    for (const VerifierKey& key : keys) {
      if (key.kind != SignerKind::kLog || !line.IsBy(key)) continue;
      if (!key.Holds(parts.text, line.signature)) return DoesNotHold(key);
      by_known = true;
      // The key of one origin says nothing about another: a log's old key can't speak for the
      // origin that was opened after it.
      by_own |= absl::string_view(key.name) == origin;
    }
    for (const VerifierKey& key : witnesses) {
      if (key.kind != SignerKind::kWitness || !line.IsBy(key)) continue;
      MESO_ASSIGN_OR_RETURN(Cosignature cosignature, CheckCosigned(parts.text, line, key));
      if (!seen.insert(key.Encode()).second) {
        return CheckpointBroken(absl::StrCat(key.name, " has cosigned it twice"));
      }
      opened.cosignatures.push_back(std::move(cosignature));
    }
  }
  if (!by_known) return CheckpointBroken("no signature by a known key");
  MESO_ASSIGN_OR_RETURN(opened.checkpoint, ParseText(parts.text));
  if (!by_own) return CheckpointBroken("no signature by a known key of its origin");
  return opened;
}

absl::StatusOr<std::optional<Cosignature>> CheckCosignature(
    absl::string_view note, absl::string_view line, const std::vector<VerifierKey>& witnesses) {
  MESO_ASSIGN_OR_RETURN(const NoteParts parts, SplitNote(note));
  MESO_ASSIGN_OR_RETURN(const SignatureLine parsed, ParseSignatureLine(line));
  for (const VerifierKey& key : witnesses) {
    if (key.kind != SignerKind::kWitness || !parsed.IsBy(key)) continue;
    MESO_ASSIGN_OR_RETURN(Cosignature cosignature, CheckCosigned(parts.text, parsed, key));
    return std::optional<Cosignature>(std::move(cosignature));
  }
  return std::optional<Cosignature>();
}

}  // namespace meso::audit
