#include "services/screening/events/screening_consumer.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "meso/inventory/v1/events.pb.h"
#include "meso/scheduling/v1/events.pb.h"

namespace meso::screening {
namespace {

// A handler that reads payload P before `apply` sees it.
template <typename P, typename Apply>
void On(EventHandlers& handlers, Apply apply) {
  handlers[P::descriptor()->full_name()] = [apply](Transaction& tx, const EventPosition&,
                                                   const OutboxEvent& event) -> absl::Status {
    P payload;
    if (!payload.ParseFromString(event.data)) {
      return absl::DataLossError(absl::StrCat("payload of ", event.type, " cannot be read"));
    }
    return apply(tx, payload);
  };
}

// Rules speak of codes ("UNDER_EYE"), not of another service's enum. What scheduling leaves
// unspecified stays empty, which evaluation takes as unknown; so does a value newer than this
// binary.
std::string CodeOf(const std::string& name, absl::string_view prefix) {
  absl::string_view code = name;
  if (!absl::ConsumePrefix(&code, prefix) || code == "UNSPECIFIED") return "";
  return std::string(code);
}

Treatment ToTreatment(const scheduling::v1::TreatmentTypeChanged& payload) {
  Treatment treatment;
  treatment.name = TreatmentName(payload.name());
  treatment.area = CodeOf(scheduling::v1::TreatmentArea_Name(payload.area()), "TREATMENT_AREA_");
  treatment.delivery_method =
      CodeOf(scheduling::v1::DeliveryMethod_Name(payload.delivery_method()), "DELIVERY_METHOD_");
  treatment.technique = CodeOf(scheduling::v1::Technique_Name(payload.technique()), "TECHNIQUE_");
  for (const auto& phase : payload.phases()) {
    treatment.numbing_cream_tags.insert(phase.ingredient_tags().begin(),
                                        phase.ingredient_tags().end());
  }
  treatment.revision = payload.revision();
  return treatment;
}

}  // namespace

EventHandlers SchedulingHandlers(ScreeningOperations& operations) {
  EventHandlers handlers;
  On<scheduling::v1::SiteChanged>(
      handlers, [&operations](Transaction& tx, const scheduling::v1::SiteChanged& payload) {
        return operations.ApplySite(tx, Site{SiteName(payload.name()), payload.time_zone(),
                                             payload.jurisdiction(), payload.revision()});
      });
  On<scheduling::v1::TreatmentTypeChanged>(
      handlers,
      [&operations](Transaction& tx, const scheduling::v1::TreatmentTypeChanged& payload) {
        return operations.ApplyTreatment(tx, ToTreatment(payload));
      });
  return handlers;
}

EventHandlers InventoryHandlers(ScreeningOperations& operations) {
  EventHandlers handlers;
  On<inventory::v1::CocktailPublished>(
      handlers, [&operations](Transaction& tx, const inventory::v1::CocktailPublished& payload) {
        return operations.ApplyCocktailPublished(tx, CocktailRevisionName(payload.cocktail()));
      });
  On<inventory::v1::ProductChanged>(
      handlers,
      [&operations](Transaction& tx, const inventory::v1::ProductChanged& payload) -> absl::Status {
        if (!payload.composition_changed()) return absl::OkStatus();
        std::vector<CocktailRevisionName> cocktails;
        for (const std::string& cocktail : payload.cocktails()) cocktails.emplace_back(cocktail);
        return operations.ApplyCompositionChanged(tx, cocktails);
      });
  return handlers;
}

}  // namespace meso::screening
