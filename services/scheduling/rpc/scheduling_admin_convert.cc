#include "services/scheduling/rpc/scheduling_admin_convert.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/rpc/proto_values.h"

namespace meso::scheduling {
namespace {

using meso::FromProto;
using meso::ToProto;

int Minute(const std::string& text, const std::string& field, FieldErrors& errors) {
  const std::optional<int> minute = ParseMinuteOfDay(text);
  if (minute) return *minute;
  errors.Invalid(field, "must be HH:MM");
  return 0;
}

std::optional<absl::CivilDay> Date(const std::string& text, const std::string& field,
                                   FieldErrors& errors) {
  if (text.empty()) return std::nullopt;
  const std::optional<absl::CivilDay> day = ParseDate(text);
  if (!day) errors.Invalid(field, "must be a date YYYY-MM-DD that exists");
  return day;
}

WorkingHours HoursFromProto(const v1::WorkingHours& proto, const std::string& field,
                            FieldErrors& errors) {
  WorkingHours hours;
  for (int i = 0; i < proto.rules_size(); ++i) {
    const v1::WeeklyRule& from = proto.rules(i);
    const std::string path = absl::StrCat(field, ".rules[", i, "]");
    WeeklyRule rule;
    if (from.day() < v1::DAY_OF_WEEK_MONDAY || from.day() > v1::DAY_OF_WEEK_SUNDAY) {
      errors.Required(absl::StrCat(path, ".day"));
    } else {
      rule.day = static_cast<absl::Weekday>(from.day() - v1::DAY_OF_WEEK_MONDAY);
    }
    rule.begin_minute = Minute(from.begin(), absl::StrCat(path, ".begin"), errors);
    rule.end_minute = Minute(from.end(), absl::StrCat(path, ".end"), errors);
    rule.valid_from = Date(from.valid_from(), absl::StrCat(path, ".valid_from"), errors);
    rule.valid_until = Date(from.valid_until(), absl::StrCat(path, ".valid_until"), errors);
    hours.push_back(rule);
  }
  return hours;
}

void HoursToProto(const WorkingHours& hours, v1::WorkingHours* proto) {
  for (const WeeklyRule& rule : hours) {
    v1::WeeklyRule* to = proto->add_rules();
    to->set_day(static_cast<v1::DayOfWeek>(static_cast<int>(rule.day) + v1::DAY_OF_WEEK_MONDAY));
    to->set_begin(FormatMinuteOfDay(rule.begin_minute));
    to->set_end(FormatMinuteOfDay(rule.end_minute));
    if (rule.valid_from) to->set_valid_from(FormatDate(*rule.valid_from));
    if (rule.valid_until) to->set_valid_until(FormatDate(*rule.valid_until));
  }
}

// The request around the object. Bad fields that the mask does not name don't matter: they are not
// read.
template <typename Object, typename Request>
absl::StatusOr<UpdateRequest<Object>> Finish(Object object, const Request& proto,
                                             const std::string& etag, const FieldErrors& errors) {
  UpdateRequest<Object> request;
  request.object = std::move(object);
  request.etag = etag;
  request.allow_missing = proto.allow_missing();
  for (const std::string& path : proto.update_mask().paths()) request.mask.insert(path);
  const bool all = request.mask.empty() || request.mask.count("*") > 0;
  FieldErrors kept;
  for (const Violation& violation : DetailsOf(errors.ToStatus()).violations) {
    const std::vector<std::string> parts = absl::StrSplit(violation.subject, absl::ByAnyChar(".["));
    if (all || (parts.size() > 1 && request.mask.count(parts[1]) > 0)) {
      kept.Add(violation.reason, violation.subject, violation.description);
    }
  }
  MESO_RETURN_IF_ERROR(kept.ToStatus());
  return request;
}

template <typename Proto>
void VersionToProto(const Version& version, Proto* proto) {
  proto->set_etag(EtagOf(version.revision));
  proto->set_revision(version.revision);
  ToProto(version.create_time, proto->mutable_create_time());
  ToProto(version.update_time, proto->mutable_update_time());
}

std::vector<std::string> Texts(const google::protobuf::RepeatedPtrField<std::string>& from) {
  return {from.begin(), from.end()};
}

void AddAll(const std::vector<std::string>& from,
            google::protobuf::RepeatedPtrField<std::string>* to) {
  to->Assign(from.begin(), from.end());
}

std::vector<Instruction> InstructionsFromProto(
    const google::protobuf::RepeatedPtrField<v1::Instruction>& from, const std::string& field,
    FieldErrors& errors) {
  std::vector<Instruction> instructions;
  for (int i = 0; i < from.size(); ++i) {
    const std::string path = absl::StrCat(field, "[", i, "]");
    instructions.push_back(
        {from[i].text(),
         FromProto(from[i].begin_offset(), absl::StrCat(path, ".begin_offset"), errors),
         FromProto(from[i].end_offset(), absl::StrCat(path, ".end_offset"), errors)});
  }
  return instructions;
}

void InstructionToProto(const Instruction& instruction, v1::Instruction* proto) {
  proto->set_text(instruction.text);
  ToProto(instruction.begin_offset, proto->mutable_begin_offset());
  ToProto(instruction.end_offset, proto->mutable_end_offset());
}

}  // namespace

void CheckName(const std::string& name, absl::string_view pattern, absl::string_view field,
               FieldErrors& errors) {
  if (name.empty()) {
    errors.Required(field);
  } else if (!IsNameOf(pattern, name)) {
    errors.Invalid(field, absl::StrCat("must be ", pattern));
  }
}

absl::StatusOr<std::string> NameFromProto(const std::string& name, absl::string_view pattern) {
  FieldErrors errors;
  CheckName(name, pattern, "name", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  return name;
}

absl::StatusOr<UpdateRequest<Site>> FromProto(const v1::UpdateSiteRequest& proto) {
  FieldErrors errors;
  const v1::Site& from = proto.site();
  Site site;
  site.name = SiteName(from.name());
  site.display_name = from.display_name();
  site.time_zone = from.time_zone();
  site.jurisdiction = from.jurisdiction();
  site.gln = from.gln();
  site.working_hours = HoursFromProto(from.working_hours(), "site.working_hours", errors);
  return Finish(std::move(site), proto, from.etag(), errors);
}

void ToProto(const Site& site, v1::Site* proto) {
  proto->set_name(site.name.value());
  proto->set_display_name(site.display_name);
  proto->set_time_zone(site.time_zone);
  proto->set_jurisdiction(site.jurisdiction);
  proto->set_gln(site.gln);
  HoursToProto(site.working_hours, proto->mutable_working_hours());
  VersionToProto(site.version, proto);
}

absl::StatusOr<UpdateRequest<Practitioner>> FromProto(const v1::UpdatePractitionerRequest& proto) {
  FieldErrors errors;
  const v1::Practitioner& from = proto.practitioner();
  Practitioner practitioner;
  practitioner.name = PractitionerName(from.name());
  practitioner.display_name = from.display_name();
  practitioner.profession = v1::Practitioner::Profession_IsValid(from.profession())
                                ? static_cast<Profession>(from.profession())
                                : Profession::kUnspecified;
  practitioner.languages = Texts(from.languages());
  for (int i = 0; i < from.credentials_size(); ++i) {
    const v1::Credential& credential = from.credentials(i);
    const std::string path = absl::StrCat("practitioner.credentials[", i, "]");
    practitioner.credentials.push_back(
        {TreatmentName(credential.treatment_type()),
         Date(credential.valid_from(), path + ".valid_from", errors),
         Date(credential.valid_until(), path + ".valid_until", errors)});
  }
  for (int i = 0; i < from.site_hours_size(); ++i) {
    const std::string path = absl::StrCat("practitioner.site_hours[", i, "].working_hours");
    practitioner.site_hours.push_back(
        {SiteName(from.site_hours(i).site()),
         HoursFromProto(from.site_hours(i).working_hours(), path, errors)});
  }
  return Finish(std::move(practitioner), proto, from.etag(), errors);
}

void ToProto(const Practitioner& practitioner, v1::Practitioner* proto) {
  proto->set_name(practitioner.name.value());
  proto->set_display_name(practitioner.display_name);
  proto->set_profession(static_cast<v1::Practitioner::Profession>(practitioner.profession));
  AddAll(practitioner.languages, proto->mutable_languages());
  for (const Credential& credential : practitioner.credentials) {
    v1::Credential* to = proto->add_credentials();
    to->set_treatment_type(credential.treatment_type.value());
    if (credential.valid_from) to->set_valid_from(FormatDate(*credential.valid_from));
    if (credential.valid_until) to->set_valid_until(FormatDate(*credential.valid_until));
  }
  for (const SiteHours& hours : practitioner.site_hours) {
    v1::SiteWorkingHours* to = proto->add_site_hours();
    to->set_site(hours.site.value());
    HoursToProto(hours.working_hours, to->mutable_working_hours());
  }
  VersionToProto(practitioner.version, proto);
}

absl::StatusOr<UpdateRequest<Room>> FromProto(const v1::UpdateRoomRequest& proto) {
  FieldErrors errors;
  const v1::Room& from = proto.room();
  Room room;
  room.name = RoomName(from.name());
  room.display_name = from.display_name();
  room.kinds = Texts(from.kinds());
  room.working_hours = HoursFromProto(from.working_hours(), "room.working_hours", errors);
  room.out_of_service = from.out_of_service();
  return Finish(std::move(room), proto, from.etag(), errors);
}

void ToProto(const Room& room, v1::Room* proto) {
  proto->set_name(room.name.value());
  proto->set_display_name(room.display_name);
  AddAll(room.kinds, proto->mutable_kinds());
  HoursToProto(room.working_hours, proto->mutable_working_hours());
  proto->set_out_of_service(room.out_of_service);
  VersionToProto(room.version, proto);
}

absl::StatusOr<UpdateRequest<Device>> FromProto(const v1::UpdateDeviceRequest& proto) {
  FieldErrors errors;
  const v1::Device& from = proto.device();
  Device device;
  device.name = DeviceName(from.name());
  device.display_name = from.display_name();
  device.kind = from.kind();
  device.working_hours = HoursFromProto(from.working_hours(), "device.working_hours", errors);
  device.out_of_service = from.out_of_service();
  return Finish(std::move(device), proto, from.etag(), errors);
}

void ToProto(const Device& device, v1::Device* proto) {
  proto->set_name(device.name.value());
  proto->set_display_name(device.display_name);
  proto->set_kind(device.kind);
  HoursToProto(device.working_hours, proto->mutable_working_hours());
  proto->set_out_of_service(device.out_of_service);
  VersionToProto(device.version, proto);
}

absl::StatusOr<UpdateRequest<TreatmentType>> FromProto(
    const v1::UpdateTreatmentTypeRequest& proto) {
  FieldErrors errors;
  const v1::TreatmentType& from = proto.treatment_type();
  TreatmentType treatment;
  treatment.name = TreatmentName(from.name());
  treatment.display_name = from.display_name();
  if (v1::TreatmentArea_IsValid(from.area())) {
    treatment.area = static_cast<TreatmentArea>(from.area());
  }
  treatment.indications = Texts(from.indications());
  if (v1::DeliveryMethod_IsValid(from.delivery_method())) {
    treatment.delivery_method = static_cast<DeliveryMethod>(from.delivery_method());
  }
  if (v1::Technique_IsValid(from.technique())) {
    treatment.technique = static_cast<Technique>(from.technique());
  }
  treatment.depth_tenths_mm = from.depth_tenths_mm();
  for (int i = 0; i < from.phases_size(); ++i) {
    const v1::Phase& phase = from.phases(i);
    Phase to;
    if (v1::PhaseKind_IsValid(phase.kind())) to.kind = static_cast<PhaseKind>(phase.kind());
    to.duration = FromProto(phase.duration(),
                            absl::StrCat("treatment_type.phases[", i, "].duration"), errors);
    to.needs_practitioner = phase.needs_practitioner();
    to.room_kind = phase.room_kind();
    to.device_kinds = Texts(phase.device_kinds());
    to.ingredient_tags = Texts(phase.ingredient_tags());
    treatment.phases.push_back(std::move(to));
  }
  const v1::Protocol& protocol = from.protocol();
  treatment.protocol = {protocol.sessions_min(),         protocol.sessions_default(),
                        protocol.sessions_max(),         protocol.interval_days_min(),
                        protocol.interval_days_ideal(),  protocol.interval_days_max(),
                        protocol.booster_interval_days()};
  treatment.preparation =
      InstructionsFromProto(from.preparation(), "treatment_type.preparation", errors);
  treatment.aftercare = InstructionsFromProto(from.aftercare(), "treatment_type.aftercare", errors);
  return Finish(std::move(treatment), proto, from.etag(), errors);
}

void ToProto(const TreatmentType& treatment, v1::TreatmentType* proto) {
  proto->set_name(treatment.name.value());
  proto->set_display_name(treatment.display_name);
  proto->set_area(static_cast<v1::TreatmentArea>(treatment.area));
  AddAll(treatment.indications, proto->mutable_indications());
  proto->set_delivery_method(static_cast<v1::DeliveryMethod>(treatment.delivery_method));
  proto->set_technique(static_cast<v1::Technique>(treatment.technique));
  proto->set_depth_tenths_mm(treatment.depth_tenths_mm);
  for (const Phase& phase : treatment.phases) {
    v1::Phase* to = proto->add_phases();
    to->set_kind(static_cast<v1::PhaseKind>(phase.kind));
    ToProto(phase.duration, to->mutable_duration());
    to->set_needs_practitioner(phase.needs_practitioner);
    to->set_room_kind(phase.room_kind);
    AddAll(phase.device_kinds, to->mutable_device_kinds());
    AddAll(phase.ingredient_tags, to->mutable_ingredient_tags());
  }
  v1::Protocol* protocol = proto->mutable_protocol();
  protocol->set_sessions_min(treatment.protocol.sessions_min);
  protocol->set_sessions_default(treatment.protocol.sessions_default);
  protocol->set_sessions_max(treatment.protocol.sessions_max);
  protocol->set_interval_days_min(treatment.protocol.interval_days_min);
  protocol->set_interval_days_ideal(treatment.protocol.interval_days_ideal);
  protocol->set_interval_days_max(treatment.protocol.interval_days_max);
  protocol->set_booster_interval_days(treatment.protocol.booster_interval_days);
  for (const Instruction& instruction : treatment.preparation) {
    InstructionToProto(instruction, proto->add_preparation());
  }
  for (const Instruction& instruction : treatment.aftercare) {
    InstructionToProto(instruction, proto->add_aftercare());
  }
  VersionToProto(treatment.version, proto);
}

}  // namespace meso::scheduling
