#include "services/scheduling/peers/scheduling_grpc_peers.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/rpc/proto_values.h"
#include "meso/inventory/v1/inventory_service.grpc.pb.h"
#include "meso/screening/v1/screening_service.grpc.pb.h"

namespace meso::scheduling {
namespace {

namespace inventory = ::meso::inventory::v1;
namespace screening = ::meso::screening::v1;
using Inventory = inventory::InventoryService::Stub;
using Screening = screening::ScreeningService::Stub;

constexpr absl::Duration kTimeout = absl::Seconds(3);
constexpr int kAdministrationsMax = 100;

Position FromProto(const events::v1::Position& proto) {
  return {proto.source(), proto.epoch(), static_cast<int64_t>(proto.sequence())};
}

std::string Word(const std::string& enum_name, absl::string_view prefix) {
  return std::string(absl::StripPrefix(enum_name, prefix));
}

absl::Time TimeOf(const google::protobuf::Timestamp& proto) {
  FieldErrors ignored;  // a peer's own timestamp: out of range means unset
  return meso::FromProto(proto, "time", ignored);
}

void AddQuestions(const google::protobuf::RepeatedPtrField<screening::OpenQuestion>& from,
                  Clearance* to) {
  for (const screening::OpenQuestion& question : from) {
    to->open_questions.push_back(
        {question.area().empty() ? question.question()
                                 : absl::StrCat(question.question(), "/", question.area()),
         Word(screening::OpenQuestion::Cause_Name(question.cause()), "CAUSE_"),
         question.blocking()});
  }
}

Clearance FromProto(const screening::Clearance& proto) {
  Clearance clearance;
  clearance.state = Word(screening::Clearance::State_Name(proto.state()), "STATE_");
  clearance.cocktail = proto.cocktail();
  for (const screening::Finding& finding : proto.findings()) {
    clearance.findings.push_back({finding.rule(),
                                  Word(screening::Effect_Name(finding.effect()), "EFFECT_"),
                                  finding.title(), finding.explanation(), finding.citation()});
  }
  AddQuestions(proto.missing_questions(), &clearance);
  AddQuestions(proto.due_questions(), &clearance);
  clearance.unreachable.assign(proto.unreachable().begin(), proto.unreachable().end());
  clearance.missing_inputs.assign(proto.missing_inputs().begin(), proto.missing_inputs().end());
  clearance.consent = proto.consent();
  clearance.earliest_safe_date = proto.earliest_safe_date();
  clearance.rule_set = proto.rule_set();
  clearance.assessments.assign(proto.assessments().begin(), proto.assessments().end());
  if (proto.has_expire_time()) clearance.expire_time = TimeOf(proto.expire_time());
  clearance.as_of = FromProto(proto.as_of());
  return clearance;
}

StockAnswer FromProto(const inventory::Reservation& proto) {
  StockAnswer answer;
  answer.reservation = ReservationName(proto.name());
  answer.state = Word(inventory::Reservation::State_Name(proto.state()), "STATE_");
  for (const inventory::Allocation& allocation : proto.allocations()) {
    answer.lots.emplace_back(allocation.lot());
  }
  answer.invalid_reasons.assign(proto.invalid_reasons().begin(), proto.invalid_reasons().end());
  answer.as_of = FromProto(proto.as_of());
  return answer;
}

class GrpcPeers final : public SchedulingPeers {
 public:
  GrpcPeers(const Peer& screening_peer, const Peer& inventory_peer)
      : screening_(screening_peer),
        inventory_(inventory_peer),
        screening_stub_(screening::ScreeningService::NewStub(screening_peer.channel())),
        inventory_stub_(inventory::InventoryService::NewStub(inventory_peer.channel())) {}

  absl::StatusOr<Clearance> CheckClearance(const CallContext& call,
                                           const ClearanceQuestion& question) override {
    screening::CheckClearanceRequest request;
    request.set_patient(question.patient.value());
    request.set_site(question.site.value());
    request.set_treatment(question.treatment.value());
    request.set_cocktail(question.cocktail.value());
    if (question.at != absl::InfinitePast()) ToProto(question.at, request.mutable_at());
    screening::Clearance response;
    MESO_RETURN_IF_ERROR(CallPeer(screening_, *screening_stub_, &Screening::CheckClearance, call,
                                  kTimeout, request, &response));
    return FromProto(response);
  }

