#include "services/inventory/domain/gs1_digital_link.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/gs1_values.h"

namespace meso::inventory {
namespace {

constexpr absl::string_view kCanonicalStem = "https://id.gs1.org";
constexpr absl::string_view kSchemes[] = {"https://", "HTTPS://", "http://", "HTTP://"};
// What a URI may hold beside letters and digits (RFC 3986), and of that what no host holds.
constexpr absl::string_view kUriCharacters = "-._~:/?#[]@!$&'()*+,;=%";
constexpr absl::string_view kNotInHost = "_~?#@!$&'()*+,;=%";

// Which bytes are letters, digits or among `others`.
constexpr std::array<bool, 256> AlnumAnd(absl::string_view others) {
  std::array<bool, 256> set{};
  for (char c = '0'; c <= '9'; ++c) set[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) set[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) set[static_cast<unsigned char>(c)] = true;
  for (const char c : others) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr std::array<bool, 256> kInUri = AlnumAnd(kUriCharacters);
constexpr std::array<bool, 256> kUnreserved = AlnumAnd("-._~");

int HexOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = absl::ascii_tolower(static_cast<unsigned char>(c));
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// A % that no two hexadecimal digits follow stands for itself.
bool IsEscape(absl::string_view text, size_t at) {
  return text[at] == '%' && at + 2 < text.size() && HexOf(text[at + 1]) >= 0 &&
         HexOf(text[at + 2]) >= 0;
}

// In a query + is a space.
std::string PercentDecode(absl::string_view text, bool query) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsEscape(text, i)) {
      decoded.push_back(static_cast<char>(HexOf(text[i + 1]) * 16 + HexOf(text[i + 2])));
      i += 2;
    } else {
      decoded.push_back(query && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return decoded;
}

std::string PercentEncode(absl::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (kUnreserved[static_cast<unsigned char>(c)]) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return encoded;
}

// True when `path` is a key and some of its qualifiers, each once and in their order.
bool IsPath(const std::vector<const ApplicationIdentifier*>& path) {
  if (path.size() == 1) return true;
  const auto& sequences = path[0]->link_qualifiers;
  return std::any_of(sequences.begin(), sequences.end(), [&](const auto& sequence) {
    auto from = sequence.begin();
    for (size_t i = 1; i < path.size(); ++i) {
      from = std::find(from, sequence.end(), path[i]->code);
      if (from == sequence.end()) return false;
      ++from;
    }
    return true;
  });
}

// True when `ai` could stand among the qualifiers: then it must.
bool BelongsInPath(const std::vector<const ApplicationIdentifier*>& path,
                   const ApplicationIdentifier* ai) {
  for (size_t at = 1; at <= path.size(); ++at) {
    std::vector<const ApplicationIdentifier*> longer = path;
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(at), ai);
    if (IsPath(longer)) return true;
  }
  return false;
}

// One address on its way to elements.
class Reader {
 public:
  Reader(absl::string_view uri, size_t offset, ScanElements& elements)
      : uri_(uri), offset_(offset), elements_(elements) {}

