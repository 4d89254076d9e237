// The checkers themselves: each finds a planted violation and is silent without one.
#include "tests/support/invariants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace meso {
namespace {

using inventory::v1::Reservation;
using inventory::v1::StockLevel;
using ::meso::scheduling::v1::Appointment;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Appointment Booked(const std::string& name, int64_t begin, int64_t end) {
  Appointment appointment;
  appointment.set_name(name);
  appointment.set_patient("patients/" + name);
  appointment.set_state(Appointment::STATE_BOOKED);
  appointment.set_reservation("reservations/" + name);
  appointment.mutable_start_time()->set_seconds(begin);
  appointment.mutable_end_time()->set_seconds(end);
  auto* segment = appointment.add_segments();
  segment->mutable_begin_time()->set_seconds(begin);
  segment->mutable_end_time()->set_seconds(end);
  segment->set_practitioner("practitioners/p");
  return appointment;
}

Reservation Held(const std::string& name, int64_t ampoules) {
  Reservation reservation;
  reservation.set_name("reservations/" + name);
  reservation.set_site("sites/s");
  reservation.set_state(Reservation::STATE_CONFIRMED);
  auto* allocation = reservation.add_allocations();
  allocation->set_lot("lots/l");
  allocation->set_ampoules(ampoules);
  return reservation;
}

StockLevel Level(int64_t on_hand, int64_t reserved, int64_t available) {
  StockLevel level;
  level.set_lot("lots/l");
  level.set_site("sites/s");
  level.set_on_hand(on_hand);
  level.set_reserved(reserved);
  level.set_available(available);
  return level;
}

audit::v1::Entry EntryOf(uint64_t sequence, const std::string& request_id) {
  audit::v1::Entry entry;
  auto* leaf = entry.mutable_leaf();
  leaf->mutable_source()->set_name("scheduling");
  leaf->mutable_source()->set_epoch("e");
  leaf->mutable_source()->set_sequence(sequence);
  leaf->set_method("m");
  leaf->set_outcome(audit::v1::OUTCOME_OK);
  leaf->set_request_id(request_id);
  return entry;
}

TEST(InvariantsTest, FindsADoubleBookingAndAllowsAdjacentOnes) {
  EXPECT_THAT(FindDoubleBookings({Booked("a", 0, 20), Booked("b", 20, 40)}), IsEmpty());
  EXPECT_THAT(FindDoubleBookings({Booked("a", 0, 20), Booked("b", 19, 40)}), SizeIs(1));
  Appointment cancelled = Booked("b", 10, 40);
  cancelled.set_state(Appointment::STATE_CANCELLED);
  EXPECT_THAT(FindDoubleBookings({Booked("a", 0, 20), cancelled}), IsEmpty());
}

TEST(InvariantsTest, FindsStockThatDoesNotAddUp) {
  EXPECT_THAT(FindStockErrors({Level(5, 2, 3)}, {Held("a", 2)}), IsEmpty());
  EXPECT_THAT(FindStockErrors({Level(-1, 2, 0)}, {Held("a", 2)}), SizeIs(1));
  EXPECT_THAT(FindStockErrors({Level(5, 2, 4)}, {Held("a", 2)}), SizeIs(1));
  EXPECT_THAT(FindStockErrors({Level(5, 2, 3)}, {Held("a", 1)}), SizeIs(1));
}

TEST(InvariantsTest, FindsOrphans) {
  EXPECT_THAT(FindOrphans({Booked("a", 0, 20)}, {Held("a", 1)}), IsEmpty());
  EXPECT_THAT(FindOrphans({}, {Held("a", 1)}), SizeIs(1));
  EXPECT_THAT(FindOrphans({Booked("a", 0, 20)}, {}), SizeIs(1));
  Appointment at_risk = Booked("a", 0, 20);
  at_risk.set_at_risk(true);
  EXPECT_THAT(FindOrphans({at_risk}, {}), IsEmpty());
  Appointment held = Booked("a", 0, 20);
  held.set_state(Appointment::STATE_HELD);
  EXPECT_THAT(FindOrphans({held}, {Held("a", 1)}), SizeIs(1));
}

TEST(InvariantsTest, FindsAMissingOrRepeatedAuditEntry) {
  EXPECT_THAT(FindAuditGaps({EntryOf(1, "r"), EntryOf(2, "s")}, {"r", "s"}, "m"), IsEmpty());
  EXPECT_THAT(FindAuditGaps({EntryOf(1, "r"), EntryOf(3, "s")}, {"r"}, "m"), SizeIs(1));
  EXPECT_THAT(FindAuditGaps({EntryOf(1, "r"), EntryOf(2, "r")}, {"r"}, "m"), SizeIs(1));
  EXPECT_THAT(FindAuditGaps({EntryOf(1, "s")}, {"r"}, "m"), SizeIs(1));
}

TEST(InvariantsTest, FindsAGreenBookingOnABadLot) {
  Appointment booked = Booked("a", 0, 20);
  booked.add_lots("lots/l");
  EXPECT_THAT(FindGreenOnLots({booked}, {"lots/other"}), IsEmpty());
  EXPECT_THAT(FindGreenOnLots({booked}, {"lots/l"}), SizeIs(1));
  booked.set_at_risk(true);
  EXPECT_THAT(FindGreenOnLots({booked}, {"lots/l"}), IsEmpty());
}

}  // namespace
}  // namespace meso
