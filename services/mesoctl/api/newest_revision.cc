#include "services/mesoctl/api/newest_revision.h"

#include <google/protobuf/message.h>

#include <memory>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/api/field_value.h"
#include "services/mesoctl/method_catalog.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kPagesMax = 1000;

struct Collection {
  const char* name;
  const char* method;
  const char* rows;
};
constexpr Collection kCollections[] = {
    {"cocktails", "InventoryService.ListCocktails", "cocktails"},
    {"questionnaires", "ScreeningService.ListQuestionnaires", "questionnaires"},
    {"ruleSets", "ScreeningService.ListRuleSets", "rule_sets"},
};

int NumberOf(const std::string& revision) {
  int number = 0;
  const size_t r = revision.rfind("/r");
  if (r == std::string::npos || !absl::SimpleAtoi(revision.substr(r + 2), &number)) return 0;
  return number;
}

}  // namespace

absl::StatusOr<std::string> NewestRevision(const SuiteClient& client, absl::string_view token,
                                           const std::string& name, bool published) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  const Collection* collection = nullptr;
  for (const Collection& known : kCollections) {
    if (parts.size() == 2 && parts[0] == known.name) collection = &known;
  }
  if (collection == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " needs its revision, as in ", name, "/revisions/r1"));
  }
  MESO_ASSIGN_OR_RETURN(const auto* method, FindMethod(collection->method));
  const std::unique_ptr<Message> request = NewMessage(*method->input_type());
  const std::string filter =
      absl::StrCat("code = \"", parts[1], "\"", published ? " AND state = PUBLISHED" : "");
  MESO_RETURN_IF_ERROR(
      SetFromText(request.get(), "filter", filter, absl::UnixEpoch(), absl::UTCTimeZone()));
  std::string newest;
  std::string page;
  for (int i = 0; i < kPagesMax; ++i) {
    const std::unique_ptr<Message> answer = NewMessage(*method->output_type());
    MESO_RETURN_IF_ERROR(client.Call(collection->method, token, *request, answer.get()));
    const FieldDescriptor* rows = answer->GetDescriptor()->FindFieldByName(collection->rows);
    for (int row = 0; row < answer->GetReflection()->FieldSize(*answer, rows); ++row) {
      const std::string found =
          ShowPath(answer->GetReflection()->GetRepeatedMessage(*answer, rows, row), "name",
                   absl::UTCTimeZone(), true);
      if (NumberOf(found) > NumberOf(newest)) newest = found;
    }
    page = ShowPath(*answer, "next_page_token", absl::UTCTimeZone(), true);
    if (page.empty()) break;
    MESO_RETURN_IF_ERROR(
        SetFromText(request.get(), "page_token", page, absl::UnixEpoch(), absl::UTCTimeZone()));
  }
  if (!newest.empty()) return newest;
  return absl::NotFoundError(absl::StrCat(name, " has no ", published ? "published " : "",
                                          "revision; list what there is with `mesoctl ",
                                          parts[0] == "ruleSets" ? "rulesets" : parts[0],
                                          " list`"));
}

}  // namespace meso::mesoctl
