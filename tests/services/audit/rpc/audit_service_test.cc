#include "services/audit/rpc/audit_service.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/audit/audit_client.h"
#include "common/base/error.h"
#include "tests/services/audit/rpc/audit_rpc_fixture.h"

namespace meso::audit {
namespace {

class AuditServiceTest : public AuditRpcFixture {
 protected:
  static v1::BatchAppendEntriesRequest Run(uint64_t first, uint64_t last,
                                           const std::string& source = "scheduling") {
    v1::BatchAppendEntriesRequest request;
    request.set_source(source);
    request.set_epoch(kEpoch);
    for (uint64_t i = first; i <= last; ++i) {
      const Draft draft = SampleDraft(i);
      v1::EntryDraft* entry = request.add_entries();
      entry->set_sequence(i);
      entry->mutable_time()->set_seconds(draft.time_ns / 1'000'000'000);
      entry->mutable_time()->set_nanos(static_cast<int>(draft.time_ns % 1'000'000'000));
      entry->set_site(draft.site);
      entry->mutable_actor()->set_subject(draft.actor.subject);
      entry->set_method(draft.method);
      entry->set_action(v1::ACTION_CREATE);
      entry->set_outcome(v1::OUTCOME_OK);
      for (const Key& key : draft.keys) {
        v1::Key* added = entry->add_keys();
        added->set_kind(static_cast<v1::Key::Kind>(key.kind));
        added->set_value(key.value);
      }
    }
    return request;
  }

  absl::Status Append(const v1::BatchAppendEntriesRequest& request,
                      v1::BatchAppendEntriesResponse* response, const std::string& token) {
    return server_.Call(*stub_, &Stub::BatchAppendEntries, token, request, response);
  }
  void AppendRun(uint64_t first, uint64_t last) {
    v1::BatchAppendEntriesResponse response;
    const absl::Status status = Append(Run(first, last), &response, scheduling_);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_TRUE(server_.database()
                    .Transact([&](Transaction& tx) { return operations_.SignCheckpoint(tx); })
                    .ok());
  }

  // The stream's chunks behind each other.
  absl::Status Export(const v1::ExportEntriesRequest& request, const std::string& token,
                      std::string* bundle) {
    grpc::ClientContext context;
    TestServer::Prepare(token, &context);
    auto reader = stub_->ExportEntries(&context, request);
    v1::ExportEntriesResponse piece;
    while (reader->Read(&piece)) {
      EXPECT_LE(piece.chunk().size(), 256u << 10);
      *bundle += piece.chunk();
    }
    return GrpcToStatus(reader->Finish());
  }
};

TEST_F(AuditServiceTest, TakesEntriesFromServicesAndWritesNoneAboutIt) {
  v1::BatchAppendEntriesResponse response;
  ASSERT_TRUE(Append(Run(1, 3), &response, scheduling_).ok());
  EXPECT_EQ(response.last_sequence(), 3u);
  EXPECT_EQ(response.appended(), 3);
  EXPECT_EQ(response.tree_size(), 3u);
  EXPECT_TRUE(server_.Entries().empty());

  EXPECT_EQ(ReasonOf(Append(Run(4, 4), &response, server_.keys().ServiceToken("inventory"))),
            "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(Append(Run(4, 4), &response, auditor_)), "ROLE_REQUIRED");
  EXPECT_EQ(ReasonOf(Append(Run(9, 9), &response, scheduling_)), "SEQUENCE_GAP");
}

TEST_F(AuditServiceTest, NamesEveryBadFieldOfARun) {
  v1::BatchAppendEntriesRequest request = Run(1, 2);
  request.set_epoch("not-a-uuid");
  request.mutable_entries(0)->clear_method();
  request.mutable_entries(0)->set_action(static_cast<v1::Action>(77));
  request.mutable_entries(1)->clear_time();
  request.mutable_entries(1)->clear_outcome();
  request.mutable_entries(1)->mutable_keys(0)->set_kind(v1::Key::KIND_UNSPECIFIED);
  v1::BatchAppendEntriesResponse response;
  const absl::Status status = Append(request, &response, scheduling_);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  std::set<std::string> fields;
  for (const Violation& violation : DetailsOf(status).violations) fields.insert(violation.subject);
  EXPECT_EQ(fields,
            (std::set<std::string>{"epoch", "entries[0].method", "entries[0].action",
                                   "entries[1].time", "entries[1].outcome", "entries[1].keys"}));
}

TEST_F(AuditServiceTest, ListsInPagesBoundToTheQueryAndRecordsWhoWasLookedAt) {
  AppendRun(1, 9);
  v1::ListEntriesRequest request;
  request.set_filter("patient = \"patients/p-1\"");
  request.set_page_size(2);
  v1::ListEntriesResponse page;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::ListEntries, auditor_, request, &page).ok());
  ASSERT_EQ(page.entries_size(), 2);
  EXPECT_EQ(page.entries(0).name(), "entries/4");
  EXPECT_EQ(page.entries(1).name(), "entries/0");
  EXPECT_EQ(page.entries(0).payload().patients(0), "patients/p-1");
  EXPECT_EQ(page.entries(0).leaf().service(), "scheduling");

  v1::ListEntriesRequest other = request;
  other.set_filter("site = \"sites/par-1\"");
  other.set_page_token(page.next_page_token().empty() ? "x" : page.next_page_token());
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::ListEntries, auditor_, other, &page)),
            "PAGE_TOKEN_INVALID");
  other.clear_page_token();
  other.set_page_size(-1);
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::ListEntries, auditor_, other, &page)),
            "FIELD_INVALID");

  const std::vector<AuditRecord> entries = server_.Entries();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].outcome, "OK");
  EXPECT_EQ(entries[0].action, "E");
  EXPECT_EQ(entries[0].actor, "users/ines");
  EXPECT_EQ(entries[0].keys.count({"patient", "patients/p-1"}), 1u);
  EXPECT_EQ(entries[1].reason, "PAGE_TOKEN_INVALID");
}

