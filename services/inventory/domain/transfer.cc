#include "services/inventory/domain/transfer.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/inventory/domain/allocation.h"
#include "services/inventory/domain/errors.h"

namespace meso::inventory {
namespace {

constexpr int kTransferStates = 6;
constexpr absl::string_view kStateTexts[kTransferStates] = {
    "STATE_UNSPECIFIED", "DRAFT", "SHIPPED", "VARIANCE", "RECEIVED", "CANCELLED"};

// The line that a lot and (empty = not said) a storage unit of the sender mean.
std::optional<size_t> FindLine(const Transfer& transfer, const LotName& lot,
                               const std::string& unit, const std::string& field,
                               FieldErrors& errors) {
  std::vector<size_t> of_lot;
  for (size_t i = 0; i < transfer.lines.size(); ++i) {
    if (transfer.lines[i].lot != lot) continue;
    if (transfer.lines[i].unit == unit) return i;
    of_lot.push_back(i);
  }
  if (of_lot.empty()) {
    errors.Invalid(field + ".lot", "a lot of the transfer; receive others with ReceiveStock");
    return std::nullopt;
  }
  if (!unit.empty()) {
    errors.Invalid(field + ".from_storage_unit", "the transfer has the lot not from there");
    return std::nullopt;
  }
  if (of_lot.size() == 1) return of_lot.front();
  for (const size_t i : of_lot) {
    if (transfer.lines[i].unit == kMainUnit) return i;
  }
  errors.Required(field + ".from_storage_unit");
  return std::nullopt;
}

LineReceipt Book(const TransferLine& sent, size_t line, const Arrival& arrival) {
  LineReceipt receipt;
  receipt.line = line;
  receipt.unit = arrival.unit;
  receipt.reason = arrival.reason;
  receipt.damaged = std::min(arrival.damaged, sent.in_transit);
  receipt.received = std::min(arrival.ampoules, sent.in_transit - receipt.damaged);
  receipt.over = arrival.ampoules - receipt.received;
  return receipt;
}

// The units that resolutions count although they are not under way, each line with a cause of its
// own. What they leave open is for another closing.
absl::Status CheckUnderWay(const Transfer& transfer,
                           const std::vector<LineResolution>& resolutions) {
  std::vector<int64_t> resolved(transfer.lines.size(), 0);
  for (const LineResolution& resolution : resolutions) {
    resolved[resolution.line] += resolution.ampoules;
  }
  Error error(absl::StatusCode::kFailedPrecondition, "TRANSFER_STATE",
              absl::StrCat("The resolutions account for more than is under way of ",
                           transfer.name.value(), ". Read it again; account for each unit once."));
  error.With("transfer", transfer.name.value()).With("state", ToText(transfer.state));
  bool all_there = true;
  for (size_t i = 0; i < transfer.lines.size(); ++i) {
    const TransferLine& line = transfer.lines[i];
    if (resolved[i] <= line.in_transit) continue;
    all_there = false;
    error.Because({"TRANSFER_STATE", line.lot.value(),
                   absl::StrCat(line.in_transit, " are under way from ", line.unit, ", ",
                                resolved[i], " are accounted for")});
  }
  return all_there ? absl::OkStatus() : error.Build();
}

}  // namespace

absl::string_view ToText(TransferState state) { return kStateTexts[static_cast<int>(state)]; }

TransferState TransferStateOf(absl::string_view text) {
  for (int i = 1; i < kTransferStates; ++i) {
    if (kStateTexts[i] == text) return static_cast<TransferState>(i);
  }
  return TransferState::kUnspecified;
}

bool Transfer::IsUnderWay() const {
  return std::any_of(lines.begin(), lines.end(),
                     [](const TransferLine& line) { return line.in_transit > 0; });
}

void CheckTransfer(const Transfer& transfer, FieldErrors& errors) {
  if (transfer.from_site == transfer.to_site) {
    errors.Invalid("transfer.to_site", "another site than the one that sends");
  }
  if (transfer.document.size() > kTransferTextMax) {
    errors.Invalid("transfer.document", absl::StrCat("at most ", kTransferTextMax, " bytes"));
  }
  if (transfer.lines.size() > kTransferLinesMax) {
    errors.Invalid("transfer.lines", absl::StrCat("at most ", kTransferLinesMax));
    return;
  }
  std::set<std::pair<LotName, std::string>> seen;
  for (size_t i = 0; i < transfer.lines.size(); ++i) {
    const TransferLine& line = transfer.lines[i];
    const std::string field = absl::StrCat("transfer.lines[", i, "]");
    if (line.ampoules < 1 || line.ampoules > kTransferAmpoulesMax) {
      errors.Invalid(field + ".ampoules", absl::StrCat("1 to ", kTransferAmpoulesMax));
    }
    // The shelf would be asked for the same units twice.
    if (!seen.emplace(line.lot, line.unit).second) {
      errors.Invalid(field + ".lot", "each lot and storage unit once");
    }
  }
}

absl::StatusOr<std::vector<LineReceipt>> DecideReceipt(const Transfer& transfer,
                                                       const std::vector<Arrival>& arrivals) {
  if (transfer.state != TransferState::kShipped) return TransferNotAllowed(transfer, "SHIPPED");
  FieldErrors errors;
  std::vector<LineReceipt> receipts;
  std::set<size_t> seen;
  for (size_t i = 0; i < arrivals.size(); ++i) {
    const Arrival& arrival = arrivals[i];
    const std::string field = absl::StrCat("lines[", i, "]");
    const auto line = FindLine(transfer, arrival.lot, arrival.from_unit, field, errors);
    if (!line) continue;
    if (!seen.insert(*line).second) {
      errors.Invalid(field + ".lot", "each line of the transfer once");
      continue;
    }
    const TransferLine& sent = transfer.lines[*line];
    if (arrival.damaged > sent.in_transit) {
      errors.Invalid(field + ".damaged_ampoules",
                     absl::StrCat("at most the ", sent.in_transit, " under way; count the others ",
                                  "as ampoules and throw them away from the shelf"));
      continue;
    }
    receipts.push_back(Book(sent, *line, arrival));
    if ((receipts.back().damaged > 0 || receipts.back().over > 0) && arrival.reason.empty()) {
      errors.Required(field + ".reason");
    }
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return receipts;
}

absl::StatusOr<std::vector<LineResolution>> DecideClosing(
    const Transfer& transfer, const std::vector<Resolution>& resolutions,
    absl::string_view closer) {
  if (transfer.state != TransferState::kVariance) return TransferNotAllowed(transfer, "VARIANCE");
  if (transfer.receiver == closer) {
    return SelfApproval(transfer.name.value(),
                        "who received it does not say what became of the "
                        "rest; let another person close it");
  }
  const bool any_lost = std::any_of(
      resolutions.begin(), resolutions.end(),
      [](const Resolution& resolution) { return resolution.kind == ResolutionKind::kLost; });
  if (any_lost && transfer.shipper == closer) {
    return SelfApproval(transfer.name.value(),
                        "who shipped it does not write off what did not arrive; let another person "
                        "close it");
  }
  FieldErrors errors;
  std::vector<LineResolution> found;
  std::set<std::pair<size_t, ResolutionKind>> seen;
  for (size_t i = 0; i < resolutions.size(); ++i) {
    const Resolution& resolution = resolutions[i];
    const std::string field = absl::StrCat("resolutions[", i, "]");
    const auto line = FindLine(transfer, resolution.lot, resolution.from_unit, field, errors);
    if (!line) continue;
    if (!seen.emplace(*line, resolution.kind).second) {
      errors.Invalid(field + ".kind", "each line and kind once");
      continue;
    }
    found.push_back({*line, resolution.kind, resolution.ampoules, resolution.reason});
  }
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  MESO_RETURN_IF_ERROR(CheckUnderWay(transfer, found));
  return found;
}

absl::Status TransferNotAllowed(const Transfer& transfer, absl::string_view allowed) {
  return Error(absl::StatusCode::kFailedPrecondition, "TRANSFER_STATE",
               absl::StrCat(transfer.name.value(), " is ", ToText(transfer.state), ", not ",
                            allowed, ". Read it again."))
      .With("transfer", transfer.name.value())
      .With("state", ToText(transfer.state))
      .With("allowed", allowed)
      .Because({"TRANSFER_STATE", transfer.name.value(),
                absl::StrCat("it is ", ToText(transfer.state), "; this needs ", allowed)});
}

}  // namespace meso::inventory
