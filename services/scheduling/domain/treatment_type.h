// What the chain offers, and how a session of it unfolds: phases with their own resources.
//
// Prep comes first, then the procedure; cleanup and observation both begin when the procedure ends,
// because the patient is watched while the room is made ready. Pure values; thread-safe.
#ifndef MESO_SERVICES_SCHEDULING_DOMAIN_TREATMENT_TYPE_H_
#define MESO_SERVICES_SCHEDULING_DOMAIN_TREATMENT_TYPE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/base/ids.h"
#include "services/scheduling/domain/site.h"

namespace meso::scheduling {

enum class TreatmentArea {
  kUnspecified = 0,
  kFace = 1,
  kUnderEye = 2,
  kScalp = 3,
  kBodyFat = 4,
  kBodyCellulite = 5
};
enum class DeliveryMethod { kUnspecified = 0, kInjectable = 1, kDeviceAssisted = 2, kHomeCare = 3 };
enum class Technique { kNone = 0, kNappage = 1, kMicropapule = 2, kPointByPoint = 3 };
enum class PhaseKind {
  kUnspecified = 0,
  kPrep = 1,
  kProcedure = 2,
  kCleanup = 3,
  kObservation = 4
};

struct Phase {
  PhaseKind kind = PhaseKind::kUnspecified;
  absl::Duration duration;  // whole minutes
  bool needs_practitioner = false;
  std::string room_kind;  // empty = none
  std::vector<std::string> device_kinds;
  std::vector<std::string> ingredient_tags;  // of what is applied beside the cocktail
};

struct Protocol {
  int sessions_min = 0;
  int sessions_default = 0;
  int sessions_max = 0;
  int interval_days_min = 0;
  int interval_days_ideal = 0;
  int interval_days_max = 0;
  int booster_interval_days = 0;
};

struct Instruction {
  std::string text;
  absl::Duration begin_offset;  // relative to the session
  absl::Duration end_offset;
};

struct TreatmentType {
  TreatmentName name;
  std::string display_name;
  TreatmentArea area = TreatmentArea::kUnspecified;
  std::vector<std::string> indications;
  DeliveryMethod delivery_method = DeliveryMethod::kUnspecified;
  Technique technique = Technique::kNone;
  int depth_tenths_mm = 0;
  std::vector<Phase> phases;
  Protocol protocol;
  std::vector<Instruction> preparation;
  std::vector<Instruction> aftercare;
  Version version;
};

// Adds every bad field to `errors`, with paths below "treatment_type".
void CheckTreatmentType(const TreatmentType& treatment, FieldErrors& errors);

// The lower-case word for a phase in messages: "prep", "procedure", ...
std::string PhaseWord(PhaseKind kind);

// When a phase runs in a session that begins at `begin`. Precondition: `treatment` has a PROCEDURE.
Interval PhaseTime(const TreatmentType& treatment, PhaseKind kind, absl::Time begin);

// The whole session. Precondition: as above.
Interval SessionTime(const TreatmentType& treatment, absl::Time begin);

// Whether any phase occupies a practitioner.
bool NeedsPractitioner(const TreatmentType& treatment);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_DOMAIN_TREATMENT_TYPE_H_
