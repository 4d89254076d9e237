// A screening service without its wire: operations over a real SQLite file, with a clock that
// stands still and neighbours the test plays itself.
#ifndef MESO_TESTS_SERVICES_SCREENING_OPERATIONS_FIXTURE_H_
#define MESO_TESTS_SERVICES_SCREENING_OPERATIONS_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/database/outbox.h"
#include "services/screening/screening_operations.h"
#include "tests/services/screening/default_content.h"
#include "tests/services/screening/fake_peers.h"
#include "tests/support/temp_database.h"

namespace meso::screening {

inline constexpr char kAuthor[] = "users/author";
inline constexpr char kPublisher[] = "users/publisher";
inline constexpr char kNurse[] = "users/nurse";                 // at sites/par-1
inline constexpr char kForeignNurse[] = "users/foreign-nurse";  // at sites/syd-1

class OperationsFixture : public ::testing::Test {
 protected:
  OperationsFixture();

  // A call by one of the users above, or by somebody with the role everywhere.
  CallContext CallBy(const std::string& subject) const;

  // Runs a plain operation in a transaction or on a snapshot.
  template <typename Out, typename In, typename Arg>
  absl::StatusOr<Out> Write(const std::string& subject,
                            absl::StatusOr<Out> (ScreeningOperations::*operation)(
                                Transaction&, const CallContext&, const In&),
                            const Arg& input) {
    return Run<Out, In>(subject, operation, input, /*write=*/true);
  }
  template <typename Out, typename In, typename Arg>
  absl::StatusOr<Out> ReadOne(const std::string& subject,
                              absl::StatusOr<Out> (ScreeningOperations::*operation)(
                                  Transaction&, const CallContext&, const In&),
                              const Arg& input) {
    return Run<Out, In>(subject, operation, input, /*write=*/false);
  }

  template <typename Out>
  static void ExpectRefusal(const absl::StatusOr<Out>& result, absl::StatusCode code,
                            const std::string& reason) {
    EXPECT_EQ(result.status().code(), code) << result.status();
    EXPECT_EQ(ReasonOf(result.status()), reason) << result.status();
  }

  // The default questionnaire and rule set, published.
  void Publish();
  // An assessment of patients/PT-0001 with every harmless answer.
  Assessment Answers() const;
  // Records these answers; fails the test when refused.
  AssessmentName Assess(const std::vector<Answer>& answers,
                        const std::string& patient = "patients/PT-0001");
  AssessmentPage List(const std::string& patient);
  Consent ConsentTo(const std::string& cocktail) const;
  absl::StatusOr<Consent> Consented(const Consent& draft, const std::string& request_id);
  // Face treatment at sites/par-1 with cocktail C-01, now.
  ClearanceRequest Question() const;
  absl::StatusOr<ClearanceAnswer> Check();
  // What scheduling's events would have said.
  void KnowSiteAndTreatment();
  absl::Status Apply(const std::function<absl::Status(Transaction&)>& effect);
  std::vector<OutboxEvent> Events();

  TempDatabase database_;
  FakePeers peers_;
  ScreeningOperations operations_;

 private:
  template <typename Out, typename In, typename Operation>
  absl::StatusOr<Out> Run(const std::string& subject, Operation operation, const In& input,
                          bool write) {
    absl::StatusOr<Out> result = absl::UnknownError("not run");
    const CallContext call = CallBy(subject);
    const Work work = [&](Transaction& tx) {
      result = (operations_.*operation)(tx, call, input);
      return result.status();
    };
    const absl::Status status = write ? database_->Transact(work) : database_->Read(work);
    if (!status.ok()) return status;
    return result;
  }
};

}  // namespace meso::screening

#endif  // MESO_TESTS_SERVICES_SCREENING_OPERATIONS_FIXTURE_H_
