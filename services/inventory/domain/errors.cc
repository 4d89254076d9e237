#include "services/inventory/domain/errors.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "services/inventory/domain/calendar.h"
#include "services/inventory/domain/reservation.h"

namespace meso::inventory {
namespace {

constexpr absl::StatusCode kRefused = absl::StatusCode::kFailedPrecondition;

std::string Explain(absl::string_view reason) {
  if (reason == kLotExpired) return "it expires before the use date; take another lot";
  if (reason == kLotQuarantined) return "it is in quarantine; wait for its release";
  if (reason == kLotRecalled) return "it is recalled; set it aside";
  if (reason == kLotNotReleased) return "it was not released; wait for its inspection";
  if (reason == kBeyondUseDate) return "less life is left than the product asks for";
  if (reason == kCountInProgress) return "it is being counted; wait for the count";
  if (reason == kNotAuthorised) return "its product is not authorised in the site's jurisdiction";
  if (reason == kFullyReserved) return "all of it is reserved; release a reservation";
  return std::string(reason);
}

}  // namespace

absl::Status UnknownGtin(absl::string_view gtin) {
  return Error(absl::StatusCode::kNotFound, "UNKNOWN_GTIN",
               absl::StrCat("No product has the GTIN ", gtin, ". Register the product first."))
      .With("gtin", gtin);
}

absl::Status LotMismatch(const Lot& known, absl::CivilDay given) {
  return Error(kRefused, "LOT_MISMATCH",
               absl::StrCat("Lot ", known.lot_number, " of ", known.product.value(),
                            " is known to expire ", FormatDate(known.expiry), ", not ",
                            FormatDate(given), ". Compare the pack: one of them was misread."))
      .With("lot", known.name.value())
      .With("known_expiry_date", FormatDate(known.expiry))
      .With("given_expiry_date", FormatDate(given));
}

absl::Status ScanAmbiguous(absl::string_view field, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "SCAN_AMBIGUOUS",
               absl::StrCat("The scan can't be trusted: ", why,
                            ". Compare the pack and type the field ", field, "."))
      .With("field", field)
      .Because({"SCAN_AMBIGUOUS", std::string(field), std::string(why)});
}

absl::Status InsufficientStock(const SiteName& site, absl::CivilDay use_date,
                               const AllocationPlan& plan) {
  std::vector<std::string> missing;
  for (const Shortfall& shortfall : plan.shortfalls) {
    missing.push_back(absl::StrCat(shortfall.product.value(), " (", shortfall.found, " of ",
                                   shortfall.needed, ")"));
  }
  Error error(kRefused, kInsufficientStock,
              absl::StrCat("Not enough usable ampoules at ", site.value(), " for ",
                           FormatDate(use_date), ": ", absl::StrJoin(missing, ", "),
                           ". Receive stock, or choose another site or date."));
  error.With("site", site.value()).With("use_date", FormatDate(use_date));
  for (const Shortfall& shortfall : plan.shortfalls) {
    error.Because({kInsufficientStock, shortfall.product.value(),
                   absl::StrCat(shortfall.found, " usable ampoules, ", shortfall.needed,
                                " needed; receive stock")});
  }
  for (const SkippedLot& skipped : plan.skipped) {
    for (const std::string& reason : skipped.reasons) {
      error.Because({reason, skipped.lot.value(),
                     absl::StrCat("lot ", skipped.lot_number, " (", skipped.ampoules,
                                  " ampoules): ", Explain(reason))});
    }
  }
  return error;
}

absl::Status NotEnoughOfLot(const Lot& lot, const SiteName& site, int64_t wanted, int64_t free) {
  return Error(kRefused, kInsufficientStock,
               absl::StrCat("Lot ", lot.lot_number, " has ", free, " unreserved ampoules at ",
                            site.value(), ", ", wanted, " wanted. Take another lot."))
      .With("lot", lot.name.value())
      .With("site", site.value())
      .With("free", absl::StrCat(free))
      .With("wanted", absl::StrCat(wanted))
      .Because({kInsufficientStock, lot.name.value(), "take another lot"});
}

