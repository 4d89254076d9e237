#include "services/mesoctl/demo_story.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "services/mesoctl/story_chapters.h"
#include "services/mesoctl/story_stage.h"

namespace meso::mesoctl {
namespace {

struct Chapter {
  const char* name;
  absl::Status (*tell)(Stage&);
};

constexpr Chapter kChapters[] = {
    {"2 (the refusal)", TellRefusal},   {"3 (the booking)", TellBooking},
    {"4 (the race)", TellRace},         {"5 (the visit)", TellVisit},
    {"6 (the recall)", TellRecall},     {"7 (the audit trail)", TellAudit},
    {"8 (how to go on)", TellFarewell},
};

}  // namespace

ExitCode PlayDemo(const SuiteClient& client, const Clock& clock, IdSource& ids,
                  const DemoOptions& options, const Terminal& terminal, std::ostream& out,
                  std::ostream& err) {
  const absl::StatusOr<std::unique_ptr<DemoPeople>> people =
      DemoPeople::Create(client, options, clock);
  if (!people.ok()) {
    err << RenderError("demo play", people.status()) << "\n";
    return ExitCode::kUsage;
  }
  Narrative story(out, terminal.out_color);
  Stage stage;
  stage.people = people->get();
  stage.options = &options;
  stage.clock = &clock;
  stage.ids = &ids;
  stage.story = &story;
  absl::Status status = SetStage(stage);
  std::string where = "setting the stage";
  for (const Chapter& chapter : kChapters) {
    if (!status.ok()) break;
    where = absl::StrCat("chapter ", chapter.name);
    status = chapter.tell(stage);
  }
  if (!status.ok()) err << RenderError(absl::StrCat("demo play, ", where), status) << "\n";
  return ExitCodeOf(status);
}

}  // namespace meso::mesoctl