  absl::StatusOr<StockAnswer> ReserveStock(const CallContext& call,
                                           const StockWish& wish) override {
    inventory::ReserveStockRequest request;
    request.set_reservation_id(
        std::string(absl::StripPrefix(wish.reservation.value(), "reservations/")));
    request.set_site(wish.site.value());
    request.set_cocktail(wish.cocktail.value());
    ToProto(wish.use_time, request.mutable_use_time());
    request.set_appointment(wish.appointment.value());
    request.set_validate_only(wish.validate_only);
    request.set_request_id(wish.request_id);
    inventory::Reservation response;
    MESO_RETURN_IF_ERROR(CallPeer(inventory_, *inventory_stub_, &Inventory::ReserveStock, call,
                                  kTimeout, request, &response));
    return FromProto(response);
  }

  absl::Status ReleaseReservation(const CallContext& call, const ReservationName& reservation,
                                  const SiteName& site, const std::string& request_id) override {
    inventory::ReleaseReservationRequest request;
    request.set_name(reservation.value());
    request.set_site(site.value());
    request.set_request_id(request_id);
    inventory::Reservation response;
    return CallPeer(inventory_, *inventory_stub_, &Inventory::ReleaseReservation, call, kTimeout,
                    request, &response);
  }

  absl::StatusOr<StockAnswer> GetReservation(const CallContext& call,
                                             const ReservationName& reservation) override {
    inventory::GetReservationRequest request;
    request.set_name(reservation.value());
    inventory::Reservation response;
    MESO_RETURN_IF_ERROR(CallPeer(inventory_, *inventory_stub_, &Inventory::GetReservation, call,
                                  kTimeout, request, &response));
    return FromProto(response);
  }

  absl::StatusOr<KitAnswer> CheckEmergencyKit(const CallContext& call,
                                              const SiteName& site) override {
    inventory::CheckEmergencyKitRequest request;
    request.set_site(site.value());
    inventory::EmergencyKit response;
    MESO_RETURN_IF_ERROR(CallPeer(inventory_, *inventory_stub_, &Inventory::CheckEmergencyKit, call,
                                  kTimeout, request, &response));
    KitAnswer answer;
    answer.missing = response.state() != inventory::EmergencyKit::STATE_STOCKED &&
                     response.state() != inventory::EmergencyKit::STATE_BELOW_PAR;
    for (const inventory::EmergencyKitLine& line : response.lines()) {
      if (line.available() <= 0) {
        answer.missing_products.push_back(line.product());
      } else if (line.available() < line.par()) {
        answer.below_par.push_back({line.product(), line.available(), line.par()});
      }
    }
    return answer;
  }

  absl::StatusOr<AdministrationAnswer> ListAdministrations(
      const CallContext& call, const AppointmentName& appointment) override {
    inventory::ListAdministrationsRequest request;
    request.set_parent(SiteOfAppointment(appointment));
    request.set_page_size(kAdministrationsMax);
    request.set_filter(absl::StrCat("appointment = \"", appointment.value(), "\""));
    inventory::ListAdministrationsResponse response;
    MESO_RETURN_IF_ERROR(CallPeer(inventory_, *inventory_stub_, &Inventory::ListAdministrations,
                                  call, kTimeout, request, &response));
    AdministrationAnswer answer;
    for (const inventory::Administration& administration : response.administrations()) {
      answer.names.push_back(administration.name());
      for (const inventory::AdministeredLot& lot : administration.lots()) {
        answer.given_ampoules += lot.ampoules();
        // A volume out of an opened container counts as one.
        if (lot.microlitres() > 0 && !lot.container().empty()) ++answer.given_ampoules;
      }
      // What is outstanding is the appointment's, the same in every record of this answer.
      answer.outstanding_ampoules = 0;
      for (const inventory::DrawnLot& drawn : administration.outstanding()) {
        answer.outstanding_ampoules += drawn.ampoules() - drawn.accounted_ampoules();
        if (drawn.accounted_microlitres() < drawn.microlitres()) ++answer.outstanding_ampoules;
      }
    }
    return answer;
  }

  absl::StatusOr<PatientName> GetAssessmentPatient(const CallContext& call,
                                                   const std::string& assessment) override {
    screening::GetAssessmentRequest request;
    request.set_name(assessment);
    screening::Assessment response;
    MESO_RETURN_IF_ERROR(CallPeer(screening_, *screening_stub_, &Screening::GetAssessment, call,
                                  kTimeout, request, &response));
    return PatientName(response.patient());
  }

 private:
  static std::string SiteOfAppointment(const AppointmentName& appointment) {
    const std::string& name = appointment.value();
    return name.substr(0, name.find("/appointments/"));
  }

  const Peer& screening_;
  const Peer& inventory_;
  const std::unique_ptr<Screening> screening_stub_;
  const std::unique_ptr<Inventory> inventory_stub_;
};

}  // namespace

std::unique_ptr<SchedulingPeers> MakeGrpcPeers(const Peer& screening, const Peer& inventory) {
  return std::make_unique<GrpcPeers>(screening, inventory);
}

}  // namespace meso::scheduling
