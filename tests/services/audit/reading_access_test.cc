#include "services/audit/reading_access.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "services/audit/grant_operations.h"
#include "services/audit/prove_operations.h"
#include "tests/services/audit/audit_log_fixture.h"

namespace meso::audit {
namespace {

// The roles of the reading methods, as in audit_service.proto.
const std::vector<std::string> kReaders = {"compliance_auditor", "medical_director",
                                           "external_auditor"};
const std::vector<std::string> kTimelineReaders = {"compliance_auditor", "medical_director",
                                                   "doctor", "external_auditor", "practitioner"};

class ReadingAccessTest : public AuditLogFixture {
 protected:
  ReadingAccessTest() {
    EXPECT_TRUE(Append(Run(1, 30)).ok());
    EXPECT_TRUE(Sign().ok());
  }

  static CallContext User(const std::string& subject, const std::string& role,
                          const std::set<std::string>& sites = {"*"},
                          const std::vector<std::string>& allowed = kReaders) {
    CallContext call = Caller(subject, role, sites);
    call.allowed_roles = allowed;
    return call;
  }
  static CallContext External(const std::set<std::string>& sites = {"*"}) {
    return User("users/ext", "external_auditor", sites);
  }

  AuditorGrant Give(const std::string& scope, bool payloads = false,
                    const std::string& subject = "users/ext") {
    AuditorGrant wanted;
    wanted.subject = subject;
    wanted.scope = scope;
    wanted.purpose = "HLEGAL";
    wanted.payloads = payloads;
    wanted.expire_time = clock_.Now() + absl::Hours(24);
    const auto grant = Write([&](Transaction& tx) {
      return grants_.CreateAuditorGrant(tx, User("users/ines", "compliance_auditor"), wanted);
    });
    EXPECT_TRUE(grant.ok()) << grant.status();
    return *grant;
  }
  absl::Status Revoke(const std::string& name) {
    return Write([&](Transaction& tx) {
             return grants_.RevokeAuditorGrant(tx, User("users/ines", "compliance_auditor"), name);
           })
        .status();
  }
  EmergencyAccess Break(const std::string& subject, const std::string& patient) {
    const CallContext call = User(subject, "practitioner", {"par-1"}, {"doctor", "practitioner"});
    const auto access = Write([&](Transaction& tx) {
      return grants_.BreakGlass(tx, call, {patient, "unconscious after the session"});
    });
    EXPECT_TRUE(access.ok());
    EXPECT_TRUE(call.audit.violation);
    EXPECT_EQ(call.audit.purpose, "ETREAT");
    return *access;
  }

  absl::Status ListStatus(const CallContext& call, const std::string& filter = "") {
    return Write([&](Transaction& tx) {
             return ops_.ListEntries(tx, call, {filter, 50, {}});
           })
        .status();
  }
  absl::Status GetStatus(const CallContext& call, uint64_t index) {
    return Write([&](Transaction& tx) { return ops_.GetEntry(tx, call, index); }).status();
  }
  absl::Status ProofStatus(const CallContext& call, uint64_t index) {
    return Write([&](Transaction& tx) {
             return ops_.GetInclusionProof(tx, call, {index, 0});
           })
        .status();
  }
  absl::StatusOr<TimelinePage> GetTimeline(const CallContext& call, const std::string& name) {
    TimelineRequest request;
    request.name = name;
    return Write([&](Transaction& tx) { return ops_.GetTimeline(tx, call, request); });
  }
  absl::StatusOr<std::unique_ptr<Export>> Begin(const CallContext& call, const std::string& filter,
                                                bool payloads) {
    absl::StatusOr<std::unique_ptr<Export>> run = absl::UnknownError("");
    db()->Transact([&](Transaction& tx) {
          run = ops_.BeginExport(tx, call, {filter, payloads});
          return run.status();
        })
        .IgnoreError();
    return run;
  }

