#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/database/outbox.h"
#include "services/audit/events/audit_consumer.h"
#include "tests/services/audit/rpc/audit_rpc_fixture.h"

namespace meso::audit {
namespace {

constexpr char kRequest[] = "0198f2c4-0000-4000-8000-00000000000a";
constexpr char kOtherRequest[] = "0198f2c4-0000-4000-8000-00000000000b";
constexpr char kThirdRequest[] = "0198f2c4-0000-4000-8000-00000000000c";

class ControlServiceTest : public AuditRpcFixture {
 protected:
  ControlServiceTest() { Grow(1, 30); }

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const std::string& token, const Request& request, Response* response) {
    return server_.Call(*stub_, method, token, request, response);
  }
  std::string Token(const std::string& user, const std::string& role) {
    return server_.keys().Token(user, {role});
  }
  v1::CreateAuditorGrantRequest Grant(const std::string& scope) {
    v1::CreateAuditorGrantRequest request;
    request.set_request_id(kRequest);
    v1::AuditorGrant* grant = request.mutable_auditor_grant();
    grant->set_subject("users/ext");
    grant->set_scope(scope);
    grant->set_purpose("HOPERAT");
    grant->set_payloads(true);
    grant->mutable_expire_time()->set_seconds(absl::ToUnixSeconds(server_.clock().Now()) + 3600);
    return request;
  }
  v1::BreakGlassRequest Emergency(const std::string& patient) {
    v1::BreakGlassRequest request;
    request.set_request_id(kRequest);
    request.mutable_emergency_access()->set_patient(patient);
    request.mutable_emergency_access()->set_justification("Unconscious after the session.");
    return request;
  }
  // Puts the service's own waiting entries into the log and judges what is there.
  void Deliver() {
    const std::vector<AuditRecord> records = server_.AllEntries();
    std::vector<AuditRecord> fresh(records.begin() + static_cast<long>(delivered_), records.end());
    delivered_ = records.size();
    const auto deliver = [&] {
      return DeliverOwnEntries(server_.database(), operations_, "audit", kEpoch, fresh);
    };
    ASSERT_TRUE(fresh.empty() || deliver().ok());
    for (;;) {
      const auto step = assertions_.Step();
      ASSERT_TRUE(step.ok()) << step.status();
      if (!step->more) return;
    }
  }
  // No row of the tables of controls holds this text.
  bool IsStored(const std::string& text) {
    bool found = false;
    EXPECT_TRUE(server_.database()
                    .Transact([&](Transaction& tx) -> absl::Status {
                      for (const char* sql :
                           {"SELECT scope || subject || name FROM audit_auditor_grant",
                            "SELECT pseudonym || justification || name FROM audit_emergency_access",
                            "SELECT explanation || actor FROM audit_violation"}) {
                        auto rows = tx.Query(Sql(sql), {});
                        if (!rows.ok()) return rows.status();
                        for (const Row& row : *rows) found |= absl::StrContains(row.Text(0), text);
                      }
                      return absl::OkStatus();
                    })
                    .ok());
    return found;
  }