absl::Status LacksFreeUnits(const Lot& lot, int64_t wanted, const Balance& shelf,
                            const std::vector<ReservationName>& keepers) {
  const int64_t free = shelf.on_hand - shelf.reserved;
  const std::string place = shelf.unit.empty()
                                ? shelf.site.value()
                                : absl::StrCat(shelf.site.value(), "/storageUnits/", shelf.unit);
  Error error(kRefused, kInsufficientStock,
              absl::StrCat(place, " has ", shelf.on_hand, " ampoules of lot ", lot.lot_number, ", ",
                           shelf.reserved, " of them reserved: ", free, " are free, ", wanted,
                           " wanted. Take another lot or shelf, or release the reservations "
                           "first."));
  error.With("lot", lot.name.value())
      .With("site", shelf.site.value())
      .With("wanted", absl::StrCat(wanted))
      .With("on_hand", absl::StrCat(shelf.on_hand))
      .With("reserved", absl::StrCat(shelf.reserved))
      .With("free", absl::StrCat(free));
  if (!shelf.unit.empty()) error.With("storage_unit", shelf.unit);
  if (shelf.on_hand < wanted) {
    error.Because({kInsufficientStock, lot.name.value(),
                   absl::StrCat("only ", shelf.on_hand, " are there; take another lot or shelf")});
  }
  for (const ReservationName& keeper : keepers) {
    error.Because({kFullyReserved, keeper.value(), "it keeps units of the lot; release it first"});
  }
  return error;
}

absl::Status NotDrawnThatMany(const Lot& lot, const AppointmentName& appointment, int64_t wanted,
                              int64_t open) {
  return Error(kRefused, kInsufficientStock,
               absl::StrCat(appointment.value(), " has drawn ", open, " ampoules of lot ",
                            lot.lot_number, " that are neither given nor wasted; ", wanted,
                            " wanted. Look at what it has drawn."))
      .With("lot", lot.name.value())
      .With("appointment", appointment.value())
      .With("wanted", absl::StrCat(wanted))
      .With("open", absl::StrCat(open))
      .Because({kInsufficientStock, lot.name.value(), "look at what the appointment has drawn"});
}

absl::Status ReversalLacksUnits(absl::string_view movement, const Lot& lot, int64_t wanted,
                                const Balance& shelf, const std::vector<ReservationName>& keepers) {
  Error error(kRefused, kInsufficientStock,
              absl::StrCat(movement, " brought ", wanted, " ampoules of ", lot.name.value(), "; ",
                           shelf.on_hand, " are still in ", shelf.site.value(), "/storageUnits/",
                           shelf.unit, ", ", shelf.reserved,
                           " of them reserved. Take back what moved them, or release the "
                           "reservations, first."));
  error.With("movement", movement)
      .With("lot", lot.name.value())
      .With("site", shelf.site.value())
      .With("storage_unit", shelf.unit)
      .With("wanted", absl::StrCat(wanted))
      .With("on_hand", absl::StrCat(shelf.on_hand))
      .With("reserved", absl::StrCat(shelf.reserved));
  if (shelf.on_hand < wanted) {
    error.Because({kInsufficientStock, lot.name.value(),
                   absl::StrCat(wanted - shelf.on_hand,
                                " of them have left the shelf; take those movements back first")});
  }
  for (const ReservationName& keeper : keepers) {
    error.Because({kFullyReserved, keeper.value(), "it keeps units of the lot; release it first"});
  }
  return error;
}

absl::Status BeyondHorizon(const SiteName& site, absl::CivilDay use_date, absl::CivilDay horizon) {
  return Error(kRefused, "STOCK_NOT_AVAILABLE",
               absl::StrCat("Ampoules can be promised until ", FormatDate(horizon), " at ",
                            site.value(), ", not for ", FormatDate(use_date),
                            ". Reserve nearer to the date."))
      .With("site", site.value())
      .With("use_date", FormatDate(use_date))
      .With("horizon", FormatDate(horizon))
      .With("cause", "BEYOND_HORIZON")
      .Because({"BEYOND_HORIZON", site.value(),
                absl::StrCat("stock is promised for days until ", FormatDate(horizon))});
}

