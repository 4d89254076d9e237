#include "services/scheduling/domain/treatment_type.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/resource_name.h"

namespace meso::scheduling {
namespace {

constexpr absl::Duration kPhaseMax = absl::Hours(8);
constexpr size_t kIndicationsMax = 50;
constexpr size_t kDeviceKindsMax = 5;
constexpr size_t kTagsMax = 20;
constexpr size_t kInstructionsMax = 50;
constexpr size_t kInstructionLengthMax = 500;
constexpr absl::Duration kInstructionOffsetMax = absl::Hours(24 * 365);
constexpr int kSessionsMax = 100;
constexpr int kIntervalDaysMax = 3650;
// The deepest technique in use is a subcutaneous injection of 13 mm.
constexpr int kDepthTenthsMax = 130;

void CheckCodes(const std::vector<std::string>& codes, size_t max, absl::string_view field,
                FieldErrors& errors) {
  if (codes.size() > max) errors.Invalid(field, absl::StrCat("has more than ", max));
  for (size_t i = 0; i < codes.size(); ++i) {
    CheckCode(codes[i], absl::StrCat(field, "[", i, "]"), errors);
  }
}

void CheckPhase(const Phase& phase, const TreatmentType& treatment, const std::string& path,
                FieldErrors& errors) {
  if (phase.kind == PhaseKind::kUnspecified) errors.Required(absl::StrCat(path, ".kind"));
  if (phase.duration < absl::Minutes(1) || phase.duration > kPhaseMax ||
      phase.duration % absl::Minutes(1) != absl::ZeroDuration()) {
    errors.Invalid(absl::StrCat(path, ".duration"), "must be whole minutes, 1 minute to 8 hours");
  }
  if (!phase.room_kind.empty()) {
    CheckCode(phase.room_kind, absl::StrCat(path, ".room_kind"), errors);
  }
  CheckCodes(phase.device_kinds, kDeviceKindsMax, absl::StrCat(path, ".device_kinds"), errors);
  if (std::set<std::string>(phase.device_kinds.begin(), phase.device_kinds.end()).size() !=
      phase.device_kinds.size()) {
    errors.Invalid(absl::StrCat(path, ".device_kinds"), "names a kind twice");
  }
  CheckCodes(phase.ingredient_tags, kTagsMax, absl::StrCat(path, ".ingredient_tags"), errors);
  if (phase.kind == PhaseKind::kProcedure && !phase.needs_practitioner &&
      treatment.delivery_method == DeliveryMethod::kInjectable) {
    errors.Invalid(absl::StrCat(path, ".needs_practitioner"),
                   "must be true: an injectable treatment is never given alone");
  }
}

void CheckPhases(const TreatmentType& treatment, FieldErrors& errors) {
  std::set<PhaseKind> seen;
  for (size_t i = 0; i < treatment.phases.size(); ++i) {
    const std::string path = absl::StrCat("treatment_type.phases[", i, "]");
    CheckPhase(treatment.phases[i], treatment, path, errors);
    if (treatment.phases[i].kind != PhaseKind::kUnspecified &&
        !seen.insert(treatment.phases[i].kind).second) {
      errors.Invalid(absl::StrCat(path, ".kind"), "is there twice");
    }
  }
  if (treatment.phases.empty()) {
    errors.Required("treatment_type.phases");
  } else if (seen.count(PhaseKind::kProcedure) == 0) {
    errors.Invalid("treatment_type.phases", "must have one PROCEDURE");
  }
}

void CheckProtocol(const Protocol& p, FieldErrors& errors) {
  const bool absent = p.sessions_min == 0 && p.sessions_default == 0 && p.sessions_max == 0 &&
                      p.interval_days_min == 0 && p.interval_days_ideal == 0 &&
                      p.interval_days_max == 0;
  if (!absent && (p.sessions_min < 1 || p.sessions_default < p.sessions_min ||
                  p.sessions_max < p.sessions_default || p.sessions_max > kSessionsMax)) {
    errors.Invalid("treatment_type.protocol.sessions_default",
                   "needs 1 <= sessions_min <= sessions_default <= sessions_max <= 100");
  }
  if (p.interval_days_min < 0 || p.interval_days_ideal < p.interval_days_min ||
      p.interval_days_max < p.interval_days_ideal || p.interval_days_max > kIntervalDaysMax) {
    errors.Invalid(
        "treatment_type.protocol.interval_days_ideal",
        "needs 0 <= interval_days_min <= interval_days_ideal <= interval_days_max <= 3650");
  }
  if (p.booster_interval_days < 0 || p.booster_interval_days > kIntervalDaysMax) {
    errors.Invalid("treatment_type.protocol.booster_interval_days", "must be 0 to 3650");
  }
}

void CheckInstructions(const std::vector<Instruction>& instructions, absl::string_view field,
                       FieldErrors& errors) {
  if (instructions.size() > kInstructionsMax) {
    errors.Invalid(field, absl::StrCat("has more than ", kInstructionsMax));
  }
  for (size_t i = 0; i < instructions.size(); ++i) {
    const Instruction& instruction = instructions[i];
    const std::string path = absl::StrCat(field, "[", i, "]");
    if (instruction.text.empty()) {
      errors.Required(absl::StrCat(path, ".text"));
    } else if (instruction.text.size() > kInstructionLengthMax) {
      errors.Invalid(absl::StrCat(path, ".text"), "is longer than 500 bytes");
    }
    if (instruction.end_offset < instruction.begin_offset ||
        instruction.begin_offset < -kInstructionOffsetMax ||
        instruction.end_offset > kInstructionOffsetMax) {
      errors.Invalid(absl::StrCat(path, ".end_offset"),
                     "must not be before begin_offset, both within a year");
    }
  }
}

const Phase* Find(const TreatmentType& treatment, PhaseKind kind) {
  for (const Phase& phase : treatment.phases) {
    if (phase.kind == kind) return &phase;
  }
  return nullptr;
}

absl::Duration DurationOf(const TreatmentType& treatment, PhaseKind kind) {
  const Phase* phase = Find(treatment, kind);
  return phase == nullptr ? absl::ZeroDuration() : phase->duration;
}

}  // namespace

void CheckTreatmentType(const TreatmentType& treatment, FieldErrors& errors) {
  if (treatment.name.empty()) {
    errors.Required("treatment_type.name");
  } else if (!IsNameOf("treatmentTypes/{code}", treatment.name.value())) {
    errors.Invalid("treatment_type.name", "must be treatmentTypes/{code}");
  }
  CheckDisplayName(treatment.display_name, "treatment_type.display_name", errors);
  if (treatment.area == TreatmentArea::kUnspecified) errors.Required("treatment_type.area");
  CheckCodes(treatment.indications, kIndicationsMax, "treatment_type.indications", errors);
  if (treatment.delivery_method == DeliveryMethod::kUnspecified) {
    errors.Required("treatment_type.delivery_method");
  }
  if (treatment.delivery_method == DeliveryMethod::kInjectable &&
      treatment.technique == Technique::kNone) {
    errors.Required("treatment_type.technique");
  }
  if (treatment.depth_tenths_mm < 0 || treatment.depth_tenths_mm > kDepthTenthsMax) {
    errors.Invalid("treatment_type.depth_tenths_mm", "must be 0 to 130");
  }
  CheckPhases(treatment, errors);
  CheckProtocol(treatment.protocol, errors);
  CheckInstructions(treatment.preparation, "treatment_type.preparation", errors);
  CheckInstructions(treatment.aftercare, "treatment_type.aftercare", errors);
}

std::string PhaseWord(PhaseKind kind) {
  switch (kind) {
    case PhaseKind::kPrep:
      return "prep";
    case PhaseKind::kProcedure:
      return "procedure";
    case PhaseKind::kCleanup:
      return "cleanup";
    case PhaseKind::kObservation:
      return "observation";
    case PhaseKind::kUnspecified:
      break;
  }
  return "unknown";
}

Interval PhaseTime(const TreatmentType& treatment, PhaseKind kind, absl::Time begin) {
  const absl::Time procedure = begin + DurationOf(treatment, PhaseKind::kPrep);
  const absl::Time after = procedure + DurationOf(treatment, PhaseKind::kProcedure);
  switch (kind) {
    case PhaseKind::kPrep:
      return {begin, procedure};
    case PhaseKind::kProcedure:
      return {procedure, after};
    default:
      return {after, after + DurationOf(treatment, kind)};
  }
}

Interval SessionTime(const TreatmentType& treatment, absl::Time begin) {
  absl::Time end = begin;
  for (const Phase& phase : treatment.phases) {
    end = std::max(end, PhaseTime(treatment, phase.kind, begin).end);
  }
  return {begin, end};
}

bool NeedsPractitioner(const TreatmentType& treatment) {
  return std::any_of(treatment.phases.begin(), treatment.phases.end(),
                     [](const Phase& phase) { return phase.needs_practitioner; });
}

}  // namespace meso::scheduling