  size_t delivered_ = 0;
  const std::string external_ = server_.keys().Token("users/ext", {"external_auditor@*"});
};

TEST_F(ControlServiceTest, GivesListsAndTakesBackAGrant) {
  const v1::CreateAuditorGrantRequest request = Grant("patient = \"patients/p-1\"");
  v1::AuditorGrant grant;
  ASSERT_TRUE(Call(&Stub::CreateAuditorGrant, auditor_, request, &grant).ok());
  EXPECT_TRUE(absl::StartsWith(grant.name(), "auditorGrants/"));
  EXPECT_EQ(grant.creator(), "users/ines");
  EXPECT_FALSE(absl::StrContains(grant.scope(), "patients/"));
  EXPECT_EQ(absl::FromUnixSeconds(grant.start_time().seconds()), server_.clock().Now());
  v1::AuditorGrant again;
  ASSERT_TRUE(Call(&Stub::CreateAuditorGrant, auditor_, request, &again).ok());
  EXPECT_EQ(again.SerializeAsString(), grant.SerializeAsString());
  EXPECT_EQ(ReasonOf(Call(&Stub::CreateAuditorGrant, auditor_, Grant("outcome = OK"), &again)),
            "REQUEST_ID_REUSED");
  EXPECT_FALSE(IsStored("p-1"));

  v1::ListEntriesResponse entries;
  ASSERT_TRUE(Call(&Stub::ListEntries, external_, v1::ListEntriesRequest(), &entries).ok());
  EXPECT_EQ(entries.entries_size(), 6) << "of p-1, those with a patient";
  EXPECT_EQ(entries.entries(0).payload().patients(0), "patients/p-1");
  const AuditRecord query = server_.Entries().back();
  EXPECT_EQ(query.facts.at("grant"), grant.name());
  EXPECT_EQ(query.purpose, "HOPERAT");
  EXPECT_EQ(query.actor, "users/ext");

  v1::ListAuditorGrantsRequest list;
  list.set_filter("state = ACTIVE AND subject = \"users/ext\"");
  v1::ListAuditorGrantsResponse grants;
  ASSERT_TRUE(Call(&Stub::ListAuditorGrants, auditor_, list, &grants).ok());
  ASSERT_EQ(grants.auditor_grants_size(), 1);
  EXPECT_EQ(grants.auditor_grants(0).scope(), grant.scope());

  v1::RevokeAuditorGrantRequest revoke;
  revoke.set_request_id(kOtherRequest);
  revoke.set_name(grant.name());
  ASSERT_TRUE(Call(&Stub::RevokeAuditorGrant, auditor_, revoke, &grant).ok());
  EXPECT_TRUE(grant.has_revoke_time());
  ASSERT_TRUE(Call(&Stub::RevokeAuditorGrant, auditor_, revoke, &again).ok());
  EXPECT_EQ(again.SerializeAsString(), grant.SerializeAsString());
  const absl::Status closed =
      Call(&Stub::ListEntries, external_, v1::ListEntriesRequest(), &entries);
  EXPECT_EQ(ReasonOf(closed), "GRANT_REQUIRED");
  EXPECT_EQ(server_.Entries().back().outcome, "DENIED");
  EXPECT_EQ(server_.Entries().back().reason, "GRANT_REQUIRED");
  revoke.set_request_id(kThirdRequest);
  EXPECT_EQ(ReasonOf(Call(&Stub::RevokeAuditorGrant, auditor_, revoke, &grant)),
            "STATE_NOT_ALLOWED");
  revoke.set_name("auditorGrants/0198f2c4-0000-7000-8000-0000000000ff");
  EXPECT_EQ(ReasonOf(Call(&Stub::RevokeAuditorGrant, auditor_, revoke, &grant)),
            "RESOURCE_NOT_FOUND");
  revoke.set_name("grants/1");
  EXPECT_EQ(ReasonOf(Call(&Stub::RevokeAuditorGrant, auditor_, revoke, &grant)), "FIELD_INVALID");
}

TEST_F(ControlServiceTest, RefusesAMalformedGrantFieldByField) {
  v1::CreateAuditorGrantRequest request = Grant("outcome = OK");
  request.mutable_auditor_grant()->clear_expire_time();
  request.mutable_auditor_grant()->set_subject("anna");
  v1::AuditorGrant grant;
  absl::Status status = Call(&Stub::CreateAuditorGrant, auditor_, request, &grant);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  std::set<std::string> fields;
  for (const meso::Violation& one : DetailsOf(status).violations) fields.insert(one.subject);
  EXPECT_EQ(fields, (std::set<std::string>{"auditor_grant.subject", "auditor_grant.expire_time"}));
  request = Grant("colour = red");
  EXPECT_EQ(ReasonOf(Call(&Stub::CreateAuditorGrant, auditor_, request, &grant)), "FILTER_INVALID");
  EXPECT_EQ(ReasonOf(Call(&Stub::CreateAuditorGrant, external_, Grant("outcome = OK"), &grant)),
            "ROLE_REQUIRED");
}

TEST_F(ControlServiceTest, StreamsAnExportUnderAGrantAndNamesIt) {
  v1::AuditorGrant grant;
  ASSERT_TRUE(
      Call(&Stub::CreateAuditorGrant, auditor_, Grant("actor = \"users/u1\""), &grant).ok());
  grpc::ClientContext context;
  TestServer::Prepare(external_, &context);
  v1::ExportEntriesRequest request;
  request.set_include_payloads(true);
  auto reader = stub_->ExportEntries(&context, request);
  v1::ExportEntriesResponse piece;
  std::string bundle;
  while (reader->Read(&piece)) bundle += piece.chunk();
  ASSERT_TRUE(reader->Finish().ok());
  std::istringstream in(bundle);
  const VerifyReport report = VerifyBundle(in, {SampleKey()->verifier()}, nullptr);
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.entries, 8u);
  EXPECT_EQ(report.left_out, 22u);
  for (const AuditRecord& record : server_.Entries()) {
    if (record.actor != "users/ext") continue;
    EXPECT_EQ(record.facts.at("grant"), grant.name());
    EXPECT_EQ(record.purpose, "HOPERAT");
  }
}