absl::Status NotAuthorised(const SiteName& site, absl::string_view jurisdiction,
                           const std::vector<ProductName>& products) {
  const auto append_name = [](std::string* out, const ProductName& product) {
    absl::StrAppend(out, product.value());
  };
  Error error(kRefused, "STOCK_NOT_AVAILABLE",
              absl::StrCat(absl::StrJoin(products, ", ", append_name), " may not be used at ",
                           site.value(), " (", jurisdiction, "). Choose another recipe."));
  error.With("site", site.value()).With("jurisdiction", jurisdiction).With("cause", kNotAuthorised);
  for (const ProductName& product : products) {
    error.Because({kNotAuthorised, product.value(), "it is blocked in the site's jurisdiction"});
  }
  return error;
}

absl::Status LotNotUsable(const Lot& lot, const SiteName& site, absl::CivilDay use_date,
                          const std::vector<std::string>& reasons) {
  Error error(kRefused, reasons.front(),
              absl::StrCat("Lot ", lot.lot_number, " may not be used at ", site.value(), " on ",
                           FormatDate(use_date), ": ", Explain(reasons.front()), "."));
  error.With("lot", lot.name.value())
      .With("site", site.value())
      .With("use_date", FormatDate(use_date))
      .With("expiry_date", FormatDate(lot.expiry));
  for (const std::string& reason : reasons) {
    error.Because({reason, lot.name.value(), Explain(reason)});
  }
  return error;
}

absl::Status NotFefo(const Lot& wanted, const Lot& earlier) {
  return Error(kRefused, "NOT_FEFO",
               absl::StrCat("Lot ", earlier.lot_number, " expires ", FormatDate(earlier.expiry),
                            ", before lot ", wanted.lot_number, " (", FormatDate(wanted.expiry),
                            "). Take it, or say why not in fefo_override."))
      .With("lot", wanted.name.value())
      .With("earlier_lot", earlier.name.value())
      .Because({"NOT_FEFO", wanted.name.value(), "an earlier expiring lot is usable"});
}

absl::Status OpenedComesFirst(const Lot& wanted, const OpenedContainer& open) {
  return Error(kRefused, "NOT_FEFO",
               absl::StrCat(open.name.value(), " of lot ", open.lot_number, " is open and holds ",
                            open.remaining, " microlitres. Use it up before one of lot ",
                            wanted.lot_number, ", or say why not in fefo_override."))
      .With("lot", wanted.name.value())
      .With("container", open.name.value())
      .With("remaining_microlitres", absl::StrCat(open.remaining))
      .Because({"NOT_FEFO", open.name.value(), "it is open and usable"});
}

absl::Status ContainerNotUsable(const OpenedContainer& container) {
  const auto explain = [&](const std::string& reason) {
    return reason == kBeyondUseDate ? std::string("its beyond-use time has passed; discard it")
                                    : Explain(reason);
  };
  Error error(kRefused, container.reasons.front(),
              absl::StrCat("Nothing may be taken out of ", container.name.value(), " of lot ",
                           container.lot_number, ": ", explain(container.reasons.front()), "."));
  error.With("container", container.name.value())
      .With("lot", container.lot.value())
      .With("beyond_use_time",
            absl::FormatTime(absl::RFC3339_sec, container.beyond_use_time, absl::UTCTimeZone()));
  for (const std::string& reason : container.reasons) {
    error.Because({reason, container.name.value(), explain(reason)});
  }
  return error;
}

absl::Status TooLittleLeft(const OpenedContainer& container, int64_t wanted) {
  return Error(kRefused, kInsufficientStock,
               absl::StrCat(container.name.value(), " holds ", container.remaining,
                            " microlitres, ", wanted, " wanted. Take less, or open another one."))
      .With("container", container.name.value())
      .With("remaining_microlitres", absl::StrCat(container.remaining))
      .With("wanted_microlitres", absl::StrCat(wanted))
      .Because({kInsufficientStock, container.name.value(), "take less, or open another one"});
}