  SequentialIdSource ids_;
  GrantOperations grants_{clock_, ids_, SamplePseudonyms()};
};

TEST_F(ReadingAccessTest, WithoutAGrantAnExternalAuditorSeesNothing) {
  Give("service = scheduling", true, "users/somebody-else");
  for (const absl::Status& status :
       {ListStatus(External()), GetStatus(External(), 1), ProofStatus(External(), 1),
        GetTimeline(External(), kLot).status(), Begin(External(), "", false).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
    EXPECT_EQ(ReasonOf(status), "GRANT_REQUIRED");
    EXPECT_TRUE(absl::StrContains(status.message(), "CreateAuditorGrant")) << "the remedy";
  }
}

TEST_F(ReadingAccessTest, AKeyIsProvenUnderAGrantForAllOfIt) {
  const ProveOperations prove(clock_, ops_);
  const auto begin = [&](const std::string& name, bool payloads = false) {
    absl::StatusOr<std::unique_ptr<KeyExport>> run = absl::UnknownError("never ran");
    db()->Transact([&](Transaction& tx) {
          run = prove.BeginProof(tx, External(), {name, payloads});
          return run.status();
        })
        .IgnoreError();
    return run;
  };
  EXPECT_EQ(ReasonOf(begin(kLot).status()), "GRANT_REQUIRED");
  // A part of what is about the lot is not the lot.
  Give(absl::StrCat("lot = \"", kLot, "\" AND outcome = OK"));
  EXPECT_EQ(ReasonOf(begin(kLot).status()), "GRANT_REQUIRED");
  const AuditorGrant grant = Give(absl::StrCat("lot = \"", kLot, "\""));
  EXPECT_EQ(ReasonOf(begin(kLot, true).status()), "GRANT_REQUIRED") << "no payloads";
  EXPECT_EQ(ReasonOf(begin("sites/par-1").status()), "GRANT_REQUIRED") << "another key";
  const auto run = begin(kLot);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ((*run)->entries.size(), 30u);
  ASSERT_TRUE(Revoke(grant.name).ok());
  EXPECT_EQ(
      ReasonOf(Write([&](Transaction& tx) { return prove.ReadProofStep(tx, **run); }).status()),
      "GRANT_REQUIRED")
      << "also while it runs";
}

TEST_F(ReadingAccessTest, AGrantOpensExactlyItsScopeEverywhere) {
  Give("actor = users/u1 AND outcome = OK");
  const auto covered = [](uint64_t index) { return (index + 1) % 4 == 1 && (index + 1) % 5 != 0; };
  std::vector<uint64_t> expected;
  for (uint64_t index = 30; index-- > 0;) {
    if (covered(index)) expected.push_back(index);
    EXPECT_EQ(ReasonOf(GetStatus(External(), index)), covered(index) ? "" : "RESOURCE_NOT_FOUND");
    EXPECT_EQ(ReasonOf(ProofStatus(External(), index)), covered(index) ? "" : "RESOURCE_NOT_FOUND");
  }
  for (const int page_size : {1, 500}) EXPECT_EQ(List("", page_size, External()), expected);
  EXPECT_EQ(List("actor = users/u2", 500, External()), (std::vector<uint64_t>{}));
  std::vector<uint64_t> ascending(expected.rbegin(), expected.rend());
  EXPECT_EQ(Timeline(kLot, 500, External()), ascending);

  auto run = Begin(External(), "", false);
  ASSERT_TRUE(run.ok()) << run.status();
  std::string bundle;
  while (!(*run)->done) {
    auto step = Write([&](Transaction& tx) { return ops_.ReadExportStep(tx, **run); });
    ASSERT_TRUE(step.ok());
    ASSERT_TRUE(AuditOperations::WriteExportStep(
                    External(), *std::move(step), [] { return absl::OkStatus(); }, run->get())
                    .ok());
    bundle += (*run)->writer.Take();
  }
  const VerifyReport report = Verify(bundle);
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.entries, expected.size());
}

TEST_F(ReadingAccessTest, TheRolesSitesLimitTheGrant) {
  Give("service = scheduling");
  for (const uint64_t index : List("", 500, External({"par-1"}))) EXPECT_EQ(index % 2, 1u);
  EXPECT_EQ(List("", 500, External({"par-1"})).size(), 15u);
  EXPECT_EQ(List("", 500, External()).size(), 30u);
}

TEST_F(ReadingAccessTest, PayloadsOnlyWhereTheGrantSaysSo) {
  Give("actor = users/u1");
  Give("actor = users/u2", true);
  const auto page = Write([&](Transaction& tx) {
    return ops_.ListEntries(tx, External(), {"", 500, {}});
  });
  ASSERT_TRUE(page.ok());
  ASSERT_GT(page->entries.size(), 0u);
  for (const EntryView& view : page->entries) {
    const bool committed = !view.leaf.commitment.empty();
    const bool opened = (view.leaf.index + 1) % 4 == 2;
    EXPECT_EQ(view.payload.has_value(), committed && opened) << view.leaf.index;
  }
  // Entry 0 is of u1 and about a patient, entry 1 of u2.
  const auto get = [this](uint64_t index) {
    return *Write([&](Transaction& tx) { return ops_.GetEntry(tx, External(), index); });
  };
  EXPECT_TRUE(get(0).entry.parts.empty());
  EXPECT_FALSE(get(0).entry.payload_erased);
  EXPECT_FALSE(get(1).entry.parts.empty());
  const auto timeline = GetTimeline(External(), kLot);
  for (const EntryView& view : timeline->entries) {
    EXPECT_EQ(view.payload.has_value(),
              !view.leaf.commitment.empty() && (view.leaf.index + 1) % 4 == 2);
  }
  const auto with = Begin(External(), "", true);
  ASSERT_TRUE(with.ok());
  EXPECT_FALSE((*with)->filter.Matches(get(0).entry.leaf)) << "left out: it must not lack payloads";
  EXPECT_TRUE((*with)->filter.Matches(get(1).entry.leaf));
}

// An entry about four patients, read by somebody to whom one of them was opened.
TEST_F(ReadingAccessTest, OfAnEntryAboutManyOnlyTheOpenedPatientIsShown) {
  Batch batch{"scheduling", kEpoch, {SharedDraft(31)}};
  ASSERT_TRUE(Append(batch).ok());
  ASSERT_TRUE(Sign().ok());
  const std::string filter = "patient = \"patients/p-1\" AND patient = \"patients/p-3\"";
  using Patients = std::vector<std::string>;
  const auto expect = [this](const CallContext& call, const std::string& scope) {
    const auto get = Write([&](Transaction& tx) { return ops_.GetEntry(tx, call, 30); });
    ASSERT_TRUE(get.ok()) << scope << get.status();
    ASSERT_TRUE(get->entry.payload.has_value()) << scope;
    EXPECT_EQ(get->entry.payload->patients, Patients{"patients/p-1"}) << scope;
    EXPECT_EQ(get->entry.payload->object_name, "") << scope;
    EXPECT_FALSE(get->entry.payload_erased) << "nothing was";
    Hasher hasher;
    const Leaf& leaf = get->entry.leaf;
    EXPECT_TRUE(PartsHold(leaf.schema_version, leaf.commitment, get->entry.parts, hasher));
    for (const PayloadPart& part : get->entry.parts) {
      EXPECT_FALSE(absl::StrContains(part.payload, "patients/p-3"));
    }
  };
  Give("patient = \"patients/p-1\"", true);
  expect(External(), "a grant");
  auto run = Begin(External(), "", true);
  ASSERT_TRUE(run.ok()) << run.status();
  const CallContext call = External();
  std::string bundle;
  while (!(*run)->done) {
    auto step = Write([&](Transaction& tx) { return ops_.ReadExportStep(tx, **run); });
    ASSERT_TRUE(step.ok()) << step.status();
    ASSERT_TRUE(AuditOperations::WriteExportStep(
                    call, *std::move(step), [] { return absl::OkStatus(); }, run->get())
                    .ok());
    bundle += (*run)->writer.Take();
  }
  EXPECT_TRUE(Verify(bundle).ok) << Verify(bundle).problem;
  EXPECT_TRUE(absl::StrContains(bundle, "patients/p-1"));
  EXPECT_FALSE(absl::StrContains(bundle, "patients/p-3"));
  EXPECT_EQ(call.audit.keys.count({"patient", "patients/p-3"}), 0u) << "was not given out";
  EXPECT_EQ(
      List("patient = \"patients/p-3\"", 500, User("users/ines", "compliance_auditor")).size(),
      List("patient = \"patients/p-3\"").size());
  EXPECT_EQ(ReasonOf(ListStatus(External(), "patient = \"patients/p-3\"")), "GRANT_REQUIRED")
      << "the answer would tell who the pseudonym is";

  const ProveOperations prove(clock_, ops_);
  std::unique_ptr<KeyExport> proof;
  ASSERT_TRUE(db()->Read([&](Transaction& tx) -> absl::Status {
                    auto begun = prove.BeginProof(tx, call, {"patients/p-1", true});
                    if (begun.ok()) proof = *std::move(begun);
                    return begun.status();
                  })
                  .ok());
  auto step = Write([&](Transaction& tx) { return prove.ReadProofStep(tx, *proof); });
  ASSERT_TRUE(step.ok()) << step.status();
  ASSERT_TRUE(ProveOperations::WriteProofStep(
                  call, *std::move(step), [] { return absl::OkStatus(); }, proof.get())
                  .ok());
  bundle = proof->writer.Take();
  EXPECT_TRUE(Verify(bundle).ok) << Verify(bundle).problem;
  EXPECT_TRUE(absl::StrContains(bundle, "patients/p-1"));
  EXPECT_FALSE(absl::StrContains(bundle, "patients/p-3"));
  // The glass broken for one patient shows nothing of the others of that day.
  Break("users/kim", "patients/p-1");
  const CallContext kim = User("users/kim", "practitioner", {"syd-1"}, {"doctor", "practitioner"});
  const auto timeline = GetTimeline(kim, "patients/p-1");
  ASSERT_TRUE(timeline.ok()) << timeline.status();
  bool met = false;
  for (const EntryView& view : timeline->entries) {
    if (!view.payload) continue;
    met = met || view.leaf.index == 30;
    for (const std::string& patient : view.payload->patients) EXPECT_EQ(patient, "patients/p-1");
  }
  EXPECT_TRUE(met);
}

TEST_F(ReadingAccessTest, AnEmergencyFoundUnjustifiedIsOver) {
  const EmergencyAccess access = Break("users/kim", "patients/p-1");
  const CallContext kim = User("users/kim", "practitioner", {"syd-1"}, {"doctor", "practitioner"});
  EXPECT_TRUE(GetTimeline(kim, "patients/p-1").ok());
  ASSERT_TRUE(Write([&](Transaction& tx) {
                return grants_.ReviewEmergencyAccess(
                    tx, User("users/ines", "compliance_auditor"),
                    {access.name, EmergencyReview::kUnjustified, "there was no emergency"});
              }).ok());
  EXPECT_EQ(ReasonOf(GetTimeline(kim, "patients/p-1").status()), "EMERGENCY_ACCESS_REQUIRED");
}

TEST_F(ReadingAccessTest, NobodyGivesThemselvesAGrant) {
  AuditorGrant wanted;
  wanted.subject = "users/ines";
  wanted.scope = "service = scheduling";
  wanted.purpose = "HLEGAL";
  wanted.expire_time = clock_.Now() + absl::Hours(1);
  EXPECT_EQ(ReasonOf(Write([&](Transaction& tx) {
                       return grants_.CreateAuditorGrant(tx, User("users/ines", "chain_admin"),
                                                         wanted);
                     }).status()),
            "SELF_APPROVAL");
}

// Whoever can damage a row must not thereby open it to an auditor whose grant leaves it out.
TEST_F(ReadingAccessTest, ADamagedEntryIsNotShownUnderAGrant) {
  Give("actor = users/u1", true);
  Tamper("UPDATE audit_entry SET leaf = x'ff' WHERE entry_index = 1");
  const auto run = Begin(External(), "outcome = OK OR outcome = REFUSED", true);
  ASSERT_TRUE(run.ok()) << run.status();
  (*run)->index_key.reset();  // every entry is looked at
  auto step = Write([&](Transaction& tx) { return ops_.ReadExportStep(tx, **run); });
  ASSERT_TRUE(step.ok()) << step.status();
  const absl::Status written = AuditOperations::WriteExportStep(
      External(), *std::move(step), [] { return absl::OkStatus(); }, run->get());
  EXPECT_EQ(ReasonOf(written), "LEAF_MISMATCH") << written;
  const std::string all = ExportBundle({"", true});
  const VerifyReport report = Verify(all);
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.first_bad_index, 1u) << "who may read everything is shown the damage";
}

TEST_F(ReadingAccessTest, WithoutPayloadsNobodyLearnsWhoAPseudonymIs) {
  Give("service = scheduling");
  EXPECT_EQ(ReasonOf(ListStatus(External(), "patient = \"patients/p-1\"")), "GRANT_REQUIRED");
  EXPECT_EQ(ReasonOf(GetTimeline(External(), "patients/p-1").status()), "GRANT_REQUIRED");
  EXPECT_EQ(ReasonOf(Begin(External(), "object = \"patients/p-1\"", false).status()),
            "GRANT_REQUIRED");
  EXPECT_EQ(ReasonOf(Begin(External(), "", true).status()), "GRANT_REQUIRED");
  Give("patient = \"patients/p-1\"");
  EXPECT_TRUE(GetTimeline(External(), "patients/p-1").ok()) << "the grant has told who it is";
  EXPECT_EQ(ReasonOf(GetTimeline(External(), "patients/p-2").status()), "GRANT_REQUIRED");
}

TEST_F(ReadingAccessTest, SeveralGrantsAddUpAndTheEntryNamesThem) {
  const AuditorGrant first = Give("actor = users/u1");
  const AuditorGrant second = Give("actor = users/u3");
  const CallContext call = External();
  EXPECT_EQ(List("", 500, call).size(), 15u);
  EXPECT_EQ(call.audit.facts.at("grant"), absl::StrCat(first.name, ",", second.name));
  EXPECT_EQ(call.audit.purpose, "HLEGAL");
  ASSERT_TRUE(Revoke(first.name).ok());
  const CallContext after = External();
  EXPECT_EQ(List("", 500, after).size(), 7u);
  EXPECT_EQ(after.audit.facts.at("grant"), second.name);
}

TEST_F(ReadingAccessTest, OpensFromItsStartUntilItsEndOrRevocation) {
  AuditorGrant wanted;
  wanted.subject = "users/ext";
  wanted.scope = "service = scheduling";
  wanted.purpose = "HLEGAL";
  wanted.start_time = clock_.Now() + absl::Hours(1);
  wanted.expire_time = clock_.Now() + absl::Hours(2);
  const auto grant = Write([&](Transaction& tx) {
    return grants_.CreateAuditorGrant(tx, User("users/ines", "compliance_auditor"), wanted);
  });
  ASSERT_TRUE(grant.ok());
  EXPECT_EQ(ReasonOf(ListStatus(External())), "GRANT_REQUIRED") << "not yet";
  clock_.Advance(absl::Hours(1));
  EXPECT_TRUE(ListStatus(External()).ok());
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(ReasonOf(ListStatus(External())), "GRANT_REQUIRED") << "over";
  const AuditorGrant second = Give("service = scheduling");
  EXPECT_TRUE(ListStatus(External()).ok());
  ASSERT_TRUE(Revoke(second.name).ok());
  EXPECT_EQ(ReasonOf(ListStatus(External())), "GRANT_REQUIRED") << "taken back";
}

TEST_F(ReadingAccessTest, RevocationEndsARunningExport) {
  const AuditorGrant grant = Give("service = scheduling", true);
  const auto run = Begin(External(), "", true);
  ASSERT_TRUE(run.ok());
  const auto step = [&] {
    return Write([&](Transaction& tx) { return ops_.ReadExportStep(tx, **run); }).status();
  };
  EXPECT_TRUE(step().ok());
  ASSERT_TRUE(Revoke(grant.name).ok());
  EXPECT_EQ(ReasonOf(step()), "GRANT_REQUIRED");
  const AuditorGrant other = Give("service = scheduling");
  const auto second = Begin(External(), "", false);
  ASSERT_TRUE(second.ok());
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(
      ReasonOf(Write([&](Transaction& tx) { return ops_.ReadExportStep(tx, **second); }).status()),
      "GRANT_REQUIRED")
      << "and so does its end";
}

TEST_F(ReadingAccessTest, ARoleOfOnesOwnNeedsNoGrantAndAddsToIt) {
  CallContext both = External();
  both.caller.roles["compliance_auditor"] = {"par-1"};
  EXPECT_EQ(List("", 500, both).size(), 15u);
  Give("actor = users/u1");  // odd numbers: syd-1
  EXPECT_EQ(List("", 500, both).size(), 23u);
  const CallContext everywhere = User("users/ines", "compliance_auditor");
  EXPECT_EQ(List("", 500, everywhere).size(), 30u);
  EXPECT_EQ(everywhere.audit.facts.count("grant"), 0u);
}

TEST_F(ReadingAccessTest, AScopeMayNameManyPatients) {
  std::vector<std::string> patients;
  for (int i = 1; i <= 50; ++i)
    patients.push_back(absl::StrCat("patient = \"patients/p-", i, "\""));
  const AuditorGrant grant = Give(absl::StrJoin(patients, " OR "));
  EXPECT_EQ(List("", 500, External()),
            List("patient = \"patients/p-1\" OR patient = \"patients/p-2\" OR patient = "
                 "\"patients/p-3\""));
  EXPECT_GT(grant.scope.size(), 2000u) << "longer than what may be typed";
}

TEST_F(ReadingAccessTest, StoresScopesWithoutPatients) {
  const AuditorGrant grant = Give("patient = \"patients/p-1\" AND time < \"2027-01-01T00:00:00Z\"");
  EXPECT_FALSE(absl::StrContains(grant.scope, "patients/"));
  EXPECT_EQ(List("", 500, External()), List("patient = \"patients/p-1\""));
  AuditorGrant nothing = grant;
  nothing.scope = "";
  const absl::Status status = Write([&](Transaction& tx) {
                                return grants_.CreateAuditorGrant(tx, Auditor(), nothing);
                              }).status();
  EXPECT_EQ(ReasonOf(status), "FIELD_INVALID");
  nothing.scope = "colour = red";
  EXPECT_EQ(ReasonOf(Write([&](Transaction& tx) {
                       return grants_.CreateAuditorGrant(tx, Auditor(), nothing);
                     }).status()),
            "FILTER_INVALID");
}

TEST_F(ReadingAccessTest, ABrokenGlassOpensOnePatientsTimelineForFourHours) {
  const CallContext practitioner = User("users/pia", "practitioner", {"par-1"}, kTimelineReaders);
  EXPECT_EQ(ReasonOf(GetTimeline(practitioner, "patients/p-1").status()),
            "EMERGENCY_ACCESS_REQUIRED");
  EXPECT_EQ(ReasonOf(GetTimeline(practitioner, kLot).status()), "ROLE_REQUIRED");
  const EmergencyAccess access = Break("users/pia", "patients/p-1");
  EXPECT_EQ(access.expire_time - access.create_time, absl::Hours(4));
  EXPECT_FALSE(absl::StrContains(access.pseudonym, "p-1"));
  EXPECT_EQ(Timeline("patients/p-1", 500, practitioner), Timeline("patients/p-1"))
      << "of all sites";
  EXPECT_TRUE(GetTimeline(practitioner, "patients/p-1")->entries[0].payload.has_value());
  EXPECT_EQ(practitioner.audit.facts.at("emergency_access"), access.name);
  EXPECT_EQ(practitioner.audit.purpose, "ETREAT");
  EXPECT_EQ(ReasonOf(GetTimeline(practitioner, "patients/p-2").status()),
            "EMERGENCY_ACCESS_REQUIRED");
  EXPECT_EQ(ReasonOf(GetTimeline(practitioner, kAppointment).status()), "ROLE_REQUIRED");
  EXPECT_EQ(ReasonOf(GetTimeline(User("users/paul", "practitioner", {"*"}, kTimelineReaders),
                                 "patients/p-1")
                         .status()),
            "EMERGENCY_ACCESS_REQUIRED")
      << "somebody else's";
  clock_.Advance(absl::Hours(4));
  EXPECT_EQ(ReasonOf(GetTimeline(practitioner, "patients/p-1").status()),
            "EMERGENCY_ACCESS_REQUIRED");
}

TEST_F(ReadingAccessTest, ADoctorSeesOwnSitesAndAllOfThemInAnEmergency) {
  const CallContext doctor = User("users/dora", "doctor", {"par-1"}, kTimelineReaders);
  const std::vector<uint64_t> everywhere = Timeline("patients/p-1");
  const std::vector<uint64_t> own = Timeline("patients/p-1", 500, doctor);
  EXPECT_LT(own.size(), everywhere.size());
  for (const uint64_t index : own) EXPECT_EQ(index % 2, 1u);
  Break("users/dora", "patients/p-1");
  EXPECT_EQ(Timeline("patients/p-1", 500, doctor), everywhere);
  EXPECT_EQ(Timeline("patients/p-2", 500, doctor),
            Timeline("patients/p-2", 500, User("users/x", "doctor", {"par-1"}, kTimelineReaders)));
}

TEST_F(ReadingAccessTest, AnEmergencyIsListedUntilSomebodyElseHasReviewedIt) {
  const EmergencyAccess access = Break("users/pia", "patients/p-1");
  const auto open = [this] {
    return Write([&](Transaction& tx) {
             return grants_.ListEmergencyAccesses(tx, {"review = NONE", 0, 50});
           })
        ->accesses.size();
  };
  const auto review = [&](const std::string& reviewer, EmergencyReview result) {
    return Write([&](Transaction& tx) {
      return grants_.ReviewEmergencyAccess(tx, User(reviewer, "medical_director"),
                                           {access.name, result, "seen"});
    });
  };
  EXPECT_EQ(open(), 1u);
  EXPECT_EQ(ReasonOf(review("users/pia", EmergencyReview::kJustified).status()), "SELF_APPROVAL");
  const auto reviewed = review("users/maya", EmergencyReview::kUnjustified);
  ASSERT_TRUE(reviewed.ok()) << reviewed.status();
  EXPECT_EQ(reviewed->reviewer, "users/maya");
  EXPECT_EQ(open(), 0u);
  EXPECT_EQ(ReasonOf(review("users/maya", EmergencyReview::kJustified).status()),
            "STATE_NOT_ALLOWED");
}

}  // namespace
}  // namespace meso::audit
