#include "services/screening/domain/clearance.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "services/screening/domain/content_codec.h"

namespace meso::screening {
namespace {

// One stored answer as seen from the day of the question and the day of the appointment.
struct DatedAnswer {
  const StoredAnswer* stored = nullptr;
  bool counts_today = false;
  bool counts_then = false;
  absl::Time lapse_time;
};

using AnswerBook = std::map<QuestionKey, DatedAnswer>;

// Midnight may not exist on the day clocks go forward: then the day begins with its first moment.
absl::Time BeginOfDay(absl::CivilDay day, absl::TimeZone zone) {
  return absl::FromCivil(day, zone);
}

AnswerBook BuildBook(const ClearanceInput& input, absl::CivilDay today, absl::CivilDay day) {
  AnswerBook book;
  for (const StoredAnswer& stored : input.answers) {
    const Question* question = FindQuestion(*input.questionnaire, stored.answer.question);
    if (question == nullptr || !FitsQuestion(stored.answer, *question)) continue;
    // An answer from before the question was (or was no longer) asked per area says nothing now.
    if (question->per_area == stored.answer.area.empty()) continue;
    const absl::CivilDay last = absl::ToCivilDay(stored.time, input.zone) + question->ValidDays();
    DatedAnswer dated;
    dated.stored = &stored;
    dated.counts_today = today <= last;
    dated.counts_then = day <= last;
    dated.lapse_time = BeginOfDay(last + 1, input.zone);
    book[{stored.answer.question, stored.answer.area}] = dated;
  }
  return book;
}

// `then` = only answers that still count on the day of the appointment; else those that count on
// either day.
Facts BuildFacts(const ClearanceInput& input, const AnswerBook& book, absl::CivilDay day,
                 bool then) {
  Facts facts;
  facts.day = day;
  facts.area = input.treatment.area;
  facts.delivery_method = input.treatment.delivery_method;
  facts.technique = input.treatment.technique;
  facts.jurisdiction = input.site.jurisdiction;
  facts.cocktail_tags = input.cocktail.tags;
  facts.numbing_cream_tags = input.treatment.numbing_cream_tags;
  facts.questionnaire = input.questionnaire;
  for (const auto& [key, dated] : book) {
    AnswerView view;
    if (dated.counts_then || (!then && dated.counts_today)) {
      view.answer = &dated.stored->answer;
    } else {
      view.why_none = dated.counts_today ? GapCause::kDueAgain : GapCause::kLapsed;
    }
    facts.answers[key] = view;
  }
  return facts;
}

// The pieces of a decision while the rules are gone through.
class Decision {
 public:
  explicit Decision(const ClearanceInput& input)
      : input_(input),
        today_(absl::ToCivilDay(input.now, input.zone)),
        day_(absl::ToCivilDay(input.at, input.zone)),
        book_(BuildBook(input, today_, day_)),
        known_(BuildFacts(input, book_, day_, /*then=*/false)),
        then_(BuildFacts(input, book_, day_, /*then=*/true)) {}

  Clearance Decide() {
    // Even where no answer makes a tag matter: nobody clears a recipe that could not be looked at.
    if (!input_.cocktail.tags.has_value()) {
      result_.missing_inputs.insert("cocktail");
      blocked_by_input_ = true;
    }
    for (const Rule& rule : input_.rule_set->rules) {
      for (const Outcome& outcome : rule.outcomes) Consider(rule, outcome);
    }
    std::stable_sort(result_.findings.begin(), result_.findings.end(),
                     [](const Finding& a, const Finding& b) { return a.effect > b.effect; });
    for (auto& [key, open] : missing_) result_.missing.push_back(std::move(open));
    for (auto& [key, open] : due_) result_.due.push_back(std::move(open));
    result_.state = State();
    if (result_.state == ClearanceState::kDeferred) SetEarliestSafeDate();
    return std::move(result_);
  }

 private:
  void Consider(const Rule& rule, const Outcome& outcome) {
    const Evaluation now = Evaluate(outcome.condition, known_);
    Use(now);
    if (now.truth == Truth::kTrue) AddFinding(rule, outcome, now);
    if (now.truth == Truth::kUnknown) {
      for (const auto& [key, cause] : now.gaps.questions) Open(missing_, key, cause, rule, outcome);
      if (IsSafetyEffect(outcome.effect)) {
        result_.missing_inputs.insert(now.gaps.inputs.begin(), now.gaps.inputs.end());
        blocked_by_input_ = blocked_by_input_ || !now.gaps.inputs.empty();
      }
    }
    // What is decided today and would not be on the day itself has to be asked again by then.
    const Evaluation later = Evaluate(outcome.condition, then_);
    if (later.truth != Truth::kUnknown) return;
    for (const auto& [key, cause] : later.gaps.questions) {
      if (cause == GapCause::kDueAgain) Open(due_, key, cause, rule, outcome);
    }
  }