absl::Status NotInRecipe(const ProductName& product, absl::string_view reservation) {
  return Error(kRefused, "STATE_NOT_ALLOWED",
               absl::StrCat(reservation, " keeps no more ampoules of ", product.value(),
                            ". Draw what its recipe asks for, or draw without a reservation."))
      .With("product", product.value())
      .With("reservation", reservation)
      .Because({"STATE_NOT_ALLOWED", product.value(), "nothing of it is left to draw"});
}

absl::Status PeriodClosed(absl::Time occurred, absl::Time limit, absl::string_view why) {
  const auto text = [](absl::Time t) {
    return absl::FormatTime(absl::RFC3339_sec, t, absl::UTCTimeZone());
  };
  return Error(kRefused, "PERIOD_CLOSED",
               absl::StrCat("A line of ", text(occurred), " ", why, " (", text(limit),
                            "). Book it as of now, with its reason."))
      .With("occurred_time", text(occurred))
      .With("limit_time", text(limit))
      .Because({"PERIOD_CLOSED", text(occurred), std::string(why)});
}

absl::Status SelfApproval(absl::string_view object, absl::string_view what) {
  return Error(kRefused, "SELF_APPROVAL",
               absl::StrCat(object, " needs a second person: ", what, "."))
      .With("object", object)
      .Because({"SELF_APPROVAL", std::string(object), std::string(what)});
}

absl::Status ShipmentRefused(const SiteName& site, absl::CivilDay date,
                             const std::vector<ShelfRefusal>& refusals) {
  std::string reason = kInsufficientStock;
  std::vector<std::string> lots;
  for (const ShelfRefusal& refusal : refusals) {
    if (reason == kInsufficientStock && !refusal.reasons.empty()) reason = refusal.reasons.front();
    lots.push_back(absl::StrCat(refusal.lot.lot_number, " in ", refusal.shelf.unit));
  }
  Error error(
      kRefused, reason,
      absl::StrCat("Not everything can leave ", site.value(), " on ", FormatDate(date), ": ",
                   absl::StrJoin(lots, ", "), ". Take other lots, or release what keeps them."));
  error.With("site", site.value()).With("date", FormatDate(date));
  for (const ShelfRefusal& refusal : refusals) {
    const std::string& lot = refusal.lot.name.value();
    for (const std::string& why : refusal.reasons) error.Because({why, lot, Explain(why)});
    const int64_t free = refusal.shelf.on_hand - refusal.shelf.reserved;
    if (free < refusal.wanted) {
      error.Because({kInsufficientStock, lot,
                     absl::StrCat(refusal.wanted, " wanted from ", refusal.shelf.unit, ", ",
                                  refusal.shelf.on_hand, " are there, ", refusal.shelf.reserved,
                                  " of them reserved")});
    }
    for (const ReservationName& keeper : refusal.keepers) {
      error.Because({kFullyReserved, keeper.value(),
                     absl::StrCat("it keeps units of ", lot, "; release it, or take them")});
    }
  }
  return error;
}

absl::Status ReadingDiffers(absl::string_view sensor, absl::Time time, int64_t known,
                            int64_t given) {
  const std::string when = absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
  return Error(absl::StatusCode::kAlreadyExists, "ALREADY_EXISTS",
               absl::StrCat("Sensor ", sensor, " measured ", known, " hundredths of a degree at ",
                            when, ", not ", given,
                            ". A measured value is never changed: correct what the sensor sends."))
      .With("sensor", sensor)
      .With("measure_time", when)
      .With("known_centidegrees", absl::StrCat(known))
      .With("given_centidegrees", absl::StrCat(given));
}

absl::Status TraceTooLarge(absl::string_view what, int limit) {
  return Error(absl::StatusCode::kInvalidArgument, "RANGE_TOO_LARGE",
               absl::StrCat("More than ", limit, " ", what, ". Read them page by page."))
      .With("limit", absl::StrCat(limit));
}

}  // namespace meso::inventory
