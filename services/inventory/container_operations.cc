#include "services/inventory/container_operations.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "services/inventory/container_steps.h"
#include "services/inventory/domain/errors.h"
#include "services/inventory/paged.h"
#include "services/inventory/scan_steps.h"
#include "services/inventory/shelf_steps.h"
#include "services/inventory/store/container_store.h"
#include "services/inventory/store/reservation_store.h"

namespace meso::inventory {
namespace {

absl::Status BooksDisagree() {
  return absl::InternalError("a reservation keeps units its shelf does not have");
}

absl::StatusOr<OpenedContainer> LoadAnswer(Step& step, const ContainerName& name) {
  MESO_ASSIGN_OR_RETURN(std::optional<OpenedContainer> container, LoadContainer(step.tx, name));
  if (!container || !MaySee(step.call, container->site)) return ResourceNotFound(name.value());
  MESO_RETURN_IF_ERROR(JudgeContainer(step, *container));
  step.call.audit.object_version = container->revision;
  return *std::move(container);
}

// One OpenContainer call.
class Opening {
 public:
  Opening(Step& step, const OpenRequest& request) : step_(step), request_(request) {}

  absl::StatusOr<OpenedContainer> Run() {
    MESO_ASSIGN_OR_RETURN(zone_, LoadZone(step_.tx, request_.site));
    MESO_ASSIGN_OR_RETURN(lot_, FindLot(step_, request_.scan, request_.lot));
    MESO_RETURN_IF_ERROR(LoadItsProduct());
    MESO_RETURN_IF_ERROR(CheckOpenOnes());
    MESO_RETURN_IF_ERROR(FindKept());
    container_.name =
        ContainerName(absl::StrCat(request_.site.value(), "/containers/", step_.ids.NewId()));
    MESO_RETURN_IF_ERROR(kept_ == nullptr ? TakeFree() : TakeKept());
    container_.site = request_.site;
    container_.lot_row = lot_.row;
    container_.product = lot_.product;
    container_.size = product_.unit_microlitres;
    container_.appointment = request_.appointment;
    container_.open_time = step_.now;
    container_.beyond_use_time = BeyondUseTimeOf(lot_, product_, step_.now, zone_);
    container_.due_time = DueTimeOf(container_.beyond_use_time, zone_);
    container_.opener = step_.call.user().subject;
    MESO_RETURN_IF_ERROR(InsertContainer(step_.tx, container_));
    MESO_FAILPOINT("inventory.open.before_commit");
    return LoadAnswer(step_, container_.name);
  }

 private:
  absl::Status LoadItsProduct() {
    MESO_ASSIGN_OR_RETURN(std::optional<Product> product, LoadProduct(step_.tx, lot_.product));
    if (!product) return absl::DataLossError("a lot without its product");
    product_ = *std::move(product);
    FieldErrors errors;
    if (IsMultiDose(product_) && !request_.appointment.empty()) {
      errors.Invalid("appointment", "a multi-dose vial is opened for nobody in particular");
    }
    if (!IsMultiDose(product_) && request_.appointment.empty()) errors.Required("appointment");
    return errors.ToStatus();
  }

  // What is open already is used up first.
  absl::Status CheckOpenOnes() {
    if (request_.fefo_override != FefoOverride::kNone) {
      step_.call.audit.facts["fefo_override"] =
          absl::StrCat(static_cast<int>(request_.fefo_override));
      return absl::OkStatus();
    }
    MESO_ASSIGN_OR_RETURN(std::vector<OpenedContainer> open,
                          ListOpenOfProduct(step_.tx, request_.site, lot_.product));
    for (OpenedContainer& container : open) {
      MESO_RETURN_IF_ERROR(JudgeContainer(step_, container));
      if (IsUsedBeforeNew(container, request_.appointment))
        return OpenedComesFirst(lot_, container);
    }
    return absl::OkStatus();
  }