  void Use(const Evaluation& evaluation) {
    for (const QuestionKey& key : evaluation.used) {
      const auto found = book_.find(key);
      if (found == book_.end()) continue;
      result_.assessments.insert(found->second.stored->assessment.value());
      result_.expire_time = std::min(result_.expire_time, found->second.lapse_time);
    }
  }

  void AddFinding(const Rule& rule, const Outcome& outcome, const Evaluation& evaluation) {
    Finding finding;
    finding.rule = rule.id;
    finding.effect = outcome.effect;
    finding.title = rule.title;
    finding.explanation = outcome.explanation;
    finding.citation = rule.citation;
    finding.confidence = rule.confidence;
    finding.rule_hash = RuleHash(rule);
    finding.defer_until = DeferUntil(outcome);
    for (const QuestionKey& key : evaluation.used) finding.questions.push_back(key.first);
    result_.findings.push_back(std::move(finding));
  }

  std::optional<absl::CivilDay> DeferUntil(const Outcome& outcome) const {
    if (outcome.effect != Effect::kDefer || outcome.defer_question.empty()) return std::nullopt;
    const Question* question = FindQuestion(*input_.questionnaire, outcome.defer_question);
    if (question == nullptr) return std::nullopt;
    const auto found = known_.answers.find(KeyOf(*question, known_.area));
    if (found == known_.answers.end() || found->second.answer == nullptr) return std::nullopt;
    const Answer& answer = *found->second.answer;
    if (answer.form != AnswerForm::kDate) return std::nullopt;
    return answer.date + outcome.defer_days;
  }

  void Open(std::map<QuestionKey, OpenQuestion>& open_questions, const QuestionKey& key,
            GapCause cause, const Rule& rule, const Outcome& outcome) {
    OpenQuestion& open = open_questions[key];
    open.key = key;
    open.cause = cause;
    open.rules.insert(rule.id);
    open.blocking = open.blocking || IsSafetyEffect(outcome.effect);
    const Question* question = FindQuestion(*input_.questionnaire, key.first);
    if (question == nullptr) return;
    open.text = question->text;
    open.ask_from_time = BeginOfDay(day_ - question->ValidDays(), input_.zone);
  }

  bool HasFinding(Effect effect) const {
    return std::any_of(result_.findings.begin(), result_.findings.end(),
                       [effect](const Finding& finding) { return finding.effect == effect; });
  }

  ClearanceState State() const {
    if (HasFinding(Effect::kContraindicated)) return ClearanceState::kContraindicated;
    bool lapsed = false;
    bool incomplete = blocked_by_input_;
    for (const OpenQuestion& open : result_.missing) {
      if (!open.blocking) continue;
      if (open.cause == GapCause::kLapsed) {
        lapsed = true;
      } else {
        incomplete = true;
      }
    }
    if (incomplete) return ClearanceState::kIncomplete;
    if (lapsed) return ClearanceState::kExpired;
    if (HasFinding(Effect::kDefer)) return ClearanceState::kDeferred;
    if (HasFinding(Effect::kRequiresApproval)) return ClearanceState::kNeedsApproval;
    const bool due_blocks = std::any_of(result_.due.begin(), result_.due.end(),
                                        [](const OpenQuestion& open) { return open.blocking; });
    return due_blocks ? ClearanceState::kProvisional : ClearanceState::kCleared;
  }

  // The last of the deferrals' ends; none when one of them has no date.
  void SetEarliestSafeDate() {
    std::optional<absl::CivilDay> latest;
    for (const Finding& finding : result_.findings) {
      if (finding.effect != Effect::kDefer) continue;
      if (!finding.defer_until.has_value()) return;
      if (!latest.has_value() || *finding.defer_until > *latest) latest = finding.defer_until;
    }
    result_.earliest_safe_date = latest;
  }

  const ClearanceInput& input_;
  const absl::CivilDay today_;
  const absl::CivilDay day_;
  const AnswerBook book_;
  const Facts known_;
  const Facts then_;
  bool blocked_by_input_ = false;
  std::map<QuestionKey, OpenQuestion> missing_;
  std::map<QuestionKey, OpenQuestion> due_;
  Clearance result_;
};

}  // namespace

Clearance DecideClearance(const ClearanceInput& input) { return Decision(input).Decide(); }

void CheckClearanceTime(absl::Time at, absl::Time now, absl::string_view field,
                        FieldErrors& errors) {
  if (at < now - kClearancePastMax) errors.Invalid(field, "lies in the past; ask for a later time");
  if (at > now + kClearanceAheadMax) errors.Invalid(field, "lies more than three years ahead");
}

bool IsAcceptable(ClearanceState state) {
  return state == ClearanceState::kCleared || state == ClearanceState::kProvisional;
}

bool IsBetter(const Cocktail& a, const Clearance& of_a, const Cocktail& b, const Clearance& of_b) {
  const auto rank = [](const Cocktail& cocktail, const Clearance& clearance) {
    return std::make_tuple(clearance.state, clearance.findings.size(),
                           clearance.missing.size() + clearance.due.size(), cocktail.name.value());
  };
  return rank(a, of_a) < rank(b, of_b);
}

}  // namespace meso::screening
