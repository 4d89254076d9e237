#include "services/mesoctl/api/api_commands.h"

namespace meso::mesoctl {
namespace {

constexpr char kAssessmentColumns[] = "name,state,site,questionnaire,create_time,recorder";
constexpr char kQuestionnaireColumns[] = "name,title,state,author,publisher,publish_time";
constexpr char kRuleSetColumns[] = "name,title,state,author,publisher,publish_time";

constexpr ApiCommand kCommands[] = {
    {.noun = "screening",
     .verb = "check",
     .method = "ScreeningService.CheckClearance",
     .argument = "patient",
     .summary = "Whether a patient may have a cocktail for a treatment, with every finding",
     .example_1 = "mesoctl screening check PT-0007 --site par-1 --treatment T-FACE --cocktail C-01",
     .example_2 = "mesoctl screening check PT-0007 --site par-1 --treatment T-FACE --cocktail C-01 "
                  "--at '+7d' -o json"},
    {.noun = "screening",
     .verb = "rank",
     .method = "ScreeningService.RankCocktails",
     .argument = "patient",
     .rows = "cocktails",
     .columns = "cocktail,title,acceptable,clearance.state,clearance.findings.title",
     .key = "cocktail",
     .summary = "Which cocktails a patient may have, best first, and why not the others",
     .example_1 = "mesoctl screening rank PT-0007 --site par-1 --treatment T-FACE",
     .example_2 = "mesoctl screening rank PT-0007 --site par-1 --treatment T-FACE -o name"},
    {.noun = "screening",
     .verb = "assess",
     .method = "ScreeningService.CreateAssessment",
     .columns = kAssessmentColumns,
     .summary = "Record a patient's answers",
     .example_1 = "mesoctl screening assess --patient PT-0008 --site par-1 --questionnaire "
                  "meso-default --json '{\"answers\": [{\"question\": \"birth_date\", \"date\": "
                  "\"1990-06-15\"}]}'",
     .example_2 = "mesoctl screening assess --patient PT-0008 --site par-1 --questionnaire "
                  "meso-default --json '{\"answers\": [{\"question\": \"pregnant\", \"choice\": "
                  "\"NO\"}]}' -o json"},
    {.noun = "screening",
     .verb = "assessments",
     .method = "ScreeningService.ListAssessments",
     .argument = "patient",
     .rows = "assessments",
     .columns = kAssessmentColumns,
     .filters = "state",
     .summary = "List a patient's assessments",
     .example_1 = "mesoctl screening assessments PT-0007",
     .example_2 = "mesoctl screening assessments PT-0007 --state valid -o name"},
    {.noun = "screening",
     .verb = "assessment",
     .method = "ScreeningService.GetAssessment",
     .argument = "name",
     .summary = "Show one assessment with its answers",
     .example_1 = "mesoctl screening assessments PT-0007 -o name --limit 1 | mesoctl screening "
                  "assessment -",
     .example_2 = "mesoctl screening assessments PT-0007 -o name --limit 1 | mesoctl screening "
                  "assessment - -o json"},
    {.noun = "screening",
     .verb = "invalidate",
     .method = "ScreeningService.InvalidateAssessment",
     .argument = "name",
     .columns = kAssessmentColumns,
     .summary = "Take an assessment out of use",
     .example_1 = "mesoctl screening assessments PT-0008 --state valid -o name --limit 1 | mesoctl "
                  "screening invalidate - --reason entry_error",
     .example_2 = "mesoctl screening assessments PT-0008 --state valid -o name --limit 1 | mesoctl "
                  "screening invalidate - --reason wrong_patient -o json"},
    {.noun = "screening",
     .verb = "consent",
     .method = "ScreeningService.RecordConsent",
     .columns = "name,site,cocktail,document,sign_time,recorder",
     .summary = "Record a patient's signed consent to a cocktail",
     .example_1 = "mesoctl screening consent --patient PT-0007 --site par-1 --cocktail C-01 "
                  "--document CF-2026-01",
     .example_2 = "mesoctl screening consent --patient PT-0007 --site par-1 --cocktail C-01 "
                  "--document CF-2026-01 --sign_time -10m"},

    {.noun = "questionnaires",
     .verb = "get",
     .method = "ScreeningService.GetQuestionnaire",
     .argument = "name",
     .summary = "Show a questionnaire, its newest published revision unless one is named",
     .example_1 = "mesoctl questionnaires get meso-default",
     .example_2 = "mesoctl questionnaires get meso-default/r1 -o json"},
    {.noun = "questionnaires",
     .verb = "list",
     .method = "ScreeningService.ListQuestionnaires",
     .rows = "questionnaires",
     .columns = kQuestionnaireColumns,
     .filters = "code,state",
     .summary = "List the revisions of the questionnaires",
     .example_1 = "mesoctl questionnaires list",
     .example_2 = "mesoctl questionnaires list --state published -o name"},
    {.noun = "questionnaires",
     .verb = "create",
     .method = "ScreeningService.CreateQuestionnaire",
     .columns = kQuestionnaireColumns,
     .summary = "Draft a revision of a questionnaire",
     .example_1 = "mesoctl questionnaires create --code short --title 'Short form' --json "
                  "'{\"questions\": [{\"id\": \"fever\", \"text\": \"Fever?\", \"kind\": "
                  "\"KIND_YES_NO\"}]}'",
     .example_2 = "mesoctl questionnaires get meso-default -o json | mesoctl questionnaires create "
                  "--json - --title 'Before a session'"},
    {.noun = "questionnaires",
     .verb = "publish",
     .method = "ScreeningService.PublishQuestionnaire",
     .argument = "name",
     .columns = kQuestionnaireColumns,
     .summary = "Publish a draft, by another person than its author",
     .example_1 = "mesoctl questionnaires list --state draft -o name --limit 1 | mesoctl "
                  "questionnaires publish -",
     .example_2 = "mesoctl questionnaires list --state draft -o name --limit 1 | mesoctl "
                  "questionnaires publish - -o json"},

    {.noun = "rulesets",
     .verb = "get",
     .method = "ScreeningService.GetRuleSet",
     .argument = "name",
     .summary = "Show a rule set, its newest published revision unless one is named",
     .example_1 = "mesoctl rulesets list --state published -o name --limit 1 | mesoctl rulesets "
                  "get -",
     .example_2 = "mesoctl rulesets list --state published -o name --limit 1 | mesoctl rulesets "
                  "get - -o json"},
    {.noun = "rulesets",
     .verb = "list",
     .method = "ScreeningService.ListRuleSets",
     .rows = "rule_sets",
     .columns = kRuleSetColumns,
     .filters = "code,state",
     .summary = "List the revisions of the rule sets",
     .example_1 = "mesoctl rulesets list",
     .example_2 = "mesoctl rulesets list --state published -o name"},
    {.noun = "rulesets",
     .verb = "create",
     .method = "ScreeningService.CreateRuleSet",
     .columns = kRuleSetColumns,
     .summary = "Draft a revision of a rule set",
     .example_1 = "mesoctl rulesets get meso-default -o json | mesoctl rulesets create --json -",
     .example_2 = "mesoctl rulesets get meso-default -o json | mesoctl rulesets create --json - "
                  "--title 'Rules of the chain'"},
    {.noun = "rulesets",
     .verb = "publish",
     .method = "ScreeningService.PublishRuleSet",
     .argument = "name",
     .columns = kRuleSetColumns,
     .summary = "Publish a draft, by another person than its author",
     .example_1 = "mesoctl rulesets list --state draft -o name --limit 1 | mesoctl rulesets "
                  "publish -",
     .example_2 = "mesoctl rulesets list --state draft -o name --limit 1 | mesoctl rulesets "
                  "publish - -o json"},
};

}  // namespace

absl::Span<const ApiCommand> ScreeningCommands() { return kCommands; }

}  // namespace meso::mesoctl
