// The stocked chain with transfers between its sites, for tests of their legs. Not thread-safe but
// for the calls themselves.
#ifndef MESO_TESTS_SERVICES_INVENTORY_TRANSFER_FIXTURE_H_
#define MESO_TESTS_SERVICES_INVENTORY_TRANSFER_FIXTURE_H_

#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "services/inventory/transfer_operations.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {

class TransferOperationsTest : public InventoryFixture {
 protected:
  struct Sent {
    LotName lot;
    int64_t ampoules;
  };

  static CreateTransferRequest Wanted(const std::vector<Sent>& lines) {
    CreateTransferRequest request;
    request.transfer.from_site = kParis;
    request.transfer.to_site = kSydney;
    request.transfer.document = "SN-1";
    for (const Sent& sent : lines) {
      TransferLine line;
      line.lot = sent.lot;
      line.unit = kMainUnit;
      line.ampoules = sent.ampoules;
      request.transfer.lines.push_back(line);
    }
    return request;
  }
  absl::StatusOr<Transfer> Create(const std::vector<Sent>& lines) {
    return Run(transfers_, &TransferOperations::CreateTransfer, Wanted(lines));
  }
  absl::StatusOr<Transfer> Ship(const TransferName& name, bool take_reserved = false) {
    return Run(transfers_, &TransferOperations::ShipTransfer,
               ShipTransferRequest{name, take_reserved, ""});
  }
  TransferName Shipped(const std::vector<Sent>& lines) {
    const auto transfer = Create(lines);
    EXPECT_TRUE(transfer.ok()) << transfer.status();
    EXPECT_TRUE(Ship(transfer->name).ok());
    return transfer->name;
  }
  static ReceivedLine Arrived(const LotName& lot, int64_t ampoules, int64_t damaged = 0,
                              const std::string& reason = "") {
    return {"", {lot, "", kMainUnit, ampoules, damaged, reason}};
  }
  absl::StatusOr<Transfer> Arrive(const TransferName& name, std::vector<ReceivedLine> lines) {
    return Run(transfers_, &TransferOperations::ReceiveTransfer,
               ReceiveTransferRequest{name, std::move(lines), ""});
  }
  static CallContext Second(const std::string& site = "*") {
    CallContext call = AtSite(site);
    call.caller.subject = "users/second";
    return call;
  }
  absl::StatusOr<Transfer> Close(const TransferName& name, std::vector<Resolution> resolutions,
                                 const CallContext& call) {
    return Run(transfers_, &TransferOperations::CloseTransfer,
               CloseTransferRequest{name, std::move(resolutions), ""}, call);
  }
  absl::StatusOr<Transfer> CallOff(const TransferName& name) {
    return Run(transfers_, &TransferOperations::CancelTransfer,
               CancelTransferRequest{name, "not needed", ""});
  }
  void ExpectRefused(const absl::Status& status, absl::StatusCode code, const std::string& reason) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_EQ(ReasonOf(status), reason) << status;
    ExpectSoundLedger();
  }
  static std::vector<std::string> Causes(const absl::Status& status) {
    std::vector<std::string> causes;
    for (const Violation& violation : DetailsOf(status).violations) {
      causes.push_back(absl::StrCat(violation.reason, " ", violation.subject));
    }
    return causes;
  }
  // "KIND FROM->TO ampoules site" of the lines that name the transfer, oldest first.
  std::vector<std::string> Lines(const TransferName& name) {
    SitePageQuery query;
    query.page.size = 500;
    const auto page = Run(&InventoryOperations::ListMovements, query);
    std::vector<std::string> lines;
    for (auto it = page->items.rbegin(); it != page->items.rend(); ++it) {
      if (it->subject != name.value()) continue;
      const auto [from, to] = AccountsOf(*it);
      lines.push_back(absl::StrCat(ToText(it->kind), " ", ToText(from), "->", ToText(to), " ",
                                   it->ampoules, " ", it->site.value()));
    }
    return lines;
  }

  const TransferOperations transfers_{operations_.use_case()};
};

}  // namespace meso::inventory

#endif  // MESO_TESTS_SERVICES_INVENTORY_TRANSFER_FIXTURE_H_
