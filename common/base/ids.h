// Strong identifier types: a lot's name cannot be passed where a patient's is wanted.
//
// An Id wraps the full resource name ("lots/0198f2c4-...", "sites/par-1") or, where a comment says
// so, a bare code. It is ordered and hashable. It does not validate: parsing and form checks are in
// resource_name.h.
#ifndef MESO_COMMON_BASE_IDS_H_
#define MESO_COMMON_BASE_IDS_H_

#include <ostream>
#include <string>
#include <utility>

namespace meso {

template <typename Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string value) : value_(std::move(value)) {}

  const std::string& value() const { return value_; }
  bool empty() const { return value_.empty(); }

  friend bool operator==(const Id& a, const Id& b) { return a.value_ == b.value_; }
  friend bool operator!=(const Id& a, const Id& b) { return a.value_ != b.value_; }
  friend bool operator<(const Id& a, const Id& b) { return a.value_ < b.value_; }
  friend std::ostream& operator<<(std::ostream& out, const Id& id) { return out << id.value_; }
  template <typename H>
  friend H AbslHashValue(H h, const Id& id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  std::string value_;
};

// The names that cross service seams; a service adds its own in its domain/.
using SiteName = Id<struct SiteTag>;                  // sites/{code}
using PatientName = Id<struct PatientTag>;            // patients/{code}: patient data
using AppointmentName = Id<struct AppointmentTag>;    // sites/{site}/appointments/{uuid}
using TreatmentName = Id<struct TreatmentTag>;        // treatmentTypes/{code}
using CocktailRevisionName = Id<struct CocktailTag>;  // cocktails/{code}/revisions/r{n}
using LotName = Id<struct LotTag>;                    // lots/{uuid}
using ReservationName = Id<struct ReservationTag>;    // reservations/{uuid}
using ProductName = Id<struct ProductTag>;            // products/{code}

}  // namespace meso

#endif  // MESO_COMMON_BASE_IDS_H_