  // A unit of the lot that the appointment's own reservation keeps.
  absl::Status FindKept() {
    if (request_.appointment.empty()) return absl::OkStatus();
    MESO_RETURN_IF_ERROR(ExpireLapsed(step_, request_.site));
    MESO_ASSIGN_OR_RETURN(reservations_,
                          ListReservationsOfAppointment(step_.tx, request_.appointment));
    for (Reservation& reservation : reservations_) {
      if (reservation.state != ReservationState::kReserved &&
          reservation.state != ReservationState::kConfirmed) {
        continue;
      }
      own_ = &reservation;
      for (Allocation& kept : reservation.allocations) {
        const bool meant = kept.lot_row == lot_.row && kept.Left() > 0 &&
                           (request_.unit.empty() || request_.unit == kept.unit);
        if (meant && kept_ == nullptr) kept_ = &kept;
      }
      if (kept_ != nullptr) return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  absl::Status TakeKept() {
    const absl::CivilDay today = DateAt(step_.now, zone_);
    MESO_ASSIGN_OR_RETURN(const std::vector<std::string> reasons,
                          JudgeLot(step_, request_.site, kept_->unit, lot_, today));
    if (!reasons.empty()) return LotNotUsable(lot_, request_.site, today, reasons);
    container_.unit = kept_->unit;
    container_.reservation = own_->name;
    MESO_RETURN_IF_ERROR(AppendMovement(step_.tx, lot_, OpenLine(), 1, BooksDisagree));
    MESO_RETURN_IF_ERROR(UpdateAllocationDrawn(step_.tx, own_->row, *kept_, 1));
    kept_->drawn += 1;
    if (own_->IsFullyDrawn()) own_->state = ReservationState::kDrawn;
    step_.call.Touch("reservation", own_->name.value());
    return UpdateReservationState(step_.tx, *own_);
  }

  absl::Status TakeFree() {
    const Taking taking{request_.site,          request_.unit, 1, DateAt(step_.now, zone_),
                        request_.fefo_override, own_};
    MESO_ASSIGN_OR_RETURN(const std::vector<ShelfShare> shares, ChooseShelves(step_, lot_, taking));
    container_.unit = shares.front().unit;
    return TakeOffShelf(step_, lot_, OpenLine());
  }

  Movement OpenLine() const {
    Movement line = LineOf(step_, MovementKind::kOpen, request_.site, container_.unit, 1);
    line.appointment = request_.appointment;
    line.reservation = container_.reservation;
    line.subject = container_.name.value();
    return line;
  }

  Step& step_;
  const OpenRequest& request_;
  absl::TimeZone zone_;
  Lot lot_;
  Product product_;
  std::vector<Reservation> reservations_;
  Reservation* own_ = nullptr;  // one of them
  Allocation* kept_ = nullptr;  // one of its allocations
  OpenedContainer container_;
};

}  // namespace

absl::StatusOr<OpenedContainer> ContainerOperations::OpenContainer(
    Transaction& tx, const CallContext& call, const OpenRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  return Opening(step, request).Run();
}

absl::StatusOr<OpenedContainer> ContainerOperations::GetOpenedContainer(
    Transaction& tx, const CallContext& call, const ContainerName& name) const {
  Step step = use_case_.Begin(tx, call);
  return LoadAnswer(step, name);
}

absl::StatusOr<Page<OpenedContainer>> ContainerOperations::ListOpenedContainers(
    Transaction& tx, const CallContext& call, const SitePageQuery& query) const {
  Step step = use_case_.Begin(tx, call);
  MESO_ASSIGN_OR_RETURN(std::vector<OpenedContainer> containers,
                        ListContainers(tx, query.site, step.now, query.page));
  MESO_ASSIGN_OR_RETURN(
      Page<OpenedContainer> page,
      MakePage(
          tx, std::move(containers), query.page.size,
          [](const OpenedContainer& container) { return absl::StrCat(container.row); },
          [&](const OpenedContainer& container) { return MaySee(call, container.site); }));
  for (OpenedContainer& container : page.items) {
    MESO_RETURN_IF_ERROR(JudgeContainer(step, container));
  }
  return page;
}

absl::StatusOr<OpenedContainer> ContainerOperations::DiscardContainer(
    Transaction& tx, const CallContext& call, const DiscardRequest& request) const {
  Step step = use_case_.Begin(tx, call);
  MESO_ASSIGN_OR_RETURN(const OpenedContainer container, LoadAnswer(step, request.name));
  const std::string etag = EtagOf(container.revision);
  if (!request.etag.empty() && request.etag != etag) {
    return EtagMismatch(request.name.value(), request.etag, etag);
  }
  const auto closed = [name = request.name, state = container.state] {
    return StateNotAllowed(name.value(), ToText(state), "OPEN");
  };
  if (container.state != ContainerState::kOpen) return closed();
  MESO_RETURN_IF_ERROR(
      UpdateContainerDiscarded(tx, container, request.reason, request.note, step.now, closed));
  MESO_RETURN_IF_ERROR(
      AppendClose(step, container, {container.drawn > 0, step.now, request.reason}));
  call.audit.facts["reason"] = std::string(ToText(request.reason));
  call.audit.facts["wasted_microlitres"] = absl::StrCat(container.remaining);
  return LoadAnswer(step, request.name);
}

}  // namespace meso::inventory
