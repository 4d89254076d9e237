// A whole suite ready for bookings: one site, many practitioners, patients who may be treated, each
// with a time of their own. Starts calls asynchronously, for loads.
#ifndef MESO_TESTS_BENCH_BOOKING_SUITE_H_
#define MESO_TESTS_BENCH_BOOKING_SUITE_H_

#include <functional>
#include <string>
#include <vector>

#include "tests/support/clinic.h"

namespace meso {

class BookingSuite {
 public:
  using Done = std::function<void(std::string error)>;
  using Booked = std::function<void(const scheduling::v1::Appointment&)>;

  // Starts the suite; `patients` can be booked, each once.
  explicit BookingSuite(int patients);

  int patients() const { return static_cast<int>(offers_.size()); }
  Suite& suite() { return suite_; }
  Clinic& clinic() { return clinic_; }

  // Books the patient's offer; `booked` (may be empty) is told the appointment.
  void Book(int patient, Done done, const Booked& booked = nullptr);
  void Search(int patient, Done done);
  void List(Done done);
  void Get(const std::string& appointment, Done done);
  void Draw(const std::string& appointment, const std::string& reservation, Done done);

 private:
  scheduling::v1::SearchAvailabilityRequest SearchRequest(int patient);

  Suite suite_;
  Clinic clinic_;
  std::vector<std::string> offers_;
  std::string bearer_;
};

}  // namespace meso

#endif  // MESO_TESTS_BENCH_BOOKING_SUITE_H_