TEST_F(AuditServiceTest, WalksAWholeListByItsTokens) {
  AppendRun(1, 23);
  v1::ListEntriesRequest request;
  request.set_page_size(5);
  std::vector<std::string> names;
  for (;;) {
    v1::ListEntriesResponse page;
    ASSERT_TRUE(server_.Call(*stub_, &Stub::ListEntries, auditor_, request, &page).ok());
    for (const v1::Entry& entry : page.entries()) names.push_back(entry.name());
    if (page.next_page_token().empty()) break;
    request.set_page_token(page.next_page_token());
  }
  ASSERT_EQ(names.size(), 23u);
  EXPECT_EQ(names.front(), "entries/22");
  EXPECT_EQ(names.back(), "entries/0");
}

TEST_F(AuditServiceTest, ProvesAnEntryToAClientThatTrustsOnlyTheKey) {
  AppendRun(1, 11);
  v1::GetEntryRequest request;
  request.set_name("entries/7");
  v1::Entry entry;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::GetEntry, auditor_, request, &entry).ok());
  v1::Checkpoint newest;
  ASSERT_TRUE(
      server_.Call(*stub_, &Stub::GetCheckpoint, scheduling_, v1::GetCheckpointRequest(), &newest)
          .ok());
  v1::ListLogKeysResponse keys;
  EXPECT_TRUE(
      server_.Call(*stub_, &Stub::ListLogKeys, scheduling_, v1::ListLogKeysRequest(), &keys).ok());

  const absl::StatusOr<Checkpoint> checkpoint =
      OpenCheckpoint(entry.inclusion_proof().checkpoint(), {SampleKey()->verifier()});
  ASSERT_TRUE(checkpoint.ok());
  EXPECT_EQ(entry.inclusion_proof().checkpoint(), newest.note());
  EXPECT_EQ(newest.tree_size(), 11u);
  Proof proof;
  for (const std::string& hash : entry.inclusion_proof().hashes()) proof.push_back(HashFrom(hash));
  Hasher hasher;
  EXPECT_TRUE(VerifyInclusion(hasher.Leaf(entry.leaf_bytes()), 7, checkpoint->size, proof,
                              checkpoint->root, hasher));
  ASSERT_EQ(entry.payload_parts_size(), 1);
  const v1::PayloadPart& part = entry.payload_parts(0);
  EXPECT_EQ(hasher.Hmac(part.salt(), part.payload()), HashFrom(part.commitment()));
  EXPECT_EQ(hasher.Plain(part.commitment()), HashFrom(entry.leaf().commitment()));
  EXPECT_FALSE(entry.payload_erased());

  for (const auto& [name, reason] :
       std::map<std::string, std::string>{{"", "FIELD_REQUIRED"},
                                          {"entries/", "FIELD_INVALID"},
                                          {"entries/-1", "FIELD_INVALID"},
                                          {"entries/07", "FIELD_INVALID"},
                                          {"entries/99999999999999999999", "FIELD_INVALID"},
                                          {"entries/11", "RESOURCE_NOT_FOUND"}}) {
    request.set_name(name);
    EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::GetEntry, auditor_, request, &entry)), reason)
        << name;
  }
}

