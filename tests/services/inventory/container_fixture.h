// The stocked chain with containers to open, for tests of their life and of what is recorded of
// them. Not thread-safe but for the calls themselves.
#ifndef MESO_TESTS_SERVICES_INVENTORY_CONTAINER_FIXTURE_H_
#define MESO_TESTS_SERVICES_INVENTORY_CONTAINER_FIXTURE_H_

#include <string>
#include <vector>

#include "services/inventory/container_operations.h"
#include "tests/services/inventory/inventory_fixture.h"

namespace meso::inventory {

// A holds 2000 microlitres for one patient; B is a multi-dose vial of 10000 for 28 days.
class ContainerFixture : public InventoryFixture {
 protected:
  ContainerFixture() {
    Change("B", [](Product& b) {
      b.container_kind = ContainerKind::kMultiDoseVial;
      b.unit_microlitres = 10000;
      b.after_opening = absl::Hours(24 * 28);
    });
  }

  OpenRequest Wish(const LotName& lot, int appointment = 0) {
    OpenRequest request;
    request.site = kParis;
    request.lot = lot;
    if (appointment > 0) request.appointment = AppointmentOf(appointment);
    return request;
  }
  absl::StatusOr<OpenedContainer> Open(const OpenRequest& request) {
    return Run(containers_, &ContainerOperations::OpenContainer, request);
  }
  // A vial of a new lot of B, open; stops the test when it fails.
  OpenedContainer OpenVial(const char* lot_number = "B1", const char* expiry = "2027-06-30") {
    const auto vial = Open(Wish(Receive("B", lot_number, expiry, 1)));
    EXPECT_TRUE(vial.ok()) << vial.status();
    return *vial;
  }
  absl::StatusOr<OpenedContainer> Get(const ContainerName& name) {
    return Run(containers_, &ContainerOperations::GetOpenedContainer, name);
  }
  absl::StatusOr<OpenedContainer> Discard(const ContainerName& name, const std::string& etag = "") {
    return Run(containers_, &ContainerOperations::DiscardContainer,
               DiscardRequest{name, DiscardReason::kLeftover, "", etag});
  }
  static DrawItem Out(const ContainerName& container, int64_t microlitres) {
    DrawItem item;
    item.ampoules = 0;
    item.container = container;
    item.microlitres = microlitres;
    return item;
  }
  absl::StatusOr<DrawAnswer> TakeOut(int n, const ContainerName& container, int64_t microlitres) {
    DrawRequest request;
    request.appointment = AppointmentOf(n);
    request.items = {Out(container, microlitres)};
    return Run(&InventoryOperations::DrawStock, request);
  }
  static AdministeredLot GivenOf(const OpenedContainer& container, int64_t microlitres,
                                 int64_t wasted = 0) {
    AdministeredLot line;
    line.lot = container.lot;
    line.container = container.name;
    line.microlitres = microlitres;
    line.wasted_microlitres = wasted;
    return line;
  }
  static std::vector<std::string> Codes(const Administration& record) {
    std::vector<std::string> codes;
    for (const Deviation& deviation : record.deviations) codes.push_back(deviation.code);
    return codes;
  }
  std::vector<ContainerName> Listed(const std::string& filter, const SiteName& site = kParis) {
    SitePageQuery query;
    query.site = site;
    if (!filter.empty()) {
      query.page.filter = *ParseFilter(filter, {"product", "lot", "state", "due"});
    }
    std::vector<ContainerName> names;
    const auto page = Run(containers_, &ContainerOperations::ListOpenedContainers, query);
    EXPECT_TRUE(page.ok()) << page.status();
    for (const OpenedContainer& container : page->items) names.push_back(container.name);
    return names;
  }
  absl::Time Now() { return database_.clock().Now(); }

  const ContainerOperations containers_{operations_.use_case()};
};

}  // namespace meso::inventory

#endif  // MESO_TESTS_SERVICES_INVENTORY_CONTAINER_FIXTURE_H_
