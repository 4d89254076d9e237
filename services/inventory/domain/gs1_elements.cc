#include "services/inventory/domain/gs1_elements.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/gs1_values.h"

namespace meso::inventory {
namespace {

// What an error may say of an identifier nobody knows: at most its digits. The rest may be
// anything, also a name.
absl::string_view KnownPartOf(absl::string_view ai) {
  size_t digits = 0;
  while (digits < ai.size() && digits < 4 && ai[digits] >= '0' && ai[digits] <= '9') ++digits;
  return ai.substr(0, digits);
}

std::ptrdiff_t Offset(size_t n) { return static_cast<std::ptrdiff_t>(n); }

std::optional<Gs1Fault> FindFault(const ApplicationIdentifier& ai, absl::string_view value,
                                  int current_year) {
  std::optional<Gs1Fault> fault = FindLengthFault(ai, value);
  return fault ? fault : FindContentFault(ai, value, current_year);
}

bool HasMatch(const ScanElements& elements, const Gs1Pattern& pattern,
              const ApplicationIdentifier* except) {
  return std::any_of(elements.begin(), elements.end(), [&](const ScanElement& element) {
    return element.identifier != except && pattern.Matches(element.identifier->key);
  });
}

// The pattern that excludes `element`; nullptr when nothing does. A family excludes its other
// members, never a second element of the same code.
const Gs1Pattern* FindExcluded(const ScanElements& elements, const ScanElement& element) {
  for (const Gs1Pattern& pattern : element.identifier->excludes) {
    if (HasMatch(elements, pattern, element.identifier)) return &pattern;
  }
  return nullptr;
}

bool LacksCompany(const ScanElements& elements, const ScanElement& element) {
  const auto& groups = element.identifier->needs_one_of;
  return !groups.empty() && std::none_of(groups.begin(), groups.end(), [&](const auto& group) {
    return std::all_of(group.begin(), group.end(), [&](const Gs1Pattern& pattern) {
      return HasMatch(elements, pattern, nullptr);
    });
  });
}

// The one with the lowest code of those that are wrong, as GS1's engine names it; nullptr when all
// are right.
template <typename IsWrong>
const ScanElement* FindWrong(const ScanElements& elements, const IsWrong& is_wrong) {
  const ScanElement* found = nullptr;
  for (const ScanElement& element : elements) {
    if (is_wrong(element) && (found == nullptr || element.ai() < found->ai())) found = &element;
  }
  return found;
}

absl::Status CheckRepeats(const ScanElements& elements) {
  for (size_t i = 1; i < elements.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (elements[j].identifier != elements[i].identifier) continue;
      if (elements[j].value == elements[i].value) continue;
      return ScanFault("REPEAT", elements[i].position, elements[i].ai(),
                       "it stands twice with different values");
    }
  }
  return absl::OkStatus();
}

// One bracketed value, from `at` to the next bracket that is not escaped. `at` moves behind it.
std::string TakeBracketedValue(absl::string_view text, size_t& at) {
  std::string value;
  while (true) {
    const size_t bracket = std::min(text.find('(', at), text.size());
    value.append(text.data() + at, bracket - at);
    at = bracket;
    if (at == text.size() || value.empty() || value.back() != '\\') return value;
    value.back() = '(';
    ++at;
  }
}

}  // namespace

const ScanElement* FindElement(const ScanElements& elements, absl::string_view ai) {
  const uint32_t key = Gs1Key(ai);
  for (const ScanElement& element : elements) {
    if (element.identifier->key == key) return &element;
  }
  return nullptr;
}