TEST_F(AuditServiceTest, TellsATimelineInPages) {
  AppendRun(1, 7);
  v1::GetTimelineRequest request;
  request.set_name(kAppointment);
  request.set_page_size(3);
  std::vector<std::string> names;
  for (;;) {
    v1::GetTimelineResponse page;
    const absl::Status status = server_.Call(*stub_, &Stub::GetTimeline, auditor_, request, &page);
    ASSERT_TRUE(status.ok()) << status;
    for (const v1::Entry& entry : page.entries()) names.push_back(entry.name());
    if (page.next_page_token().empty()) break;
    request.set_page_token(page.next_page_token());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"entries/0", "entries/1", "entries/2", "entries/3",
                                             "entries/4", "entries/5", "entries/6"}));
}

TEST_F(AuditServiceTest, StreamsABundleThatVerifiesAndRecordsItsBeginAndEnd) {
  AppendRun(1, 900);
  for (uint64_t first = 901; first < 4000; first += 900) AppendRun(first, first + 899);
  v1::ExportEntriesRequest request;
  request.set_filter("NOT patient = \"patients/p-3\"");
  request.set_include_payloads(true);
  std::string bundle;
  const absl::Status status = Export(request, auditor_, &bundle);
  ASSERT_TRUE(status.ok()) << status;
  std::istringstream in(bundle);
  const VerifyReport report = VerifyBundle(in, {SampleKey()->verifier()}, nullptr);
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.entries + report.left_out, 4500u);
  EXPECT_EQ(report.left_out, 4500u / 6) << "of four patients one, in two of three entries";
  EXPECT_GT(bundle.size(), 1u << 20) << "more than one chunk";

  const std::vector<AuditRecord> entries = server_.Entries();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].facts.at("stage"), "begin");
  EXPECT_EQ(entries[0].keys.count({"patient", "patients/p-3"}), 1u) << "who was asked about";
  EXPECT_EQ(entries[1].facts.at("stage"), "end");
  EXPECT_EQ(entries[1].facts.at("entries"), absl::StrCat(report.entries));
  EXPECT_EQ(entries[1].keys.count({"patient", "patients/p-1"}), 1u) << "who was exported";
  EXPECT_EQ(entries[1].outcome, "OK");
}

TEST_F(AuditServiceTest, RecordsEveryPatientExportedHoweverMany) {
  v1::BatchAppendEntriesRequest run = Run(1, 3);
  for (int i = 0; i < 3 * 7000; ++i) {
    v1::Key* key = run.mutable_entries(i / 7000)->add_keys();
    key->set_kind(v1::Key::KIND_PATIENT);
    key->set_value(absl::StrCat("patients/many-", i));
  }
  v1::BatchAppendEntriesResponse response;
  ASSERT_TRUE(Append(run, &response, scheduling_).ok());
  ASSERT_TRUE(server_.database()
                  .Transact([&](Transaction& tx) { return operations_.SignCheckpoint(tx); })
                  .ok());
  v1::ExportEntriesRequest request;
  request.set_include_payloads(true);
  std::string bundle;
  const absl::Status status = Export(request, auditor_, &bundle);
  ASSERT_TRUE(status.ok()) << status;

  const std::vector<AuditRecord> entries = server_.Entries();
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0].facts.at("stage"), "begin");
  EXPECT_EQ(entries[1].facts.at("stage"), "part");
  EXPECT_EQ(entries[2].facts.at("stage"), "part");
  EXPECT_EQ(entries[3].facts.at("stage"), "end");
  std::set<std::string> patients;
  for (const AuditRecord& entry : entries) {
    EXPECT_LE(entry.keys.size(), static_cast<size_t>(kDraftKeysMax));
    EXPECT_EQ(entry.correlation_id, entries[0].correlation_id);
    for (const auto& [kind, value] : entry.keys) {
      if (kind == "patient" && absl::StartsWith(value, "patients/many-")) patients.insert(value);
    }
  }
  EXPECT_EQ(patients.size(), 3u * 7000);
}

