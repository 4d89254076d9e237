// Five hundred callers want one slot, over the wire: one gets it, everybody else is told so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/base/error.h"
#include "tests/support/clinic.h"
#include "tests/support/invariants.h"

namespace meso {
namespace {

using ::meso::scheduling::v1::Appointment;
using ::meso::scheduling::v1::BookAppointmentRequest;
using ::meso::scheduling::v1::SchedulingService;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr int kCallers = 500;
constexpr int kConnections = 10;
constexpr int kLoaders = 8;
constexpr int kOverloadedMax = 600;  // a call gives up after so many: something is stuck

// Runs `work(i)` for every i below `count` on a few threads.
void Share(int count, const std::function<void(int)>& work) {
  std::atomic<int> next = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kLoaders; ++t) {
    threads.emplace_back([&] {
      for (int i = next++; i < count; i = next++) work(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

class SlotRaceTest : public ::testing::Test {
 protected:
  SlotRaceTest() : clinic_(suite_) {
    suite_.StartAll();
    clinic_.Load();
    clinic_.Receive(kCallers);
    offers_.resize(kCallers);
    for (int i = 0; i < kConnections; ++i) {
      grpc::ChannelArguments own;
      own.SetInt("meso.test.connection", i);  // other arguments, another connection
      stubs_.push_back(SchedulingService::NewStub(grpc::CreateCustomChannel(
          suite_.Socket("scheduling"), grpc::InsecureChannelCredentials(), own)));
    }
  }

  static std::string PatientOf(int i) { return absl::StrCat("patients/SLOT-", i); }

  // Everybody is screened and sees the same slot as the first free one.
  void OfferTheSlotToEverybody() {
    absl::Mutex mutex;
    std::map<std::string, int> starts;
    Share(kCallers, [&](int i) {
      clinic_.Screen(PatientOf(i));
      const auto offer = clinic_.Search(PatientOf(i), clinic_.Tomorrow(), 1)[0];
      offers_[static_cast<size_t>(i)] = offer.offer_token();
      absl::MutexLock lock(&mutex);
      ++starts[offer.start_time().ShortDebugString()];
    });
    ASSERT_THAT(starts, SizeIs(1));
  }

  // Books with a deadline of a minute; an overloaded service is asked again when it said so.
  absl::Status Book(int i) {
    BookAppointmentRequest request;
    request.set_parent("sites/par-1");
    request.set_offer_token(offers_[static_cast<size_t>(i)]);
    request.set_patient(PatientOf(i));
    request.set_cocktail(clinic_.cocktail());
    request.set_request_id(clinic_.NewRequestId());
    absl::Status status;
    for (int attempt = 0; attempt < kOverloadedMax; ++attempt) {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
      context.AddMetadata("authorization", absl::StrCat("Bearer ", desk_));
      Appointment response;
      status = GrpcToStatus(stubs_[static_cast<size_t>(i) % kConnections]->BookAppointment(
          &context, request, &response));
      const ErrorDetails details = DetailsOf(status);
      if (details.reason != "OVERLOADED") return status;
      ++overloaded_;
      EXPECT_TRUE(details.retry_after.has_value())
          << "an overloaded service says when to come back";
      absl::Notification nobody;
      nobody.WaitForNotificationWithTimeout(details.retry_after.value_or(absl::Milliseconds(100)));
    }
    return status;
  }

  Suite suite_;
  Clinic clinic_;
  const std::string desk_ = clinic_.desk();
  std::vector<std::string> offers_;
  std::vector<std::unique_ptr<SchedulingService::Stub>> stubs_;
  std::atomic<int> overloaded_ = 0;
};

TEST_F(SlotRaceTest, OfFiveHundredCallersOneGetsTheSlotAndTheRestAreToldItIsTaken) {
  OfferTheSlotToEverybody();
  absl::Notification start;
  absl::Mutex mutex;
  std::map<std::string, int> answers;
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      start.WaitForNotification();
      const absl::Status status = Book(i);
      absl::MutexLock lock(&mutex);
      ++answers[status.ok()
                    ? "OK"
                    : absl::StrCat(absl::StatusCodeToString(status.code()), "/", ReasonOf(status))];
    });
  }
  start.Notify();
  for (std::thread& caller : callers) caller.join();
  std::printf("%d calls were asked to come back later\n", overloaded_.load());
  EXPECT_THAT(answers,
              ElementsAre(Pair("FAILED_PRECONDITION/SLOT_TAKEN", kCallers - 1), Pair("OK", 1)));

  EXPECT_THAT(clinic_.ListAppointments("state = BOOKED"), SizeIs(1));
  EXPECT_TRUE(WaitUntil([&] {
    return FindOrphans(clinic_.ListAppointments(), clinic_.ListReservations()).empty();
  })) << ::testing::PrintToString(FindOrphans(clinic_.ListAppointments(),
                                              clinic_.ListReservations()));
  EXPECT_THAT(FindDoubleBookings(clinic_.ListAppointments()), IsEmpty());
  EXPECT_THAT(FindStockErrors(clinic_.ListStockLevels(), clinic_.ListReservations()), IsEmpty());
  EXPECT_TRUE(clinic_.CheckLedger().consistent());
}

}  // namespace
}  // namespace meso