TEST_F(ControlServiceTest, BreaksTheGlassAndHasItReviewed) {
  const std::string practitioner = Token("users/pia", "practitioner@par-1");
  v1::GetTimelineRequest timeline;
  timeline.set_name("patients/p-1");
  v1::GetTimelineResponse page;
  EXPECT_EQ(ReasonOf(Call(&Stub::GetTimeline, practitioner, timeline, &page)),
            "EMERGENCY_ACCESS_REQUIRED");
  v1::EmergencyAccess access;
  const v1::BreakGlassRequest request = Emergency("patients/p-1");
  ASSERT_TRUE(Call(&Stub::BreakGlass, practitioner, request, &access).ok());
  EXPECT_EQ(access.patient(), "patients/p-1");
  EXPECT_EQ(access.expire_time().seconds() - access.create_time().seconds(), 4 * 3600);
  v1::EmergencyAccess again;
  ASSERT_TRUE(Call(&Stub::BreakGlass, practitioner, request, &again).ok());
  EXPECT_EQ(again.SerializeAsString(), access.SerializeAsString());
  EXPECT_FALSE(IsStored("p-1"));
  ASSERT_TRUE(Call(&Stub::GetTimeline, practitioner, timeline, &page).ok());
  EXPECT_EQ(page.entries_size(), 6);
  const std::vector<AuditRecord> records = server_.Entries();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].outcome, "DENIED");
  EXPECT_TRUE(records[1].violation);
  EXPECT_EQ(records[1].purpose, "ETREAT");
  EXPECT_EQ(records[1].keys.count({"patient", "patients/p-1"}), 1u);
  EXPECT_EQ(records[2].facts.at("emergency_access"), access.name());

  v1::ListEmergencyAccessesRequest list;
  list.set_filter("review = NONE");
  v1::ListEmergencyAccessesResponse accesses;
  ASSERT_TRUE(Call(&Stub::ListEmergencyAccesses, auditor_, list, &accesses).ok());
  ASSERT_EQ(accesses.emergency_accesses_size(), 1);
  EXPECT_EQ(accesses.emergency_accesses(0).patient(), "");
  EXPECT_EQ(accesses.emergency_accesses(0).subject(), "users/pia");

  v1::ReviewEmergencyAccessRequest review;
  review.set_request_id(kOtherRequest);
  review.set_name(access.name());
  review.set_review(v1::EMERGENCY_REVIEW_JUSTIFIED);
  review.set_note("The doctor was away.");
  EXPECT_EQ(ReasonOf(Call(&Stub::ReviewEmergencyAccess, Token("users/pia", "medical_director@*"),
                          review, &access)),
            "SELF_APPROVAL");
  review.set_request_id(kThirdRequest);
  ASSERT_TRUE(Call(&Stub::ReviewEmergencyAccess, auditor_, review, &access).ok());
  EXPECT_EQ(access.reviewer(), "users/ines");
  ASSERT_TRUE(Call(&Stub::ReviewEmergencyAccess, auditor_, review, &again).ok()) << "repeated";
  ASSERT_TRUE(Call(&Stub::ListEmergencyAccesses, auditor_, list, &accesses).ok());
  EXPECT_EQ(accesses.emergency_accesses_size(), 0);
}

