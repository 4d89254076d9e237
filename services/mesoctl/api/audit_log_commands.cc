#include "services/mesoctl/api/api_commands.h"

namespace meso::mesoctl {
namespace {

constexpr char kEntryColumns[] =
    "name,time,leaf.service,leaf.site,leaf.actor.subject,leaf.action,leaf.method,leaf.outcome,"
    "leaf.reason";

constexpr ApiCommand kCommands[] = {
    {.noun = "audit",
     .verb = "entries",
     .method = "AuditService.ListEntries",
     .rows = "entries",
     .columns = kEntryColumns,
     .filters = "site,actor,role,service,action,object,object_type,patient,lot,appointment,outcome,"
                "reason,method,purpose,violation,request_id,correlation_id",
     .summary = "List entries of the audit log",
     .example_1 = "mesoctl audit entries --actor users/anna --limit 20",
     .example_2 = "mesoctl audit entries --outcome refused --all -o csv"},
    {.noun = "audit",
     .verb = "entry",
     .method = "AuditService.GetEntry",
     .argument = "name",
     .summary = "Show one entry with its inclusion proof",
     .example_1 = "mesoctl audit entry 0",
     .example_2 = "mesoctl audit entry entries/0 -o json"},
    {.noun = "audit",
     .verb = "proof",
     .method = "AuditService.GetInclusionProof",
     .argument = "name",
     .summary = "Prove that an entry is in the signed log",
     .example_1 = "mesoctl audit proof 0",
     .example_2 = "mesoctl audit proof entries/0 -o json"},
    {.noun = "audit",
     .verb = "timeline",
     .method = "AuditService.GetTimeline",
     .argument = "name",
     .rows = "entries",
     .columns = kEntryColumns,
     .summary = "One patient, lot or appointment across all services, in order",
     .example_1 = "mesoctl audit timeline patients/PT-0007",
     .example_2 = "mesoctl audit timeline $(mesoctl lots list -o name --limit 1) --all -o json"},
    {.noun = "audit",
     .verb = "sources",
     .method = "AuditService.ListSources",
     .rows = "sources",
     .columns = "service,epoch,current,last_sequence,claimed_sequence,gaps,last_entry_time,"
                "last_heartbeat_time,silent,stopped,hash_mismatch",
     .summary = "Who sends entries, how far each has come, and what is missing",
     .example_1 = "mesoctl audit sources",
     .example_2 = "mesoctl audit sources --all -o json"},
    {.noun = "audit",
     .verb = "checkpoint",
     .method = "AuditService.GetCheckpoint",
     .saved = "note",
     .summary = "The newest signed state of the log; keep it with --save for `audit verify`",
     .example_1 = "mesoctl audit checkpoint",
     .example_2 = "mesoctl audit checkpoint --save checkpoint.note"},
    {.noun = "audit",
     .verb = "checkpoints",
     .method = "AuditService.ListCheckpoints",
     .rows = "checkpoints",
     .columns = "tree_size,sign_time,origin,root_hash",
     .key = "tree_size",
     .summary = "List the signed states the log keeps, newest first",
     .example_1 = "mesoctl audit checkpoints --limit 5",
     .example_2 = "mesoctl audit checkpoints --all -o json"},
    {.noun = "audit",
     .verb = "consistency",
     .method = "AuditService.GetConsistencyProof",
     .argument = "old_size",
     .saved = "checkpoint",
     .summary = "Prove that an earlier tree is the beginning of the newest one",
     .example_1 = "mesoctl audit consistency 1",
     .example_2 = "mesoctl audit consistency 1 --save later.note"},
    {.noun = "audit",
     .verb = "tile",
     .method = "AuditService.GetTile",
     .summary = "Fetch up to 256 hashes of one level of the signed tree",
     .example_1 = "mesoctl audit tile --width 1",
     .example_2 = "mesoctl audit tile --level 0 --index 0 --width 1 -o json"},
    {.noun = "audit",
     .verb = "keys",
     .method = "AuditService.ListLogKeys",
     .rows = "keys",
     .columns = "verifier_key,algorithm,current,first_use_time",
     .key = "verifier_key",
     .summary = "The keys the log is signed with",
     .example_1 = "mesoctl audit keys",
     .example_2 = "mesoctl audit keys -o name"},
};

}  // namespace

absl::Span<const ApiCommand> AuditCommands() { return kCommands; }

}  // namespace meso::mesoctl
