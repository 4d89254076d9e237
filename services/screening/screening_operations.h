// Screening's use cases: the table of contents of the service.
//
// Plain operations run inside the transaction they are given, on the writer or on a snapshot; sagas
// (which may ask another service) open their own transactions and run with none open. rpc/ calls
// the ones named like RPCs, the events consumer the Apply… ones. No gRPC and no SQL here.
// ScreeningOperations is thread-safe; what it is constructed with outlives it.
//
// Beside the errors named, every operation may fail as the Database seam says.
#ifndef MESO_SERVICES_SCREENING_SCREENING_OPERATIONS_H_
#define MESO_SERVICES_SCREENING_SCREENING_OPERATIONS_H_

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/filter.h"
#include "common/base/id_source.h"
#include "common/database/database.h"
#include "common/database/outbox.h"
#include "services/screening/domain/assessment.h"
#include "services/screening/domain/clearance.h"
#include "services/screening/domain/questionnaire.h"
#include "services/screening/domain/rule_set.h"
#include "services/screening/peers/screening_peers.h"
#include "services/screening/store/catalog_store.h"

namespace meso::screening {

struct PublishRequest {
  std::string name;
  std::string etag;  // empty = whatever it is now
};

struct ListRevisionsRequest {
  FilterNode filter;
  RevisionKey after;
  int page_size = 0;
};

struct ListAssessmentsRequest {
  PatientName patient;
  SiteName site;  // or sites/-
  FilterNode filter;
  int64_t before_row = 0;
  int page_size = 0;
};

struct AssessmentPage {
  std::vector<Assessment> assessments;
  int64_t next_row = 0;  // 0 = that was the last page
};

struct InvalidateRequest {
  AssessmentName name;
  InvalidationReason reason = InvalidationReason::kUnspecified;
  std::string etag;
};

// How a saga stores its answer: the caller (rpc/) knows its wire form. `name_of` reads the
// consent's name back out of stored bytes.
struct ConsentReply {
  std::function<std::string(const Consent&)> encode;
  std::function<absl::StatusOr<ConsentName>(const std::string& bytes)> name_of;
};

struct ClearanceRequest {
  PatientName patient;
  SiteName site;
  TreatmentName treatment;
  CocktailRevisionName cocktail;         // not read by RankCocktails
  absl::Time at = absl::InfinitePast();  // InfinitePast = now
};

// A clearance with what it rests on.
struct ClearanceAnswer {
  Clearance clearance;
  RuleSetName rule_set;
  std::string rule_set_hash;
  Site site;
  Treatment treatment;
  Cocktail cocktail;
  absl::Time at;
  absl::Time evaluate_time;
  EventPosition as_of;
  ConsentName consent;                // empty = none
  std::set<std::string> unreachable;  // services with a missing safety input
};

class ScreeningOperations {
 public:
  ScreeningOperations(Database& database, const Clock& clock, IdSource& ids, ScreeningPeers& peers);

  // --- Content (plain) ---------------------------------------------------------------------
  // The next revision as a draft of the calling user. `draft` carries code, title and questions.
  absl::StatusOr<Questionnaire> CreateQuestionnaire(Transaction& tx, const CallContext& call,
                                                    const Questionnaire& draft);
  // Errors: RESOURCE_NOT_FOUND, SELF_APPROVAL, ETAG_MISMATCH.
  absl::StatusOr<Questionnaire> PublishQuestionnaire(Transaction& tx, const CallContext& call,
                                                     const PublishRequest& request);
  absl::StatusOr<Questionnaire> GetQuestionnaire(Transaction& tx, const CallContext& call,
                                                 const QuestionnaireName& name);
  // One more than the page size tells that there is a next page. Errors: FILTER_INVALID.
  absl::StatusOr<std::vector<Questionnaire>> ListQuestionnaires(
      Transaction& tx, const CallContext& call, const ListRevisionsRequest& request);

  // Errors: RESOURCE_NOT_FOUND (its questionnaire), FIELD_INVALID and FIELD_REQUIRED (rules the
  // questionnaire cannot answer; all of them at once).
  absl::StatusOr<RuleSet> CreateRuleSet(Transaction& tx, const CallContext& call,
                                        const RuleSet& draft);
  // Puts the set in force in place of the one before, and tells it. Errors: RESOURCE_NOT_FOUND,
  // SELF_APPROVAL, ETAG_MISMATCH, STATE_NOT_ALLOWED.
  absl::StatusOr<RuleSet> PublishRuleSet(Transaction& tx, const CallContext& call,
                                         const PublishRequest& request);
  absl::StatusOr<RuleSet> GetRuleSet(Transaction& tx, const CallContext& call,
                                     const RuleSetName& name);
  absl::StatusOr<std::vector<RuleSet>> ListRuleSets(Transaction& tx, const CallContext& call,
                                                    const ListRevisionsRequest& request);

