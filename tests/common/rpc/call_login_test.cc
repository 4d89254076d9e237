// Who comes to the door is in the audit outbox: each token's first use, refused ones and unknown
// methods, of which a flood leaves no more than a flood may.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/rpc/login_entries.h"
#include "common/rpc/unidentified_calls.h"
#include "tests/common/rpc/note_server.h"

namespace meso {
namespace {

using test::v1::Note;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

absl::Status Count(NoteServer& notes, const std::string& token) {
  test::v1::CountNotesRequest request;
  request.set_parent("sites/par-1");
  test::v1::CountNotesResponse response;
  return notes.server.Call(*notes.stub, &NoteServer::Stub::CountNotes, token, request, &response);
}

TEST(CallLoginTest, ATokensFirstUseIsAnEntryWhateverItIsUsedFor) {
  NoteServer notes;
  // A read that leaves no entry of its own.
  ASSERT_TRUE(Count(notes, notes.front_desk).ok());
  std::vector<AuditRecord> logins = notes.server.Logins();
  ASSERT_THAT(logins, SizeIs(1)) << "durable before the answer";
  EXPECT_EQ(logins[0].method, "auth/login");
  EXPECT_EQ(logins[0].action, "E");
  EXPECT_EQ(logins[0].actor, "users/anna");
  EXPECT_THAT(logins[0].actor_roles, ElementsAre("front_desk"));
  EXPECT_EQ(logins[0].outcome, "OK");
  EXPECT_EQ(logins[0].object_name, "users/anna");
  EXPECT_EQ(logins[0].client_address, "127.0.0.1");
  EXPECT_EQ(logins[0].facts.at("called"), "meso.test.v1.NoteService/CountNotes");
  EXPECT_EQ(logins[0].request_id, "");
  // Not again, also when the authenticator has forgotten the token.
  ASSERT_TRUE(Count(notes, notes.front_desk).ok());
  notes.server.clock().Advance(absl::Minutes(2));
  ASSERT_TRUE(Count(notes, notes.front_desk).ok());
  EXPECT_THAT(notes.server.Logins(), SizeIs(1));
  // Another token is another login, and it comes before what is done with it.
  Note note;
  ASSERT_TRUE(notes.Create(notes.NewNote(), &note).ok());
  ASSERT_TRUE(notes.Get(notes.doctor, note.name(), &note).ok());
  logins = notes.server.Logins();
  ASSERT_THAT(logins, SizeIs(2));
  EXPECT_EQ(logins[1].actor, "users/daria");
  EXPECT_LT(logins[1].sequence, notes.server.Entries().back().sequence);
}

TEST(CallLoginTest, ALoginThatCouldNotBeRecordedIsRecordedNextTime) {
  NoteServer notes;
  const auto rename = [&](const char* statement) {
    ASSERT_TRUE(notes.server.database()
                    .Transact([&](Transaction& tx) { return tx.Execute(statement, {}); })
                    .ok());
  };
  rename("ALTER TABLE meso_audit RENAME TO away");
  EXPECT_TRUE(Count(notes, notes.front_desk).ok()) << "what needs no entry goes on";
  rename("ALTER TABLE away RENAME TO meso_audit");
  EXPECT_THAT(notes.server.Logins(), IsEmpty());
  EXPECT_TRUE(Count(notes, notes.front_desk).ok());
  EXPECT_THAT(notes.server.Logins(), SizeIs(1));
}

TEST(CallLoginTest, RefusedTokensLeaveEntriesUntilThereAreTooMany) {
  NoteServer notes;
  EXPECT_EQ(ReasonOf(Count(notes, "")), "TOKEN_MISSING");
  std::vector<AuditRecord> logins = notes.server.Logins();
  ASSERT_THAT(logins, SizeIs(1)) << "durable before the answer";
  EXPECT_EQ(logins[0].outcome, "DENIED");
  EXPECT_EQ(logins[0].reason, "TOKEN_MISSING");
  EXPECT_EQ(logins[0].actor, "");
  EXPECT_EQ(logins[0].client_address, "127.0.0.1");
  EXPECT_EQ(logins[0].facts.at("called"), "meso.test.v1.NoteService/CountNotes");
  for (int i = 0; i < 30; ++i) EXPECT_EQ(ReasonOf(Count(notes, "x.y.z")), "TOKEN_INVALID");
  EXPECT_THAT(notes.server.Logins(), SizeIs(20));
  ASSERT_TRUE(notes.server.calls().RecordHeldBack().ok());
  ASSERT_TRUE(notes.server.calls().RecordHeldBack().ok());
  logins = notes.server.Logins();
  ASSERT_THAT(logins, SizeIs(21)) << "one entry for the rest";
  EXPECT_EQ(logins.back().actor, "services/inventory");
  EXPECT_EQ(logins.back().outcome, "DENIED");
  EXPECT_EQ(logins.back().reason, "HELD_BACK");
  EXPECT_THAT(logins.back().facts, ElementsAre(Pair("TOKEN_INVALID", "11")));
  // Whoever has a good token is not held back by it.
  ASSERT_TRUE(Count(notes, notes.front_desk).ok());
  EXPECT_EQ(notes.server.Logins().back().outcome, "OK");
}

TEST(CallLoginTest, UnknownMethodsLeaveTheSame) {
  CallContext call;
  call.client_address = "192.0.2.7";
  const AuditRecord record = UnknownMethodRecord(
      call, "inventory", absl::StrCat("/a\n", std::string(300, 'x')), absl::UnixEpoch());
  EXPECT_EQ(record.method, "rpc/unknown");
  EXPECT_EQ(record.outcome, "FAILED");
  EXPECT_EQ(record.reason, "METHOD_UNKNOWN");
  EXPECT_EQ(record.client_address, "192.0.2.7");
  EXPECT_EQ(record.facts.at("called"), absl::StrCat("/a?", std::string(97, 'x')));
}

TEST(UnidentifiedCallsTest, ABurstThenTenAMinute) {
  UnidentifiedCalls calls;
  absl::Time now = absl::UnixEpoch();
  int admitted = 0;
  for (int i = 0; i < 1000; ++i) admitted += calls.Admit("A", now) ? 1 : 0;
  EXPECT_EQ(admitted, 20);
  for (int second = 0; second < 3600; ++second) {
    now += absl::Seconds(1);
    for (int i = 0; i < 5; ++i) admitted += calls.Admit("B", now) ? 1 : 0;
  }
  EXPECT_NEAR(admitted, 20 + 600, 1);
  const std::map<std::string, int64_t> held_back = calls.Take();
  EXPECT_EQ(held_back.at("A"), 980);
  EXPECT_EQ(held_back.at("B"), 18'000 - (admitted - 20));
  EXPECT_TRUE(calls.Take().empty());
  calls.GiveBack(held_back);
  EXPECT_EQ(calls.Take(), held_back);
  EXPECT_FALSE(calls.Admit("A", now - absl::Hours(5))) << "a clock set back gives nothing";
}

}  // namespace
}  // namespace meso
