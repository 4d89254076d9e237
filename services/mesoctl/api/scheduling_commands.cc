#include "services/mesoctl/api/api_commands.h"

namespace meso::mesoctl {
namespace {

constexpr char kAppointmentColumns[] =
    "name,state,start_time,patient,treatment_type,cocktail,practitioner,at_risk";
// A start says what is not as it should be although it went on.
constexpr char kStartedColumns[] =
    "name,state,start_time,patient,treatment_type,cocktail,practitioner,warnings.code,"
    "warnings.description";
constexpr char kSiteColumns[] = "name,display_name,time_zone,jurisdiction,gln";
constexpr char kPractitionerColumns[] = "name,display_name,profession,languages,site_hours.site";
constexpr char kRoomColumns[] = "name,display_name,kinds,out_of_service";
constexpr char kDeviceColumns[] = "name,display_name,kind,out_of_service";
constexpr char kTreatmentColumns[] = "name,display_name,area,delivery_method,technique";

constexpr ApiCommand kCommands[] = {
    {.noun = "appointments",
     .verb = "search",
     .method = "SchedulingService.SearchAvailability",
     .rows = "offers",
     .columns = "start_time,end_time,segments.practitioner,segments.room,score,expire_time",
     .key = "offer_token",
     .summary = "Find free slots, best first; -o name prints the tokens to hold or book them with",
     .example_1 = "mesoctl appointments search --site par-1 --patient PT-0007 --treatment_type "
                  "T-FACE --start_time tomorrow --end_time +7d",
     .example_2 = "mesoctl appointments search --site par-1 --patient PT-0007 --treatment_type "
                  "T-FACE --start_time now --end_time +3d --limit 1 -o name"},
    {.noun = "appointments",
     .verb = "hold",
     .method = "SchedulingService.HoldAppointment",
     .argument = "offer_token",
     .columns = kAppointmentColumns,
     .summary = "Keep an offered slot for a while",
     .example_1 = "mesoctl appointments search --site par-1 --patient PT-0007 --treatment_type "
                  "T-FACE --start_time tomorrow --end_time +7d --limit 1 -o name | mesoctl "
                  "appointments hold - --site par-1 --patient PT-0007",
     .example_2 = "mesoctl appointments search --site par-1 --patient PT-0007 --treatment_type "
                  "T-FACE --start_time tomorrow --end_time +7d --limit 1 -o name | mesoctl "
                  "appointments hold - --site par-1 --patient PT-0007 --ttl 10m -o json"},
    {.noun = "appointments",
     .verb = "release",
     .method = "SchedulingService.ReleaseHold",
     .argument = "name",
     .columns = kAppointmentColumns,
     .summary = "Give a held slot back",
     .example_1 = "mesoctl appointments list --state held -o name --limit 1 | mesoctl appointments "
                  "release -",
     .example_2 = "mesoctl appointments list --state held -o name --limit 1 | mesoctl appointments "
                  "release - -o json"},
    {.noun = "appointments",
     .verb = "book",
     .method = "SchedulingService.BookAppointment",
     .columns = kAppointmentColumns,
     .summary = "Book a slot, from an offer or a hold",
     .example_1 = "mesoctl appointments book --site par-1 --patient PT-0007 --cocktail C-01 "
                  "--offer_token $(mesoctl appointments search --site par-1 --patient PT-0007 "
                  "--treatment_type T-FACE --start_time tomorrow --end_time +7d --limit 1 -o name)",
     .example_2 =
         "mesoctl appointments book --dry-run --site par-1 --patient PT-0007 --cocktail "
         "C-01 --offer_token $(mesoctl appointments search --site par-1 --patient PT-0007 "
         "--treatment_type T-FACE --start_time tomorrow --end_time +7d --limit 1 -o name)"},
    {.noun = "appointments",
     .verb = "get",
     .method = "SchedulingService.GetAppointment",
     .argument = "name",
     .summary = "Show one appointment",
     .example_1 = "mesoctl appointments list -o name --limit 1 | mesoctl appointments get -",
     .example_2 =
         "mesoctl appointments list -o name --limit 1 | mesoctl appointments get - -o json"},
    {.noun = "appointments",
     .verb = "list",
     .method = "SchedulingService.ListAppointments",
     .rows = "appointments",
     .columns = kAppointmentColumns,
     .filters = "state,patient,practitioner,room,device,treatment_type,reservation,at_risk",
     .summary = "List appointments of a site, or of all that the token may see",
     .example_1 = "mesoctl appointments list --site par-1 --state booked",
     .example_2 = "mesoctl appointments list --filter 'start_time >= \"2026-01-01T00:00:00Z\"' "
                  "--all -o csv --columns name,state,start_time"},
    {.noun = "appointments",
     .verb = "checkin",
     .method = "SchedulingService.CheckInAppointment",
     .argument = "name",
     .columns = kAppointmentColumns,
     .summary = "Check the patient in, on the day of the appointment",
     .example_1 = "mesoctl appointments list --state booked -o name --limit 1 | mesoctl "
                  "appointments checkin -",
     .example_2 = "mesoctl appointments list --state booked -o name --limit 1 | mesoctl "
                  "appointments checkin - -o json"},
    {.noun = "appointments",
     .verb = "start",
     .method = "SchedulingService.StartAppointment",
     .argument = "name",
     .columns = kStartedColumns,
     .summary = "Begin the procedure; every product must have been drawn",
     .example_1 = "mesoctl appointments list --state checked_in -o name --limit 1 | mesoctl "
                  "appointments start -",
     .example_2 = "mesoctl appointments list --state checked_in -o name --limit 1 | mesoctl "
                  "appointments start - -o json"},
    {.noun = "appointments",
     .verb = "complete",
     .method = "SchedulingService.CompleteAppointment",
     .argument = "name",
     .columns = kAppointmentColumns,
     .summary = "End the session; what was given must be recorded, or why nothing was",
     .example_1 = "mesoctl appointments list --state in_progress -o name --limit 1 | mesoctl "
                  "appointments complete -",
     .example_2 = "mesoctl appointments list --state in_progress -o name --limit 1 | mesoctl "
                  "appointments complete - -o json"},
    {.noun = "appointments",
     .verb = "cancel",
     .method = "SchedulingService.CancelAppointment",
     .argument = "name",
     .columns = kAppointmentColumns,
     .summary = "Cancel a booking and free its slot",
     .example_1 = "mesoctl appointments list --state booked -o name --limit 1 | mesoctl "
                  "appointments cancel - --reason patient_request",
     .example_2 = "mesoctl appointments list --state booked -o name --limit 1 | mesoctl "
                  "appointments cancel - --reason booked_in_error -o json"},

    {.noun = "sites",
     .verb = "get",
     .method = "SchedulingAdminService.GetSite",
     .argument = "name",
     .summary = "Show one site",
     .example_1 = "mesoctl sites get par-1",
     .example_2 = "mesoctl sites get par-1 -o json"},
    {.noun = "sites",
     .verb = "list",
     .method = "SchedulingAdminService.ListSites",
     .rows = "sites",
     .columns = kSiteColumns,
     .summary = "List the sites",
     .example_1 = "mesoctl sites list",
     .example_2 = "mesoctl sites list -o csv --columns name,time_zone"},
    {.noun = "sites",
     .verb = "update",
     .method = "SchedulingAdminService.UpdateSite",
     .argument = "site.name",
     .columns = kSiteColumns,
     .summary = "Change some fields of a site",
     .example_1 = "mesoctl sites update par-1 --display_name Paris",
     .example_2 = "mesoctl sites update par-1 --json '{\"gln\": \"9521234900016\"}'"},
    {.noun = "sites",
     .verb = "apply",
     .method = "SchedulingAdminService.UpdateSite",
     .argument = "site.name",
     .columns = kSiteColumns,
     .fixed = "allow_missing=true",
     .summary = "Make a site, or make it exactly what is given",
     .example_1 = "mesoctl sites apply new-1 --display_name New --time_zone Europe/Berlin "
                  "--jurisdiction DE",
     .example_2 = "mesoctl sites get par-1 -o json | mesoctl sites apply par-1 --json -"},

    {.noun = "practitioners",
     .verb = "get",
     .method = "SchedulingAdminService.GetPractitioner",
     .argument = "name",
     .summary = "Show one practitioner",
     .example_1 = "mesoctl practitioners list -o name --limit 1 | mesoctl practitioners get -",
     .example_2 =
         "mesoctl practitioners list -o name --limit 1 | mesoctl practitioners get - -o json"},
    {.noun = "practitioners",
     .verb = "list",
     .method = "SchedulingAdminService.ListPractitioners",
     .rows = "practitioners",
     .columns = kPractitionerColumns,
     .summary = "List the practitioners",
     .example_1 = "mesoctl practitioners list",
     .example_2 = "mesoctl practitioners list --columns name,credentials.valid_until"},
    {.noun = "practitioners",
     .verb = "update",
     .method = "SchedulingAdminService.UpdatePractitioner",
     .argument = "practitioner.name",
     .columns = kPractitionerColumns,
     .summary = "Change some fields of a practitioner",
     .example_1 = "mesoctl practitioners list -o name --limit 1 | mesoctl practitioners update - "
                  "--languages en,fr",
     .example_2 = "mesoctl practitioners list -o name --limit 1 | mesoctl practitioners update - "
                  "--json '{\"display_name\": \"Dr. Roux\"}'"},
    {.noun = "practitioners",
     .verb = "apply",
     .method = "SchedulingAdminService.UpdatePractitioner",
     .argument = "practitioner.name",
     .columns = kPractitionerColumns,
     .fixed = "allow_missing=true",
     .summary = "Make a practitioner, or make the entry exactly what is given",
     .example_1 =
         "mesoctl practitioners apply pr-90 --display_name 'Dr. Aydin' --profession doctor",
     .example_2 = "mesoctl practitioners apply pr-91 --display_name 'N. Kaya' --profession nurse "
                  "--languages tr,en"},

    {.noun = "rooms",
     .verb = "get",
     .method = "SchedulingAdminService.GetRoom",
     .argument = "name",
     .summary = "Show one room",
     .example_1 = "mesoctl rooms list -o name --limit 1 | mesoctl rooms get -",
     .example_2 = "mesoctl rooms list -o name --limit 1 | mesoctl rooms get - -o json"},
    {.noun = "rooms",
     .verb = "list",
     .method = "SchedulingAdminService.ListRooms",
     .rows = "rooms",
     .columns = kRoomColumns,
     .summary = "List the rooms of a site, or of all",
     .example_1 = "mesoctl rooms list --site par-1",
     .example_2 = "mesoctl rooms list -o json"},
    {.noun = "rooms",
     .verb = "update",
     .method = "SchedulingAdminService.UpdateRoom",
     .argument = "room.name",
     .columns = kRoomColumns,
     .summary = "Change some fields of a room",
     .example_1 = "mesoctl rooms list --site par-1 -o name --limit 1 | mesoctl rooms update - "
                  "--out_of_service=false",
     .example_2 = "mesoctl rooms list --site par-1 -o name --limit 1 | mesoctl rooms update - "
                  "--display_name 'Blue room'"},
    {.noun = "rooms",
     .verb = "apply",
     .method = "SchedulingAdminService.UpdateRoom",
     .argument = "room.name",
     .columns = kRoomColumns,
     .fixed = "allow_missing=true",
     .summary = "Make a room, or make it exactly what is given",
     .example_1 = "mesoctl rooms apply par-1/cabin-9 --display_name 'Cabin 9' --kinds procedure",
     .example_2 =
         "mesoctl rooms apply cabin-10 --site par-1 --display_name 'Cabin 10' --kinds procedure"},

    {.noun = "devices",
     .verb = "get",
     .method = "SchedulingAdminService.GetDevice",
     .argument = "name",
     .summary = "Show one device",
     .example_1 = "mesoctl devices get par-1/gun-1",
     .example_2 = "mesoctl devices get gun-1 --site par-1 -o json"},
    {.noun = "devices",
     .verb = "list",
     .method = "SchedulingAdminService.ListDevices",
     .rows = "devices",
     .columns = kDeviceColumns,
     .summary = "List the devices of a site, or of all",
     .example_1 = "mesoctl devices list --site par-1",
     .example_2 = "mesoctl devices list -o csv"},
    {.noun = "devices",
     .verb = "update",
     .method = "SchedulingAdminService.UpdateDevice",
     .argument = "device.name",
     .columns = kDeviceColumns,
     .summary = "Change some fields of a device",
     .example_1 = "mesoctl devices update par-1/gun-1 --out_of_service=false",
     .example_2 = "mesoctl devices update par-1/gun-1 --display_name 'Mesotherapy gun'"},
    {.noun = "devices",
     .verb = "apply",
     .method = "SchedulingAdminService.UpdateDevice",
     .argument = "device.name",
     .columns = kDeviceColumns,
     .fixed = "allow_missing=true",
     .summary = "Make a device, or make it exactly what is given",
     .example_1 = "mesoctl devices apply par-1/gun-9 --display_name 'Gun 9' --kind mesogun",
     .example_2 =
         "mesoctl devices apply gun-10 --site par-1 --display_name 'Gun 10' --kind mesogun"},

    {.noun = "treatments",
     .verb = "get",
     .method = "SchedulingAdminService.GetTreatmentType",
     .argument = "name",
     .summary = "Show one treatment",
     .example_1 = "mesoctl treatments get T-FACE",
     .example_2 = "mesoctl treatments get T-FACE -o json"},
    {.noun = "treatments",
     .verb = "list",
     .method = "SchedulingAdminService.ListTreatmentTypes",
     .rows = "treatment_types",
     .columns = kTreatmentColumns,
     .summary = "List the treatments",
     .example_1 = "mesoctl treatments list",
     .example_2 = "mesoctl treatments list --columns name,phases.kind,phases.duration"},
    {.noun = "treatments",
     .verb = "update",
     .method = "SchedulingAdminService.UpdateTreatmentType",
     .argument = "treatment_type.name",
     .columns = kTreatmentColumns,
     .summary = "Change some fields of a treatment",
     .example_1 = "mesoctl treatments update T-FACE --display_name 'Face mesotherapy'",
     .example_2 = "mesoctl treatments update T-FACE --json '{\"indications\": [\"dullness\"]}'"},
    {.noun = "treatments",
     .verb = "apply",
     .method = "SchedulingAdminService.UpdateTreatmentType",
     .argument = "treatment_type.name",
     .columns = kTreatmentColumns,
     .fixed = "allow_missing=true",
     .summary = "Make a treatment, or make it exactly what is given",
     .example_1 =
         "mesoctl treatments get T-FACE -o json | mesoctl treatments apply T-FACE --json -",
     .example_2 = "mesoctl treatments get T-FACE -o json | mesoctl treatments apply T-FACE-2 "
                  "--json - --etag ''"},
};

}  // namespace

absl::Span<const ApiCommand> SchedulingCommands() { return kCommands; }

}  // namespace meso::mesoctl
