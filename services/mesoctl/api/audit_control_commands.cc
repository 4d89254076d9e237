#include "services/mesoctl/api/api_commands.h"

namespace meso::mesoctl {
namespace {

constexpr char kGrantColumns[] =
    "name,subject,scope,purpose,payloads,start_time,expire_time,revoke_time";
constexpr char kEmergencyColumns[] =
    "name,subject,create_time,expire_time,review,reviewer,justification";

constexpr ApiCommand kCommands[] = {
    {.noun = "audit",
     .verb = "assertions",
     .method = "AuditService.ListAssertions",
     .rows = "assertions",
     .columns = "name,version,evaluated_size,violations,statement",
     .summary = "What is held against every entry, and how often it was broken",
     .example_1 = "mesoctl audit assertions",
     .example_2 = "mesoctl audit assertions -o json"},
    {.noun = "audit",
     .verb = "violations",
     .method = "AuditService.ListViolations",
     .rows = "violations",
     .columns = "name,assertion,entry,site,actor,entry_time,explanation",
     .filters = "assertion,site,actor",
     .summary = "List what broke an assertion, newest first",
     .example_1 = "mesoctl audit violations --limit 20",
     .example_2 = "mesoctl audit violations --assertion assertions/flagged --all -o csv"},

    {.noun = "grants",
     .verb = "list",
     .method = "AuditService.ListAuditorGrants",
     .rows = "auditor_grants",
     .columns = kGrantColumns,
     .filters = "subject,creator,state",
     .summary = "List who was given access to which part of the log",
     .example_1 = "mesoctl grants list",
     .example_2 = "mesoctl grants list --state active -o json"},
    {.noun = "grants",
     .verb = "create",
     .method = "AuditService.CreateAuditorGrant",
     .columns = kGrantColumns,
     .summary = "Open a part of the log to an external auditor, for a purpose and a time",
     .example_1 = "mesoctl grants create --subject users/inspector --scope 'service = inventory' "
                  "--purpose HOPERAT --expire_time +30d",
     .example_2 = "mesoctl grants create --subject users/inspector --scope 'patient = "
                  "\"patients/PT-0007\"' --purpose PATRQT --payloads --expire_time +7d -o json"},
    {.noun = "grants",
     .verb = "revoke",
     .method = "AuditService.RevokeAuditorGrant",
     .argument = "name",
     .columns = kGrantColumns,
     .summary = "Take a grant back; what it opened is closed at once",
     .example_1 = "mesoctl grants list --state active -o name --limit 1 | mesoctl grants revoke -",
     .example_2 = "mesoctl grants list --state active -o name --limit 1 | mesoctl grants revoke - "
                  "-o json"},

    {.noun = "emergencies",
     .verb = "list",
     .method = "AuditService.ListEmergencyAccesses",
     .rows = "emergency_accesses",
     .columns = kEmergencyColumns,
     .filters = "subject,review",
     .summary = "List who broke the glass, and what a reviewer found",
     .example_1 = "mesoctl emergencies list --review none",
     .example_2 = "mesoctl emergencies list -o json"},
    {.noun = "emergencies",
     .verb = "open",
     .method = "AuditService.BreakGlass",
     .argument = "emergency_access.patient",
     .columns = kEmergencyColumns,
     .summary = "Break the glass: open one patient's timeline for four hours; it will be reviewed",
     .example_1 = "mesoctl emergencies open PT-0007 --justification 'Unconscious after a session'",
     .example_2 = "mesoctl emergencies open PT-0007 --justification 'Allergic reaction in the "
                  "waiting room' -o json"},
    {.noun = "emergencies",
     .verb = "review",
     .method = "AuditService.ReviewEmergencyAccess",
     .argument = "name",
     .columns = kEmergencyColumns,
     .summary = "Say whether an emergency access was needed, as another person than who took it",
     .example_1 = "mesoctl emergencies list --review none --subject users/second -o name --limit 1 "
                  "| mesoctl emergencies review - --review justified",
     .example_2 = "mesoctl emergencies list --review none --subject users/second -o name --limit 1 "
                  "| mesoctl emergencies review - --review unjustified --note 'Could have waited'"},
};

}  // namespace

absl::Span<const ApiCommand> AuditControlCommands() { return kCommands; }

}  // namespace meso::mesoctl
