#include "services/scheduling/store/body_codec.h"

#include "common/base/codec.h"
#include "common/database/database.h"

namespace meso::scheduling {
namespace {

constexpr int64_t kFormat = 1;

int64_t Micros(absl::Time time) { return std::get<int64_t>(TimeValue(time)); }

absl::Status Ended(const Decoder& in, int64_t format) {
  if (in.done() && format == kFormat) return absl::OkStatus();
  return absl::DataLossError("a stored body can't be read");
}

void Put(const std::vector<std::string>& texts, Encoder& out) {
  out.Int(static_cast<int64_t>(texts.size()));
  for (const std::string& text : texts) out.String(text);
}

std::vector<std::string> Texts(Decoder& in) {
  std::vector<std::string> texts;
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) texts.push_back(in.String());
  return texts;
}

void Put(const std::optional<absl::CivilDay>& day, Encoder& out) {
  out.String(day ? FormatDate(*day) : "");
}

std::optional<absl::CivilDay> Day(Decoder& in) { return ParseDate(in.String()); }

void Put(const WorkingHours& hours, Encoder& out) {
  out.Int(static_cast<int64_t>(hours.size()));
  for (const WeeklyRule& rule : hours) {
    out.Int(static_cast<int64_t>(rule.day)).Int(rule.begin_minute).Int(rule.end_minute);
    Put(rule.valid_from, out);
    Put(rule.valid_until, out);
  }
}

WorkingHours Hours(Decoder& in) {
  WorkingHours hours;
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) {
    WeeklyRule rule;
    rule.day = static_cast<absl::Weekday>(in.Int());
    rule.begin_minute = static_cast<int>(in.Int());
    rule.end_minute = static_cast<int>(in.Int());
    rule.valid_from = Day(in);
    rule.valid_until = Day(in);
    hours.push_back(rule);
  }
  return hours;
}

void Put(const std::vector<Instruction>& instructions, Encoder& out) {
  out.Int(static_cast<int64_t>(instructions.size()));
  for (const Instruction& instruction : instructions) {
    out.String(instruction.text)
        .Int(absl::ToInt64Seconds(instruction.begin_offset))
        .Int(absl::ToInt64Seconds(instruction.end_offset));
  }
}

std::vector<Instruction> Instructions(Decoder& in) {
  std::vector<Instruction> instructions;
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) {
    Instruction instruction;
    instruction.text = in.String();
    instruction.begin_offset = absl::Seconds(in.Int());
    instruction.end_offset = absl::Seconds(in.Int());
    instructions.push_back(std::move(instruction));
  }
  return instructions;
}

void Put(const Phase& phase, Encoder& out) {
  out.Int(static_cast<int64_t>(phase.kind)).Int(absl::ToInt64Seconds(phase.duration));
  out.Int(phase.needs_practitioner).String(phase.room_kind);
  Put(phase.device_kinds, out);
  Put(phase.ingredient_tags, out);
}

Phase OnePhase(Decoder& in) {
  Phase phase;
  phase.kind = static_cast<PhaseKind>(in.Int());
  phase.duration = absl::Seconds(in.Int());
  phase.needs_practitioner = in.Int() != 0;
  phase.room_kind = in.String();
  phase.device_kinds = Texts(in);
  phase.ingredient_tags = Texts(in);
  return phase;
}

}  // namespace

std::string EncodeBody(const Site& site) {
  Encoder out;
  out.Int(kFormat).String(site.display_name).String(site.time_zone).String(site.jurisdiction);
  out.String(site.gln);
  Put(site.working_hours, out);
  return out.Take();
}

absl::Status DecodeBody(absl::string_view bytes, Site* site) {
  Decoder in(bytes);
  const int64_t format = in.Int();
  site->display_name = in.String();
  site->time_zone = in.String();
  site->jurisdiction = in.String();
  site->gln = in.String();
  site->working_hours = Hours(in);
  return Ended(in, format);
}

std::string EncodeBody(const Practitioner& practitioner) {
  Encoder out;
  out.Int(kFormat).String(practitioner.display_name);
  out.Int(static_cast<int64_t>(practitioner.profession));
  Put(practitioner.languages, out);
  out.Int(static_cast<int64_t>(practitioner.credentials.size()));
  for (const Credential& credential : practitioner.credentials) {
    out.String(credential.treatment_type.value());
    Put(credential.valid_from, out);
    Put(credential.valid_until, out);
  }
  out.Int(static_cast<int64_t>(practitioner.site_hours.size()));
  for (const SiteHours& hours : practitioner.site_hours) {
    out.String(hours.site.value());
    Put(hours.working_hours, out);
  }
  return out.Take();
}

absl::Status DecodeBody(absl::string_view bytes, Practitioner* practitioner) {
  Decoder in(bytes);
  const int64_t format = in.Int();
  practitioner->display_name = in.String();
  practitioner->profession = static_cast<Profession>(in.Int());
  practitioner->languages = Texts(in);
  practitioner->credentials.clear();
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) {
    Credential credential;
    credential.treatment_type = TreatmentName(in.String());
    credential.valid_from = Day(in);
    credential.valid_until = Day(in);
    practitioner->credentials.push_back(std::move(credential));
  }
  practitioner->site_hours.clear();
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) {
    SiteHours hours;
    hours.site = SiteName(in.String());
    hours.working_hours = Hours(in);
    practitioner->site_hours.push_back(std::move(hours));
  }
  return Ended(in, format);
}