  // --- Patients (plain) --------------------------------------------------------------------
  // Stores the answers and tells it. Errors: RESOURCE_NOT_FOUND (questionnaire), STATE_NOT_ALLOWED
  // (still a draft), FIELD_INVALID (every answer that does not fit).
  absl::StatusOr<Assessment> CreateAssessment(Transaction& tx, const CallContext& call,
                                              const Assessment& draft);
  // Errors: RESOURCE_NOT_FOUND, also where the caller has no role at its site.
  absl::StatusOr<Assessment> GetAssessment(Transaction& tx, const CallContext& call,
                                           const AssessmentName& name);
  absl::StatusOr<AssessmentPage> ListAssessments(Transaction& tx, const CallContext& call,
                                                 const ListAssessmentsRequest& request);
  // Takes the answers out of use and tells it; a second call with the same reason changes nothing.
  // Errors: RESOURCE_NOT_FOUND, ETAG_MISMATCH, STATE_NOT_ALLOWED (invalidated for another reason).
  absl::StatusOr<Assessment> InvalidateAssessment(Transaction& tx, const CallContext& call,
                                                  const InvalidateRequest& request);

  // The stored object without a check of rights: for restoring a stored answer, whose caller has
  // been authorised again.
  absl::StatusOr<Assessment> FindAssessment(Transaction& tx, const AssessmentName& name);
  absl::StatusOr<Consent> FindConsent(Transaction& tx, const ConsentName& name);

  // --- Questions that may need another service (sagas) ---------------------------------------
  // Stores the consent once inventory has confirmed the cocktail revision. Errors:
  // RESOURCE_NOT_FOUND and STATE_NOT_ALLOWED (the revision), FIELD_INVALID (signed in the future),
  // DEPENDENCY_DOWN.
  absl::StatusOr<Consent> RecordConsent(const CallContext& call, const Consent& draft,
                                        const ConsentReply& reply);
  // Errors: RESOURCE_NOT_FOUND (site, treatment, cocktail), RULE_SET_NOT_PUBLISHED,
  // STATE_NOT_ALLOWED (a draft cocktail), FIELD_INVALID (at), DEPENDENCY_DOWN (scheduling, when
  // site or treatment is not known here). An unreachable inventory is no error but INCOMPLETE.
  absl::StatusOr<ClearanceAnswer> CheckClearance(const CallContext& call,
                                                 const ClearanceRequest& request);
  // Every published cocktail's answer, best first. Errors: as CheckClearance.
  absl::StatusOr<std::vector<ClearanceAnswer>> RankCocktails(const CallContext& call,
                                                             const ClearanceRequest& request);

  // --- Effects of other services' events (plain) ---------------------------------------------
  absl::Status ApplySite(Transaction& tx, const Site& site);
  absl::Status ApplyTreatment(Transaction& tx, const Treatment& treatment);
  absl::Status ApplyCocktailPublished(Transaction& tx, const CocktailRevisionName& name);
  // The composition of a product in these recipes was corrected: their tags are fetched anew.
  absl::Status ApplyCompositionChanged(Transaction& tx,
                                       const std::vector<CocktailRevisionName>& cocktails);

 private:
  // The content in force, parsed once per revision: it never changes.
  struct InForce {
    RuleSet rule_set;
    Questionnaire questionnaire;
    std::string hash;
  };
  // One consistent view of everything a clearance reads.
  struct Snapshot;

  absl::StatusOr<std::shared_ptr<const InForce>> LoadInForce(Transaction& tx);
  absl::Status ReadSnapshot(Transaction& tx, const ClearanceRequest& request, bool rank,
                            Snapshot& snapshot);
  // Reads the snapshot, asking scheduling's events once when site or treatment is missing, and
  // inventory for missing tags.
  absl::StatusOr<Snapshot> Gather(const CallContext& call, const ClearanceRequest& request,
                                  bool rank);
  absl::Status FetchTags(const CallContext& call, Snapshot& snapshot);
  absl::StatusOr<ClearanceAnswer> Decide(const Snapshot& snapshot, const Cocktail& cocktail,
                                         const ConsentName& consent,
                                         const ClearanceRequest& request, absl::Time now) const;
  // From the cache, else from inventory (and kept). Errors: RESOURCE_NOT_FOUND; DEPENDENCY_DOWN
  // when inventory could not be asked.
  absl::StatusOr<FetchedCocktail> FetchCocktail(const CallContext& call,
                                                const CocktailRevisionName& name);

  Database& database_;
  const Clock& clock_;
  IdSource& ids_;
  ScreeningPeers& peers_;
  absl::Mutex mutex_;
  std::shared_ptr<const InForce> in_force_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace meso::screening

#endif  // MESO_SERVICES_SCREENING_SCREENING_OPERATIONS_H_
