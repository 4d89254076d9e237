#include "services/audit/domain/reading_scope.h"

#include <algorithm>

namespace meso::audit {

bool ReadingScope::Covers(const Leaf& leaf) const {
  if (!own_sites_ || own_sites_->count(leaf.site) > 0) return true;
  return std::any_of(openings_.begin(), openings_.end(),
                     [&leaf](const Opening& one) { return one.entries.Matches(leaf); });
}

PayloadAccess ReadingScope::PayloadOf(const Leaf& leaf) const {
  PayloadAccess access;
  access.whole = !own_sites_ || own_sites_->count(leaf.site) > 0;
  if (access.whole) return access;
  for (const Opening& one : openings_) {
    if (!one.payloads || !one.entries.Matches(leaf)) continue;
    std::optional<std::set<std::string>> patients = one.entries.PatientsOpened(leaf);
    if (!patients) access.whole = true;
    if (patients) access.patients.merge(*patients);
  }
  return access;
}

bool ReadingScope::CoversKey(KeyKind kind, absl::string_view value, bool payloads) const {
  if (!own_sites_) return true;
  return std::any_of(openings_.begin(), openings_.end(), [&](const Opening& one) {
    return (one.payloads || !payloads) && one.entries.HoldsForAllUnder(kind, value);
  });
}

void ReadingScope::KeepForNamed(const std::set<std::string>& pseudonyms) {
  const auto usable = [&pseudonyms](const Opening& one) {
    const std::set<std::string> opened = one.entries.Pseudonyms();
    if (one.payloads && (opened.empty() || std::includes(opened.begin(), opened.end(),
                                                         pseudonyms.begin(), pseudonyms.end()))) {
      return true;
    }
    return std::all_of(pseudonyms.begin(), pseudonyms.end(), [&one](const std::string& pseudonym) {
      return one.entries.HoldsOnlyUnder(KeyKind::kPatient, pseudonym);
    });
  };
  std::erase_if(openings_, [&usable](const Opening& one) { return !usable(one); });
}

void ReadingScope::KeepWithPayloads() {
  std::erase_if(openings_, [](const Opening& one) { return !one.payloads; });
}

void ReadingScope::Narrow(EntryFilter* filter) const {
  if (!own_sites_) return;
  if (openings_.empty()) {
    filter->OnlySites(*own_sites_);
    return;
  }
  std::vector<EntryFilter> parts;
  if (!own_sites_->empty()) {
    parts.emplace_back();
    parts.back().OnlySites(*own_sites_);
  }
  for (const Opening& one : openings_) parts.push_back(one.entries);
  filter->OnlyAnyOf(std::move(parts));
}

}  // namespace meso::audit