TEST_F(AuditServiceTest, RefusesExportsAndRecordsTheRefusal) {
  std::string bundle;
  v1::ExportEntriesRequest request;
  EXPECT_EQ(ReasonOf(Export(request, auditor_, &bundle)), "CHECKPOINT_NOT_YET");
  AppendRun(1, 2);
  request.set_filter("colour = red");
  EXPECT_EQ(ReasonOf(Export(request, auditor_, &bundle)), "FILTER_INVALID");
  request.clear_filter();
  const absl::Status at_one_site =
      Export(request, server_.keys().Token("users/a", {"compliance_auditor@par-1"}), &bundle);
  EXPECT_EQ(at_one_site.code(), absl::StatusCode::kPermissionDenied) << at_one_site;
  EXPECT_EQ(ReasonOf(Export(request, server_.keys().Token("users/b", {"front_desk@*"}), &bundle)),
            "ROLE_REQUIRED");
  EXPECT_EQ(ReasonOf(Export(request, "", &bundle)), "TOKEN_MISSING");
  EXPECT_EQ(bundle, "");
  const std::vector<AuditRecord> entries = server_.Entries();
  ASSERT_EQ(entries.size(), 4u) << "all but the call without a token";
  EXPECT_EQ(entries[1].reason, "FILTER_INVALID");
  EXPECT_EQ(entries[1].outcome, "REFUSED");
  EXPECT_EQ(entries[3].outcome, "DENIED");
}

TEST_F(AuditServiceTest, SurvivesAReaderThatGoesAwayMidway) {
  for (uint64_t first = 1; first < 4000; first += 900) AppendRun(first, first + 899);
  {
    grpc::ClientContext context;
    TestServer::Prepare(auditor_, &context);
    auto reader = stub_->ExportEntries(&context, v1::ExportEntriesRequest());
    v1::ExportEntriesResponse piece;
    ASSERT_TRUE(reader->Read(&piece));
    context.TryCancel();
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  server_.Stop();  // hangs if the stream was not finished
}

TEST_F(AuditServiceTest, TakesWhatTheRelaySendsWhateverItHolds) {
  PeerOptions options;
  options.service = "audit";
  options.address = server_.address();
  options.service_token_file = server_.keys().ServiceTokenFile("scheduling");
  options.clock = &server_.clock();
  const Peer peer(options);
  const AuditDelivery deliver = DeliverToAuditService(peer);
  std::vector<AuditRecord> records;
  for (int i = 1; i <= 300; ++i) {
    AuditRecord record;
    record.sequence = i;
    record.time = server_.clock().Now();
    record.service = "scheduling";
    record.actor = "users/\xff\xfe";
    record.method = "m";
    record.action = "U";
    record.outcome = "OK";
    record.causation_id = "caf\xc3\xa9 \xc3";
    for (int n = 0; n < 100; ++n) {
      record.keys.insert({"lot", absl::StrCat("lots/0198f2c4-0000-7000-8000-", 100000 * i + n)});
    }
    record.keys.insert({"colour", "red"});
    records.push_back(record);
  }
  for (int repeat = 0; repeat < 2; ++repeat) {
    const absl::Status status = deliver({"scheduling", kEpoch}, records);
    ASSERT_TRUE(status.ok()) << status;
  }
  v1::GetEntryRequest request;
  request.set_name("entries/299");
  v1::Entry entry;
  ASSERT_TRUE(server_.Call(*stub_, &Stub::GetEntry, auditor_, request, &entry).ok());
  EXPECT_EQ(entry.leaf().actor().subject(), "users/??");
  EXPECT_EQ(entry.leaf().causation_id(), "caf\xc3\xa9 ?");
  EXPECT_EQ(entry.leaf().keys_size(), 101);
  request.set_name("entries/300");
  EXPECT_EQ(ReasonOf(server_.Call(*stub_, &Stub::GetEntry, auditor_, request, &entry)),
            "RESOURCE_NOT_FOUND");
}

}  // namespace
}  // namespace meso::audit