TEST_F(ControlServiceTest, AnEmergencyNeedsReasonsThatNameNobody) {
  const std::string doctor = Token("users/dora", "doctor@par-1");
  v1::EmergencyAccess access;
  v1::BreakGlassRequest request = Emergency("patients/PT-0007");
  for (const std::string& justification :
       std::vector<std::string>{"short", std::string(501, 'x'), "PT-0007 is unconscious here",
                                "patients/PT-9 is unconscious"}) {
    request.mutable_emergency_access()->set_justification(justification);
    EXPECT_EQ(ReasonOf(Call(&Stub::BreakGlass, doctor, request, &access)), "FIELD_INVALID")
        << justification;
  }
  request.mutable_emergency_access()->set_justification("");
  EXPECT_EQ(ReasonOf(Call(&Stub::BreakGlass, doctor, request, &access)), "FIELD_REQUIRED");
  request = Emergency("lots/x");
  EXPECT_EQ(ReasonOf(Call(&Stub::BreakGlass, doctor, request, &access)), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(Call(&Stub::BreakGlass, auditor_, Emergency("patients/p-1"), &access)),
            "ROLE_REQUIRED");
}

TEST_F(ControlServiceTest, ABrokenGlassIsAViolationTheOthersHearOf) {
  v1::EmergencyAccess access;
  ASSERT_TRUE(Call(&Stub::BreakGlass, Token("users/pia", "practitioner@par-1"),
                   Emergency("patients/p-secret"), &access)
                  .ok());
  Deliver();
  v1::ListViolationsRequest list;
  list.set_filter("assertion = \"assertions/flagged\" AND actor = \"users/pia\"");
  v1::ListViolationsResponse violations;
  ASSERT_TRUE(Call(&Stub::ListViolations, auditor_, list, &violations).ok());
  ASSERT_EQ(violations.violations_size(), 1);
  const v1::Violation& violation = violations.violations(0);
  EXPECT_EQ(violation.entry(), "entries/31") << "behind the login's";
  EXPECT_EQ(violation.explanation(), "audit flagged BreakGlass.");
  EXPECT_FALSE(absl::StrContains(violations.ShortDebugString(), "secret"));
  std::vector<OutboxEvent> events;
  ASSERT_TRUE(server_.database()
                  .Read([&](Transaction& tx) -> absl::Status {
                    auto some = ListEventsAfter(tx, 0, 500);
                    if (some.ok()) events = *std::move(some);
                    return some.status();
                  })
                  .ok());
  EXPECT_TRUE(std::any_of(events.begin(), events.end(), [&](const OutboxEvent& event) {
    return event.type == "meso.audit.v1.ViolationFound" && event.subject == violation.name();
  }));

  v1::ListAssertionsResponse assertions;
  ASSERT_TRUE(Call(&Stub::ListAssertions, auditor_, v1::ListAssertionsRequest(), &assertions).ok());
  ASSERT_EQ(assertions.assertions_size(), 7);
  EXPECT_EQ(assertions.assertions(0).name(), "assertions/access-with-appointment");
  for (const v1::Assertion& assertion : assertions.assertions()) {
    EXPECT_GE(assertion.evaluated_size(), 31u);
    EXPECT_FALSE(assertion.statement().empty());
  }
}

TEST_F(ControlServiceTest, ListsViolationsInPagesAndRefusesOtherQuestions) {
  Deliver();  // every seventh of the sample entries is flagged
  v1::ListViolationsRequest list;
  list.set_page_size(3);
  v1::ListViolationsResponse page;
  ASSERT_TRUE(Call(&Stub::ListViolations, auditor_, list, &page).ok());
  ASSERT_EQ(page.violations_size(), 3);
  list.set_page_token(page.next_page_token());
  ASSERT_TRUE(Call(&Stub::ListViolations, auditor_, list, &page).ok());
  EXPECT_EQ(page.violations_size(), 1);
  EXPECT_EQ(page.next_page_token(), "");
  list.set_filter("actor = \"users/u1\"");
  EXPECT_EQ(ReasonOf(Call(&Stub::ListViolations, auditor_, list, &page)), "PAGE_TOKEN_INVALID");
  list.clear_page_token();
  list.set_filter("colour = red");
  EXPECT_EQ(ReasonOf(Call(&Stub::ListViolations, auditor_, list, &page)), "FILTER_INVALID");
  list.clear_filter();
  list.set_page_size(-1);
  EXPECT_EQ(ReasonOf(Call(&Stub::ListViolations, auditor_, list, &page)), "FIELD_INVALID");
  list.clear_page_size();
  ASSERT_TRUE(
      Call(&Stub::ListViolations, Token("users/a", "compliance_auditor@syd-1"), list, &page).ok());
  EXPECT_EQ(page.violations_size(), 2);
}

}  // namespace
}  // namespace meso::audit
