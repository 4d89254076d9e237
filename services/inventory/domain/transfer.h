// Transfers: stock on its way from one site to another, and what is decided about it.
//
// Pure. A line is one lot from one storage unit of the sender; of the units sent, each is under way
// until it was received, damaged, lost or put back. What is decided here is carried out in the
// ledger by the operations.
#ifndef MESO_SERVICES_INVENTORY_DOMAIN_TRANSFER_H_
#define MESO_SERVICES_INVENTORY_DOMAIN_TRANSFER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/base/ids.h"

namespace meso::inventory {

using TransferName = Id<struct TransferTag>;  // transfers/{uuid}

inline constexpr size_t kTransferLinesMax = 100;
inline constexpr int64_t kTransferAmpoulesMax = 1000000;
inline constexpr size_t kTransferTextMax = 64;  // a document's number, a reason

// Numbered as in the contract.
enum class TransferState {
  kUnspecified = 0,
  kDraft = 1,
  kShipped = 2,
  kVariance = 3,
  kReceived = 4,
  kCancelled = 5,
};
absl::string_view ToText(TransferState state);
// kUnspecified for a text that is none.
TransferState TransferStateOf(absl::string_view text);

struct TransferLine {
  int64_t lot_row = 0;
  LotName lot;
  ProductName product;
  std::string lot_number;
  absl::CivilDay expiry;
  std::string unit;  // the sender's
  int64_t ampoules = 0;
  int64_t received = 0;  // without the over-delivered ones
  int64_t damaged = 0;
  int64_t over = 0;
  int64_t lost = 0;
  int64_t returned = 0;
  int64_t in_transit = 0;  // ampoules = the others but over, together, from shipping on
};

struct Transfer {
  int64_t row = 0;  // the database's own number; 0 = not stored
  TransferName name;
  SiteName from_site;
  SiteName to_site;
  std::vector<TransferLine> lines;
  std::string document;
  std::optional<absl::CivilDay> expected_date;
  TransferState state = TransferState::kUnspecified;
  std::string creator;
  absl::Time create_time;
  std::string shipper;
  absl::Time ship_time = absl::InfinitePast();
  std::string receiver;
  absl::Time receive_time = absl::InfinitePast();
  std::string closer;  // who accounted last for what did not arrive
  int64_t revision = 0;

  bool IsUnderWay() const;  // some unit is
};

// Adds every broken rule of a new transfer to `errors`, with fields as "transfer.lines[0].lot".
void CheckTransfer(const Transfer& transfer, FieldErrors& errors);

// What arrived of a lot, as the receiver says it.
struct Arrival {
  LotName lot;
  std::string from_unit;  // the sender's; empty = main, or the only one
  std::string unit;       // the receiver's
  int64_t ampoules = 0;   // in order
  int64_t damaged = 0;
  std::string reason;  // of damage and over-delivery
};

// How the units of an arrival are booked.
struct LineReceipt {
  size_t line = 0;  // of the transfer
  std::string unit;
  int64_t received = 0;
  int64_t damaged = 0;
  int64_t over = 0;
  std::string reason;
};

// Books every arrival against the units under way: first the damaged ones, then those in order;
// what is left over was never sent. Errors: INVALID_ARGUMENT with fields as "lines[0].lot" for a
// lot that is not in the transfer or named twice, more damaged units than are under way, and a
// missing reason; FAILED_PRECONDITION / TRANSFER_STATE unless SHIPPED.
absl::StatusOr<std::vector<LineReceipt>> DecideReceipt(const Transfer& transfer,
                                                       const std::vector<Arrival>& arrivals);

// Numbered as in the contract.
enum class ResolutionKind { kUnspecified = 0, kLost = 1, kReturned = 2, kReceived = 3 };

// What became of units that did not arrive.
struct Resolution {
  LotName lot;
  std::string from_unit;
  ResolutionKind kind = ResolutionKind::kUnspecified;
  int64_t ampoules = 0;
  std::string reason;
};
struct LineResolution {
  size_t line = 0;
  ResolutionKind kind = ResolutionKind::kUnspecified;
  int64_t ampoules = 0;
  std::string reason;
};

// Finds the line of every resolution; a part of what is under way may be left to another closing.
// Errors: FAILED_PRECONDITION / TRANSFER_STATE unless in VARIANCE, or when they account for more
// than is under way (every such line is named); SELF_APPROVAL when `closer` received the transfer,
// or shipped it and calls units lost; INVALID_ARGUMENT with fields as "resolutions[0].lot" for a
// lot that is not in the transfer, or a kind named twice for one line.
absl::StatusOr<std::vector<LineResolution>> DecideClosing(
    const Transfer& transfer, const std::vector<Resolution>& resolutions, absl::string_view closer);

// FAILED_PRECONDITION / TRANSFER_STATE.
absl::Status TransferNotAllowed(const Transfer& transfer, absl::string_view allowed);

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_DOMAIN_TRANSFER_H_
