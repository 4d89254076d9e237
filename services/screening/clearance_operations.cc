// The use cases that answer "may this patient have this?": gather one consistent view, asking other
// services for what is missing with no transaction open, then let domain/clearance decide.
#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/screening/domain/content_codec.h"
#include "services/screening/domain/errors.h"
#include "services/screening/screening_operations.h"
#include "services/screening/store/projection_store.h"
#include "services/screening/store/screening_store.h"

namespace meso::screening {
namespace {

constexpr absl::Duration kCatchUpMax = absl::Seconds(2);
// How often tags may be corrected between asking and keeping before the question is given up.
constexpr int kFetchTriesMax = 3;

}  // namespace

struct ScreeningOperations::Snapshot {
  std::shared_ptr<const InForce> in_force;  // nullptr = none published
  std::optional<Site> site;
  std::optional<Treatment> treatment;
  std::vector<StoredAnswer> answers;
  std::vector<CachedCocktail> cocktails;  // the one asked for, or all to rank
  std::vector<ConsentName> consents;      // beside `cocktails`
  EventPosition head;
};

absl::StatusOr<std::shared_ptr<const ScreeningOperations::InForce>>
ScreeningOperations::LoadInForce(Transaction& tx) {
  MESO_ASSIGN_OR_RETURN(const RuleSetName name, FindRuleSetInForce(tx));
  if (name.empty()) return std::shared_ptr<const InForce>();
  {
    absl::MutexLock lock(&mutex_);
    if (in_force_ != nullptr && in_force_->rule_set.name() == name) return in_force_;
  }
  auto loaded = std::make_shared<InForce>();
  MESO_ASSIGN_OR_RETURN(loaded->rule_set, LoadRuleSet(tx, name));
  MESO_ASSIGN_OR_RETURN(loaded->questionnaire,
                        LoadQuestionnaire(tx, loaded->rule_set.questionnaire));
  loaded->hash = RuleSetHash(loaded->rule_set);
  std::shared_ptr<const InForce> result = std::move(loaded);
  absl::MutexLock lock(&mutex_);
  in_force_ = result;
  return result;
}

absl::Status ScreeningOperations::ReadSnapshot(Transaction& tx, const ClearanceRequest& request,
                                               bool rank, Snapshot& snapshot) {
  snapshot = Snapshot();
  MESO_ASSIGN_OR_RETURN(snapshot.head, HeadPosition(tx));
  MESO_ASSIGN_OR_RETURN(snapshot.in_force, LoadInForce(tx));
  MESO_ASSIGN_OR_RETURN(snapshot.site, LoadSite(tx, request.site));
  MESO_ASSIGN_OR_RETURN(snapshot.treatment, LoadTreatment(tx, request.treatment));
  MESO_ASSIGN_OR_RETURN(snapshot.answers, LoadNewestAnswers(tx, request.patient));
  if (rank) {
    MESO_ASSIGN_OR_RETURN(snapshot.cocktails, ListNewestCocktails(tx));
  } else {
    MESO_ASSIGN_OR_RETURN(CachedCocktail cocktail, LoadCocktail(tx, request.cocktail));
    snapshot.cocktails.push_back(std::move(cocktail));
  }
  for (const CachedCocktail& cached : snapshot.cocktails) {
    MESO_ASSIGN_OR_RETURN(ConsentName consent,
                          FindNewestConsent(tx, request.patient, cached.cocktail.name));
    snapshot.consents.push_back(std::move(consent));
  }
  return absl::OkStatus();
}

absl::StatusOr<FetchedCocktail> ScreeningOperations::FetchCocktail(
    const CallContext& call, const CocktailRevisionName& name) {
  for (int i = 0; i < kFetchTriesMax; ++i) {
    CachedCocktail cached;
    MESO_RETURN_IF_ERROR(database_.Read(
        [&](Transaction& tx) -> absl::Status {
          MESO_ASSIGN_OR_RETURN(cached, LoadCocktail(tx, name));
          return absl::OkStatus();
        },
        call.deadline));
    if (cached.cocktail.tags.has_value()) return FetchedCocktail{cached.cocktail, true};
    const absl::StatusOr<FetchedCocktail> fetched = peers_.GetCocktail(call, name);
    if (!fetched.ok()) {
      if (ReasonOf(fetched.status()) == "RESOURCE_NOT_FOUND") return fetched.status();
      return DependencyDown("inventory", "the cocktail's composition cannot be read");
    }
    // Only published revisions are kept, and nothing is kept of one that is yet to be declared.
    if (!fetched->published || fetched->cocktail.undeclared) return fetched;
    MESO_RETURN_IF_ERROR(database_.Transact(
        [&](Transaction& tx) { return SaveCocktailTags(tx, fetched->cocktail, cached.generation); },
        call.deadline));
  }
  return DependencyDown("inventory", "the cocktail's composition keeps changing");
}

absl::Status ScreeningOperations::FetchTags(const CallContext& call, Snapshot& snapshot) {
  for (CachedCocktail& cached : snapshot.cocktails) {
    if (cached.cocktail.tags.has_value()) continue;
    const absl::StatusOr<FetchedCocktail> fetched = FetchCocktail(call, cached.cocktail.name);
    if (fetched.ok()) {
      if (!fetched->published) {
        return StateNotAllowed(cached.cocktail.name.value(), "DRAFT", "PUBLISHED");
      }
      cached.cocktail = fetched->cocktail;
      continue;
    }
    if (ReasonOf(fetched.status()) != "DEPENDENCY_DOWN") return fetched.status();
    // Inventory cannot be asked: the tags stay unknown, and unknown is never safe. One wait is
    // enough, the other cocktails would only wait for the same.
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<ScreeningOperations::Snapshot> ScreeningOperations::Gather(
    const CallContext& call, const ClearanceRequest& request, bool rank) {
  Snapshot snapshot;
  const auto read = [&] {
    return database_.Read(
        [&](Transaction& tx) { return ReadSnapshot(tx, request, rank, snapshot); }, call.deadline);
  };
  MESO_RETURN_IF_ERROR(read());
  if (!snapshot.site.has_value() || !snapshot.treatment.has_value()) {
    const absl::Status caught_up =
        peers_.CatchUp("scheduling", std::min(call.deadline, clock_.Now() + kCatchUpMax));
    if (!caught_up.ok()) {
      return DependencyDown("scheduling", "the site or treatment type is not known here yet");
    }
    MESO_RETURN_IF_ERROR(read());
    if (!snapshot.site.has_value()) return ResourceNotFound(request.site.value());
    if (!snapshot.treatment.has_value()) return ResourceNotFound(request.treatment.value());
  }
  if (snapshot.in_force == nullptr) return RuleSetNotPublished();
  MESO_RETURN_IF_ERROR(FetchTags(call, snapshot));
  return snapshot;
}

absl::StatusOr<ClearanceAnswer> ScreeningOperations::Decide(const Snapshot& snapshot,
                                                            const Cocktail& cocktail,
                                                            const ConsentName& consent,
                                                            const ClearanceRequest& request,
                                                            absl::Time now) const {
  ClearanceInput input;
  input.rule_set = &snapshot.in_force->rule_set;
  input.questionnaire = &snapshot.in_force->questionnaire;
  input.answers = snapshot.answers;
  input.site = *snapshot.site;
  input.treatment = *snapshot.treatment;
  input.cocktail = cocktail;
  input.at = request.at == absl::InfinitePast() ? now : request.at;
  input.now = now;
  if (!absl::LoadTimeZone(input.site.time_zone, &input.zone)) {
    return absl::InternalError(
        absl::StrCat("time zone ", input.site.time_zone, " is not on this machine"));
  }
  ClearanceAnswer answer;
  answer.clearance = DecideClearance(input);
  answer.rule_set = input.rule_set->name();
  answer.rule_set_hash = snapshot.in_force->hash;
  answer.site = input.site;
  answer.treatment = input.treatment;
  answer.cocktail = cocktail;
  answer.at = input.at;
  answer.evaluate_time = now;
  answer.as_of = snapshot.head;
  answer.consent = consent;
  // A missing "cocktail" is one that inventory could not be asked about, or has no tags of.
  if (!cocktail.undeclared && answer.clearance.missing_inputs.erase("cocktail") > 0) {
    answer.unreachable.insert("inventory");
  }
  return answer;
}

absl::StatusOr<ClearanceAnswer> ScreeningOperations::CheckClearance(
    const CallContext& call, const ClearanceRequest& request) {
  const absl::Time now = clock_.Now();
  FieldErrors errors;
  if (request.at != absl::InfinitePast()) CheckClearanceTime(request.at, now, "at", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  MESO_ASSIGN_OR_RETURN(const Snapshot snapshot, Gather(call, request, /*rank=*/false));
  return Decide(snapshot, snapshot.cocktails[0].cocktail, snapshot.consents[0], request, now);
}

absl::StatusOr<std::vector<ClearanceAnswer>> ScreeningOperations::RankCocktails(
    const CallContext& call, const ClearanceRequest& request) {
  const absl::Time now = clock_.Now();
  FieldErrors errors;
  if (request.at != absl::InfinitePast()) CheckClearanceTime(request.at, now, "at", errors);
  MESO_RETURN_IF_ERROR(errors.ToStatus());
  // A cocktail published a moment ago should be ranked; without inventory, those known here are.
  peers_.CatchUp("inventory", std::min(call.deadline, now + kCatchUpMax)).IgnoreError();
  MESO_ASSIGN_OR_RETURN(const Snapshot snapshot, Gather(call, request, /*rank=*/true));
  std::vector<ClearanceAnswer> answers;
  for (size_t i = 0; i < snapshot.cocktails.size(); ++i) {
    MESO_ASSIGN_OR_RETURN(ClearanceAnswer answer, Decide(snapshot, snapshot.cocktails[i].cocktail,
                                                         snapshot.consents[i], request, now));
    answers.push_back(std::move(answer));
  }
  std::sort(answers.begin(), answers.end(), [](const ClearanceAnswer& a, const ClearanceAnswer& b) {
    return IsBetter(a.cocktail, a.clearance, b.cocktail, b.clearance);
  });
  return answers;
}

}  // namespace meso::screening
