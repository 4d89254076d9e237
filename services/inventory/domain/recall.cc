#include "services/inventory/domain/recall.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"

namespace meso::inventory {
namespace {

constexpr size_t kLotsMax = 50;
constexpr size_t kReferenceMax = 64;

bool IsRemoval(Account account) {
  return account == Account::kWasted || account == Account::kReturned ||
         account == Account::kDisposed;
}

}  // namespace

void CheckRecall(const Recall& recall, FieldErrors& errors) {
  if (recall.lots.empty()) errors.Required("recall.lots");
  if (recall.lots.size() > kLotsMax) {
    errors.Invalid("recall.lots", absl::StrCat("at most ", kLotsMax));
  }
  std::set<LotName> seen;
  for (size_t i = 0; i < recall.lots.size() && i < kLotsMax; ++i) {
    const std::string field = absl::StrCat("recall.lots[", i, "]");
    if (!IsNameOf("lots/{uuid}", recall.lots[i].value())) errors.Invalid(field, "lots/{uuid}");
    if (!seen.insert(recall.lots[i]).second) errors.Invalid(field, "a lot stands once");
  }
  if (recall.reason == HoldReason::kUnspecified) errors.Required("recall.reason");
  if (recall.severity == RecallSeverity::kUnspecified) errors.Required("recall.severity");
  if (recall.reference.empty()) errors.Required("recall.reference");
  if (recall.reference.size() > kReferenceMax) {
    errors.Invalid("recall.reference", absl::StrCat("at most ", kReferenceMax, " bytes"));
  }
}

absl::string_view ToText(RecallState state) {
  switch (state) {
    case RecallState::kOpen:
      return "OPEN";
    case RecallState::kClosed:
      return "CLOSED";
    case RecallState::kUnspecified:
      break;
  }
  return "";
}

void AddToSite(const Movement& line, int64_t id, int64_t after_movement, RecallSite& site) {
  const bool since = id > after_movement;
  const auto [from, to] = AccountsOf(line);
  if (since && IsRemoval(to)) site.removed += line.ampoules;
  // What is taken back counts only if it was counted.
  if (IsRemoval(from) && line.reverses > after_movement) site.removed -= line.ampoules;
  int64_t& lost = since ? site.lost : site.lost_before;
  if (to == Account::kAdjustment) lost += line.ampoules;
  if (from == Account::kAdjustment) lost -= line.ampoules;
}

RecallEffectiveness MeasureRecall(const std::vector<RecallSite>& sites, absl::Time create_time) {
  RecallEffectiveness sum;
  absl::Time last = create_time;
  for (const RecallSite& site : sites) {
    ++sum.sites;
    const int64_t lost = std::max<int64_t>(site.lost, 0);
    // What turned up since was lost before.
    const int64_t lost_before =
        std::max<int64_t>(site.lost_before + std::min<int64_t>(site.lost, 0), 0);
    int64_t missing = lost;
    int64_t in_books = 0;  // of the missing units
    if (site.IsAcknowledged()) {
      ++sum.sites_acknowledged;
      last = std::max(last, site.acknowledge_time);
      missing = std::max(site.book - site.found, lost);
      in_books = missing - lost;
    }
    sum.missing += missing + lost_before;
    sum.used += site.used;
    // What the books have lost was received all the same.
    sum.received += site.received + lost + lost_before;
    sum.recovered += site.Book() + site.outbound + site.gone - in_books;
  }
  sum.recovered = std::max<int64_t>(sum.recovered, 0);
  const int64_t recoverable = sum.received - sum.used;
  sum.recovered_permille =
      recoverable <= 0
          ? 1000
          : static_cast<int32_t>(std::min<int64_t>(sum.recovered * 1000 / recoverable, 1000));
  if (sum.sites > 0 && sum.sites_acknowledged == sum.sites) {
    sum.acknowledge_seconds = absl::ToInt64Seconds(last - create_time);
  }
  return sum;
}

absl::Status DecideClose(const Recall& recall, const std::vector<RecallSite>& sites) {
  if (recall.state != RecallState::kOpen) {
    return StateNotAllowed(recall.name.value(), ToText(recall.state), "OPEN");
  }
  std::vector<Violation> causes;
  const auto left = [&](const RecallSite& site, int64_t units, absl::string_view where,
                        absl::string_view remedy) {
    if (units == 0) return;
    causes.push_back(
        {"STATE_NOT_ALLOWED", site.site.value(),
         absl::StrCat(units, units == 1 ? " ampoule is " : " ampoules are ", where, "; ", remedy)});
  };
  for (const RecallSite& site : sites) {
    if (!site.IsAcknowledged()) {
      causes.push_back({"STATE_NOT_ALLOWED", site.site.value(),
                        "it has not acknowledged the recall; it must say what it found"});
    }
    left(site, site.on_hand, "on its shelves", "destroy or return them, or adjust what is missing");
    left(site, site.drawn, "drawn for appointments", "record, return or throw them away");
    left(site, site.opened, "open", "discard them");
    left(site, site.outbound, "under way from it", "receive or account for them");
  }
  if (causes.empty()) return absl::OkStatus();
  Error error(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED",
              absl::StrCat(recall.name.value(), " can't be closed for ", causes.size(),
                           causes.size() == 1 ? " reason" : " reasons",
                           ". Do what each says, then close it."));
  error.With("recall", recall.name.value());
  for (Violation& cause : causes) error.Because(std::move(cause));
  return error;
}

}  // namespace meso::inventory