  absl::Status Read(int current_year) {
    const size_t first = elements_.size();
    MESO_RETURN_IF_ERROR(Split());
    size_t key = 0;
    MESO_RETURN_IF_ERROR(FindKey(&key));
    MESO_RETURN_IF_ERROR(ReadPath(key));
    MESO_RETURN_IF_ERROR(ReadQuery());
    MESO_RETURN_IF_ERROR(CheckPlaces(first));
    for (size_t i = first; i < elements_.size(); ++i) {
      const ScanElement& element = elements_[i];
      const auto fault = FindContentFault(*element.identifier, element.value, current_year);
      if (!fault) continue;
      const size_t begin = element.position - offset_;
      return ScanFault(fault->category, element.position + EncodedLength(begin, fault->offset),
                       element.ai(), fault->why);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Refuse(size_t at, absl::string_view why) const {
    return ScanFault("DL", offset_ + at, "", why);
  }

  // Finds where path and query begin and end.
  absl::Status Split() {
    for (size_t i = 0; i < uri_.size(); ++i) {
      if (!kInUri[static_cast<unsigned char>(uri_[i])]) {
        return Refuse(i, "a web address has no such character");
      }
    }
    size_t host = 0;
    for (const absl::string_view scheme : kSchemes) {
      if (absl::StartsWith(uri_, scheme)) host = scheme.size();
    }
    if (host == 0) return Refuse(0, "a Digital Link begins with https:// or http://");
    path_ = uri_.find('/', host);
    if (path_ == absl::string_view::npos || path_ == host) {
      return Refuse(host, "the address lacks host or path");
    }
    const size_t bad = uri_.substr(0, path_).find_first_of(kNotInHost, host);
    if (bad != absl::string_view::npos) return Refuse(bad, "no host has this character");
    end_ = std::min(uri_.find('#', path_), uri_.size());
    query_ = std::min(uri_.find('?', path_), end_);
    return absl::OkStatus();
  }

  // Walks back over pairs of identifier and value to the rightmost key; what stands before it is
  // the stem. `key` is where the key's identifier begins.
  absl::Status FindKey(size_t* key) const {
    absl::string_view left = uri_.substr(path_, query_ - path_);
    while (true) {
      const size_t value = left.rfind('/');
      if (value == absl::string_view::npos || value == 0) break;
      const size_t code = left.rfind('/', value - 1);
      if (code == absl::string_view::npos) break;
      const ApplicationIdentifier* ai =
          FindApplicationIdentifier(left.substr(code + 1, value - code - 1));
      if (ai == nullptr) break;
      if (ai->link_key) {
        *key = path_ + code + 1;
        return absl::OkStatus();
      }
      left = left.substr(0, code);
    }
    return Refuse(path_, "the path of the address names no thing");
  }

  absl::Status ReadPath(size_t at) {
    while (at < query_) {
      const size_t slash = uri_.find('/', at);  // FindKey saw it
      const size_t value = slash + 1;
      const size_t end = std::min(uri_.find('/', value), query_);
      path_ais_.push_back(FindApplicationIdentifier(uri_.substr(at, slash - at)));
      MESO_RETURN_IF_ERROR(Add(path_ais_.back(), value, end, /*query=*/false));
      at = end + 1;
    }
    return absl::OkStatus();
  }

  absl::Status ReadQuery() {
    size_t at = std::min(query_ + 1, end_);
    while (at < end_) {
      const size_t end = std::min(uri_.find('&', at), end_);
      const size_t equals = uri_.substr(0, end).find('=', at);
      const absl::string_view name =
          equals == absl::string_view::npos ? "" : uri_.substr(at, equals - at);
      // Names of other kinds are for the server behind the address.
      if (IsDigits(name)) {
        const ApplicationIdentifier* ai = FindApplicationIdentifier(name);
        if (ai == nullptr) {
          return ScanFault("UNKNOWN_AI", offset_ + at, name.substr(0, 4),
                           "there is no such element");
        }
        MESO_RETURN_IF_ERROR(Add(ai, equals + 1, end, /*query=*/true));
      }
      at = end + 1;
    }
    return absl::OkStatus();
  }

  absl::Status Add(const ApplicationIdentifier* ai, size_t begin, size_t end, bool query) {
    const size_t position = offset_ + begin;
    if (begin >= end) return ScanFault("EMPTY", position, ai->code, "the value is missing");
    std::string value = PercentDecode(uri_.substr(begin, end - begin), query);
    if (absl::StrContains(value, '\0')) return Refuse(begin, "the value holds a null character");
    const bool short_gtin = value.size() == 8 || value.size() == 12 || value.size() == 13;
    if (query && ai->code == "01" && short_gtin) value.insert(0, 14 - value.size(), '0');
    if (const auto fault = FindLengthFault(*ai, value)) {
      return ScanFault(fault->category, position, ai->code, fault->why);
    }
    elements_.push_back({ai, std::move(value), position});
    return absl::OkStatus();
  }

  // How many characters of the address from `begin` on make `count` decoded ones.
  size_t EncodedLength(size_t begin, size_t count) const {
    size_t at = begin;
    for (; count > 0 && at < end_; --count) at += IsEscape(uri_, at) ? 3 : 1;
    return at - begin;
  }

  // The elements from `first` on: those of the path, then those of the query.
  absl::Status CheckPlaces(size_t first) const {
    if (!IsPath(path_ais_)) {
      return ScanFault("DL", elements_[first].position, path_ais_[0]->code,
                       "the qualifiers of the key are not in their order");
    }
    for (size_t i = first + path_ais_.size(); i < elements_.size(); ++i) {
      const ScanElement& element = elements_[i];
      absl::string_view why;
      const bool twice =
          std::any_of(elements_.begin() + static_cast<std::ptrdiff_t>(first),
                      elements_.begin() + static_cast<std::ptrdiff_t>(i),
                      [&](const auto& other) { return other.identifier == element.identifier; });
      if (twice) {
        why = "it stands twice in the address";
      } else if (!element.identifier->link_attribute) {
        why = "it may not stand in the query of an address";
      } else if (BelongsInPath(path_ais_, element.identifier)) {
        why = "it belongs into the path of the address";
      } else {
        continue;
      }
      return ScanFault("DL", element.position, element.ai(), why);
    }
    return absl::OkStatus();
  }

  const absl::string_view uri_;
  const size_t offset_;
  ScanElements& elements_;
  size_t path_ = 0;   // the slash after the host
  size_t query_ = 0;  // the question mark, or the end
  size_t end_ = 0;    // of path and query: before the fragment
  std::vector<const ApplicationIdentifier*> path_ais_;
};

// The alternative of the key's qualifiers that takes most elements into the path; the earlier one
// of two that are as good.
const std::vector<std::string>& QualifiersFor(const ApplicationIdentifier& key,
                                              const ScanElements& elements) {
  static const auto& none = *new std::vector<std::string>;
  const std::vector<std::string>* best = &none;
  std::ptrdiff_t most = 0;
  for (const auto& sequence : key.link_qualifiers) {
    const auto taken = std::count_if(elements.begin(), elements.end(), [&](const auto& element) {
      return std::find(sequence.begin(), sequence.end(), element.ai()) != sequence.end();
    });
    if (taken > most) {
      most = taken;
      best = &sequence;
    }
  }
  return *best;
}

}  // namespace

bool IsWebAddress(absl::string_view text) {
  return std::any_of(std::begin(kSchemes), std::end(kSchemes),
                     [&](absl::string_view scheme) { return absl::StartsWith(text, scheme); });
}

absl::Status ReadDigitalLink(absl::string_view uri, size_t offset, int current_year,
                             ScanElements& elements) {
  return Reader(uri, offset, elements).Read(current_year);
}

std::string WriteDigitalLink(const ScanElements& elements) {
  const auto key = std::find_if(elements.begin(), elements.end(), [](const ScanElement& element) {
    return element.identifier->link_key;
  });
  if (key == elements.end()) return "";
  std::string uri(kCanonicalStem);
  std::vector<absl::string_view> written;
  const auto add_to_path = [&](const ScanElement& element) {
    absl::StrAppend(&uri, "/", element.ai(), "/", PercentEncode(element.value));
    written.push_back(element.ai());
  };
  add_to_path(*key);
  for (const std::string& qualifier : QualifiersFor(*key->identifier, elements)) {
    const ScanElement* element = FindElement(elements, qualifier);
    if (element != nullptr) add_to_path(*element);
  }
  char joint = '?';
  for (const bool fixed : {true, false}) {
    for (const ScanElement& element : elements) {
      if (element.identifier->predefined_length != fixed) continue;
      if (std::find(written.begin(), written.end(), element.ai()) != written.end()) continue;
      if (!element.identifier->link_attribute) return "";
      absl::StrAppend(&uri, std::string(1, joint), element.ai(), "=", PercentEncode(element.value));
      written.push_back(element.ai());
      joint = '&';
    }
  }
  return uri;
}

}  // namespace meso::inventory
