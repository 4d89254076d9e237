#include "services/screening/domain/content_codec.h"

#include <openssl/evp.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/codec.h"

namespace meso::screening {
namespace {

constexpr int64_t kVersion = 1;
// Far above what the checks let in: only a broken byte string gets here.
constexpr int kDecodeDepthMax = 32;

void PutStrings(Encoder& out, const std::vector<std::string>& values) {
  out.Int(static_cast<int64_t>(values.size()));
  for (const std::string& value : values) out.String(value);
}

std::vector<std::string> TakeStrings(Decoder& in) {
  std::vector<std::string> values;
  const size_t count = in.Count();
  for (size_t i = 0; i < count && in.ok(); ++i) values.push_back(in.String());
  return values;
}

void PutCondition(Encoder& out, const Condition& condition) {
  out.Int(static_cast<int64_t>(condition.kind)).String(condition.question);
  PutStrings(out, condition.values);
  out.Int(static_cast<int64_t>(condition.sources.size()));
  for (TagSource source : condition.sources) out.Int(static_cast<int64_t>(source));
  out.Int(condition.days_before).Int(condition.days_after).Int(condition.years);
  out.Int(static_cast<int64_t>(condition.children.size()));
  for (const Condition& child : condition.children) PutCondition(out, child);
}

Condition TakeCondition(Decoder& in, int depth) {
  Condition condition;
  if (depth > kDecodeDepthMax) return condition;
  condition.kind = static_cast<ConditionKind>(in.Int());
  condition.question = in.String();
  condition.values = TakeStrings(in);
  const size_t sources = in.Count();
  for (size_t i = 0; i < sources && in.ok(); ++i) {
    condition.sources.push_back(static_cast<TagSource>(in.Int()));
  }
  condition.days_before = static_cast<int>(in.Int());
  condition.days_after = static_cast<int>(in.Int());
  condition.years = static_cast<int>(in.Int());
  const size_t children = in.Count();
  for (size_t i = 0; i < children && in.ok(); ++i) {
    condition.children.push_back(TakeCondition(in, depth + 1));
  }
  return condition;
}

void PutRule(Encoder& out, const Rule& rule) {
  out.String(rule.id).String(rule.title).String(rule.citation);
  out.Int(static_cast<int64_t>(rule.confidence));
  out.Int(static_cast<int64_t>(rule.outcomes.size()));
  for (const Outcome& outcome : rule.outcomes) {
    PutCondition(out, outcome.condition);
    out.Int(static_cast<int64_t>(outcome.effect)).String(outcome.explanation);
    out.String(outcome.defer_question).Int(outcome.defer_days);
  }
}

Rule TakeRule(Decoder& in) {
  Rule rule;
  rule.id = in.String();
  rule.title = in.String();
  rule.citation = in.String();
  rule.confidence = static_cast<Confidence>(in.Int());
  const size_t outcomes = in.Count();
  for (size_t i = 0; i < outcomes && in.ok(); ++i) {
    Outcome outcome;
    outcome.condition = TakeCondition(in, 1);
    outcome.effect = static_cast<Effect>(in.Int());
    outcome.explanation = in.String();
    outcome.defer_question = in.String();
    outcome.defer_days = static_cast<int>(in.Int());
    rule.outcomes.push_back(std::move(outcome));
  }
  return rule;
}

void PutQuestion(Encoder& out, const Question& question) {
  out.String(question.id).String(question.text).Int(static_cast<int64_t>(question.kind));
  out.Int(question.per_area ? 1 : 0).Int(question.same_day ? 1 : 0).Int(question.valid_days);
  PutStrings(out, question.options);
  out.String(question.help);
}

Question TakeQuestion(Decoder& in) {
  Question question;
  question.id = in.String();
  question.text = in.String();
  question.kind = static_cast<QuestionKind>(in.Int());
  question.per_area = in.Int() != 0;
  question.same_day = in.Int() != 0;
  question.valid_days = static_cast<int>(in.Int());
  question.options = TakeStrings(in);
  question.help = in.String();
  return question;
}

void PutAnswer(Encoder& out, const Answer& answer) {
  out.String(answer.question).String(answer.area).Int(static_cast<int64_t>(answer.form));
  out.String(answer.choice);
  out.Int(answer.form == AnswerForm::kDate ? answer.date - absl::CivilDay(1970, 1, 1) : 0);
  PutStrings(out, answer.tags);
}

Answer TakeAnswer(Decoder& in) {
  Answer answer;
  answer.question = in.String();
  answer.area = in.String();
  answer.form = static_cast<AnswerForm>(in.Int());
  answer.choice = in.String();
  answer.date = absl::CivilDay(1970, 1, 1) + in.Int();
  answer.tags = TakeStrings(in);
  return answer;
}

template <typename T>
std::string EncodeAll(const std::vector<T>& values, void (*put)(Encoder&, const T&)) {
  Encoder out;
  out.Int(kVersion).Int(static_cast<int64_t>(values.size()));
  for (const T& value : values) put(out, value);
  return out.Take();
}

template <typename T>
absl::StatusOr<std::vector<T>> DecodeAll(absl::string_view bytes, T (*take)(Decoder&)) {
  Decoder in(bytes);
  std::vector<T> values;
  bool readable = in.Int() == kVersion;
  if (readable) {
    const size_t count = in.Count();
    for (size_t i = 0; i < count && in.ok(); ++i) values.push_back(take(in));
    readable = in.done();
  }
  if (!readable) return absl::DataLossError("stored screening content cannot be read");
  return values;
}

std::string Sha256Hex(const std::string& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  MESO_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr) == 1,
             "SHA-256 is not available");
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size));
}

}  // namespace

std::string EncodeQuestions(const std::vector<Question>& questions) {
  return EncodeAll(questions, PutQuestion);
}
std::string EncodeRules(const std::vector<Rule>& rules) { return EncodeAll(rules, PutRule); }
std::string EncodeAnswers(const std::vector<Answer>& answers) {
  return EncodeAll(answers, PutAnswer);
}

absl::StatusOr<std::vector<Question>> DecodeQuestions(absl::string_view bytes) {
  return DecodeAll(bytes, TakeQuestion);
}
absl::StatusOr<std::vector<Rule>> DecodeRules(absl::string_view bytes) {
  return DecodeAll(bytes, TakeRule);
}
absl::StatusOr<std::vector<Answer>> DecodeAnswers(absl::string_view bytes) {
  return DecodeAll(bytes, TakeAnswer);
}

std::string RuleHash(const Rule& rule) {
  Encoder out;
  out.Int(kVersion);
  PutRule(out, rule);
  return Sha256Hex(out.Take());
}

std::string RuleSetHash(const RuleSet& rule_set) {
  Encoder out;
  out.Int(kVersion).String(rule_set.title).String(rule_set.questionnaire.value());
  out.String(EncodeRules(rule_set.rules));
  return Sha256Hex(out.Take());
}

}  // namespace meso::screening