absl::Status ReadElementString(absl::string_view data, char separator, size_t offset,
                               int current_year, ScanElements& elements) {
  if (data.empty()) return ScanFault("EMPTY", offset, "", "the symbol holds no data");
  size_t at = 0;
  while (at < data.size()) {
    const absl::string_view rest = data.substr(at);
    const ApplicationIdentifier* ai = FindApplicationIdentifierAt(rest);
    if (ai == nullptr) {
      return ScanFault("UNKNOWN_AI", offset + at, KnownPartOf(rest),
                       "an element that no pack has, or a missing separator before it");
    }
    absl::string_view value = rest.substr(ai->code.size());
    const size_t position = offset + at + ai->code.size();
    if (ai->predefined_length) value = value.substr(0, ai->length_max);
    value = value.substr(0, value.find(separator));
    if (value.empty()) return ScanFault("EMPTY", position, ai->code, "the value is missing");
    if (const auto fault = FindFault(*ai, value, current_year)) {
      return ScanFault(fault->category, position + fault->offset, ai->code, fault->why);
    }
    elements.push_back({ai, std::string(value), position});
    at += ai->code.size() + value.size();
    // Needed after a value of free length, tolerated after a fixed one and at the end.
    if (at < data.size() && data[at] == separator) ++at;
  }
  return absl::OkStatus();
}

absl::Status ReadBracketed(absl::string_view text, int current_year, ScanElements& elements) {
  if (text.empty()) return ScanFault("EMPTY", 0, "", "the scan is empty");
  size_t at = 0;
  while (at < text.size()) {
    const size_t close = text.find(')', at);
    if (text[at] != '(' || close == absl::string_view::npos) {
      return ScanFault("SYNTAX", at, "", "an element begins with its identifier in brackets");
    }
    const absl::string_view code = text.substr(at + 1, close - at - 1);
    const ApplicationIdentifier* ai = FindApplicationIdentifier(code);
    if (ai == nullptr) {
      return ScanFault("UNKNOWN_AI", at + 1, KnownPartOf(code), "there is no such element");
    }
    at = close + 1;
    if (at == text.size()) return ScanFault("SYNTAX", at, ai->code, "the value is missing");
    const size_t position = at;
    std::string value = TakeBracketedValue(text, at);
    if (const auto fault = FindFault(*ai, value, current_year)) {
      const auto escapes = std::count(value.begin(), value.begin() + Offset(fault->offset), '(');
      return ScanFault(fault->category, position + fault->offset + static_cast<size_t>(escapes),
                       ai->code, fault->why);
    }
    elements.push_back({ai, std::move(value), position});
  }
  return absl::OkStatus();
}

absl::Status CheckGs1Associations(const ScanElements& elements, Gs1Associations which) {
  const ScanElement* wrong = FindWrong(elements, [&](const ScanElement& element) {
    return FindExcluded(elements, element) != nullptr;
  });
  if (wrong != nullptr) {
    return ScanFault(
        "MUTEX", wrong->position, wrong->ai(),
        absl::StrCat("it may not stand together with AI ", FindExcluded(elements, *wrong)->text));
  }
  if (which == Gs1Associations::kAll) {
    wrong = FindWrong(elements,
                      [&](const ScanElement& element) { return LacksCompany(elements, element); });
    if (wrong != nullptr) {
      return ScanFault("REQUISITE", wrong->position, wrong->ai(),
                       "it stands without the element it belongs to");
    }
  }
  return CheckRepeats(elements);
}

std::string WriteElementString(const ScanElements& elements, char separator) {
  std::string text;
  bool open = false;  // the last value could go on
  for (const ScanElement& element : elements) {
    if (open) text.push_back(separator);
    absl::StrAppend(&text, element.ai(), element.value);
    open = !element.identifier->predefined_length;
  }
  return text;
}

ScanElements FixedLengthFirst(ScanElements elements) {
  std::stable_partition(elements.begin(), elements.end(), [](const ScanElement& element) {
    return element.identifier->predefined_length;
  });
  return elements;
}

std::string WriteBracketed(const ScanElements& elements) {
  std::string text;
  for (const ScanElement& element : elements) {
    absl::StrAppend(&text, "(", element.ai(), ")",
                    absl::StrReplaceAll(element.value, {{"(", "\\("}}));
  }
  return text;
}

std::vector<std::string> WriteHumanReadable(const ScanElements& elements) {
  std::vector<std::string> lines;
  lines.reserve(elements.size());
  for (const ScanElement& element : elements) {
    lines.push_back(absl::StrCat("(", element.ai(), ") ", element.value));
  }
  return lines;
}

}  // namespace meso::inventory