std::string EncodeBody(const Room& room) {
  Encoder out;
  out.Int(kFormat).String(room.display_name).Int(room.out_of_service);
  Put(room.kinds, out);
  Put(room.working_hours, out);
  return out.Take();
}

absl::Status DecodeBody(absl::string_view bytes, Room* room) {
  Decoder in(bytes);
  const int64_t format = in.Int();
  room->display_name = in.String();
  room->out_of_service = in.Int() != 0;
  room->kinds = Texts(in);
  room->working_hours = Hours(in);
  return Ended(in, format);
}

std::string EncodeBody(const Device& device) {
  Encoder out;
  out.Int(kFormat).String(device.display_name).Int(device.out_of_service).String(device.kind);
  Put(device.working_hours, out);
  return out.Take();
}

absl::Status DecodeBody(absl::string_view bytes, Device* device) {
  Decoder in(bytes);
  const int64_t format = in.Int();
  device->display_name = in.String();
  device->out_of_service = in.Int() != 0;
  device->kind = in.String();
  device->working_hours = Hours(in);
  return Ended(in, format);
}

std::string EncodeBody(const TreatmentType& treatment) {
  Encoder out;
  out.Int(kFormat).String(treatment.display_name).Int(static_cast<int64_t>(treatment.area));
  Put(treatment.indications, out);
  out.Int(static_cast<int64_t>(treatment.delivery_method));
  out.Int(static_cast<int64_t>(treatment.technique)).Int(treatment.depth_tenths_mm);
  out.Int(static_cast<int64_t>(treatment.phases.size()));
  for (const Phase& phase : treatment.phases) Put(phase, out);
  const Protocol& protocol = treatment.protocol;
  out.Int(protocol.sessions_min).Int(protocol.sessions_default).Int(protocol.sessions_max);
  out.Int(protocol.interval_days_min).Int(protocol.interval_days_ideal);
  out.Int(protocol.interval_days_max).Int(protocol.booster_interval_days);
  Put(treatment.preparation, out);
  Put(treatment.aftercare, out);
  return out.Take();
}

absl::Status DecodeBody(absl::string_view bytes, TreatmentType* treatment) {
  Decoder in(bytes);
  const int64_t format = in.Int();
  treatment->display_name = in.String();
  treatment->area = static_cast<TreatmentArea>(in.Int());
  treatment->indications = Texts(in);
  treatment->delivery_method = static_cast<DeliveryMethod>(in.Int());
  treatment->technique = static_cast<Technique>(in.Int());
  treatment->depth_tenths_mm = static_cast<int>(in.Int());
  treatment->phases.clear();
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) treatment->phases.push_back(OnePhase(in));
  Protocol& protocol = treatment->protocol;
  for (int* field : {&protocol.sessions_min, &protocol.sessions_default, &protocol.sessions_max,
                     &protocol.interval_days_min, &protocol.interval_days_ideal,
                     &protocol.interval_days_max, &protocol.booster_interval_days}) {
    *field = static_cast<int>(in.Int());
  }
  treatment->preparation = Instructions(in);
  treatment->aftercare = Instructions(in);
  return Ended(in, format);
}

std::string EncodeBody(const ClearanceRecord& clearance) {
  Encoder out;
  out.Int(kFormat).String(clearance.state).String(clearance.rule_set);
  Put(clearance.assessments, out);
  out.Int(Micros(clearance.expire_time)).String(clearance.as_of.source);
  out.String(clearance.as_of.epoch).Int(clearance.as_of.sequence);
  return out.Take();
}

absl::Status DecodeBody(absl::string_view bytes, ClearanceRecord* clearance) {
  Decoder in(bytes);
  const int64_t format = in.Int();
  clearance->state = in.String();
  clearance->rule_set = in.String();
  clearance->assessments = Texts(in);
  clearance->expire_time = ToTime(in.Int());
  clearance->as_of.source = in.String();
  clearance->as_of.epoch = in.String();
  clearance->as_of.sequence = in.Int();
  return Ended(in, format);
}

std::string EncodeBody(const std::vector<Warning>& warnings) {
  Encoder out;
  out.Int(kFormat).Int(static_cast<int64_t>(warnings.size()));
  for (const Warning& warning : warnings) {
    out.String(warning.code).String(warning.object).String(warning.description);
  }
  return out.Take();
}

absl::Status DecodeBody(absl::string_view bytes, std::vector<Warning>* warnings) {
  Decoder in(bytes);
  const int64_t format = in.Int();
  warnings->clear();
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) {
    Warning warning;
    warning.code = in.String();
    warning.object = in.String();
    warning.description = in.String();
    warnings->push_back(std::move(warning));
  }
  return Ended(in, format);
}

std::string EncodeBody(const std::vector<std::string>& names) {
  Encoder out;
  out.Int(kFormat);
  Put(names, out);
  return out.Take();
}

absl::Status DecodeBody(absl::string_view bytes, std::vector<std::string>* names) {
  Decoder in(bytes);
  const int64_t format = in.Int();
  *names = Texts(in);
  return Ended(in, format);
}

}  // namespace meso::scheduling
