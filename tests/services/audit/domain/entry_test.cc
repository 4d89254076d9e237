#include "services/audit/domain/entry.h"

#include <gtest/gtest.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/services/audit/domain/entry_samples.h"

namespace meso::audit {
namespace {

SealedEntry SealSample(const Draft& draft, uint32_t schema_version = kLeafSchemaVersion) {
  return SampleEntry(draft, 9, schema_version);
}

TEST(EntryTest, ReplacesPatientsEverywhereInTheLeaf) {
  Draft draft = SampleDraft(1);
  draft.object = {"Patient", "patients/p-secret", 0};
  draft.keys.push_back({KeyKind::kPatient, "patients/p-other"});
  draft.facts.push_back({"asked_for", "patients/p-third"});
  const SealedEntry sealed = SealSample(draft);
  EXPECT_FALSE(absl::StrContains(sealed.leaf_bytes, "p-secret"));
  EXPECT_FALSE(absl::StrContains(sealed.leaf_bytes, "p-other"));
  EXPECT_FALSE(absl::StrContains(sealed.leaf_bytes, "patients/"));
  EXPECT_FALSE(absl::StrContains(sealed.leaf_bytes, "asked_for"));
  Hasher hasher;
  const std::string pseudonym = SamplePseudonyms().PseudonymOf("patients/p-secret", hasher);
  EXPECT_EQ(pseudonym.size(), 32u);
  EXPECT_EQ(sealed.leaf.object.name, "pseudonyms/" + pseudonym);
  EXPECT_TRUE(sealed.leaf.HasKey(KeyKind::kPatient, pseudonym));

  const std::string third = SamplePseudonyms().PseudonymOf("patients/p-third", hasher);
  EXPECT_TRUE(sealed.leaf.HasKey(KeyKind::kPatient, third)) << "a fact names a patient too";

  const absl::StatusOr<Payload> payload = MergeParts(sealed.parts, 9);
  ASSERT_TRUE(payload.ok());
  EXPECT_EQ(payload->patients, (std::vector<std::string>{"patients/p-1", "patients/p-other",
                                                         "patients/p-secret", "patients/p-third"}));
  EXPECT_EQ(payload->object_name, "patients/p-secret");
  EXPECT_EQ(payload->facts.size(), 2u);
  EXPECT_TRUE(PartsHold(2, sealed.leaf.commitment, sealed.parts, hasher));
}

TEST(EntryTest, GivesEveryPatientAPartAndTheRestOneToNobody) {
  const SealedEntry sealed = SealSample(SharedDraft(3));
  ASSERT_EQ(sealed.parts.size(), 5u);
  Hasher hasher;
  for (int i = 0; i < 4; ++i) {
    const std::string patient = absl::StrCat("patients/p-", i);
    const absl::StatusOr<Payload> part = DecodePayload(sealed.parts[i].payload, 9);
    ASSERT_TRUE(part.ok());
    EXPECT_EQ(part->patients, std::vector<std::string>{patient});
    EXPECT_EQ(part->object_name, i == 0 ? patient : "");
    EXPECT_EQ(sealed.owners[i], SamplePseudonyms().PseudonymOf(patient, hasher));
    const char* fact = i == 1 ? "asked_for" : i == 2 ? "seen_with" : nullptr;
    ASSERT_EQ(part->facts.size(), fact == nullptr ? 0u : 1u) << i;
    if (fact != nullptr) {
      EXPECT_EQ(part->facts[0].key, fact);
    }
  }
  const absl::StatusOr<Payload> rest = DecodePayload(sealed.parts[4].payload, 9);
  ASSERT_TRUE(rest.ok());
  EXPECT_TRUE(rest->patients.empty());
  ASSERT_EQ(rest->facts.size(), 1u);
  EXPECT_EQ(rest->facts[0].key, "quantity");
  EXPECT_EQ(sealed.owners[4], "");

  const SealedEntry alone = SealSample(SampleDraft(1));
  ASSERT_EQ(alone.parts.size(), 1u) << "all facts are the one patient's";
  EXPECT_EQ(DecodePayload(alone.parts[0].payload, 9)->facts.size(), 1u);
}

TEST(EntryTest, PartsHoldWithoutThoseThatWereDestroyed) {
  const SealedEntry sealed = SealSample(SharedDraft(3));
  Hasher hasher;
  std::vector<PayloadPart> parts = sealed.parts;
  parts[1].salt.clear();
  parts[1].payload.clear();
  EXPECT_TRUE(AnyDestroyed(parts));
  EXPECT_TRUE(PartsHold(2, sealed.leaf.commitment, parts, hasher));
  const absl::StatusOr<Payload> left = MergeParts(parts, 9);
  ASSERT_TRUE(left.ok());
  EXPECT_EQ(left->patients,
            (std::vector<std::string>{"patients/p-0", "patients/p-2", "patients/p-3"}));

  const auto holds_with = [&](auto change) {
    std::vector<PayloadPart> changed = sealed.parts;
    change(&changed);
    return PartsHold(2, sealed.leaf.commitment, changed, hasher);
  };
  EXPECT_TRUE(holds_with([](auto*) {}));
  EXPECT_FALSE(holds_with([](auto* p) { p->pop_back(); }));
  EXPECT_FALSE(holds_with([](auto* p) { p->clear(); }));
  EXPECT_FALSE(holds_with([](auto* p) { std::swap((*p)[0], (*p)[1]); }));
  EXPECT_FALSE(holds_with([](auto* p) { (*p)[2].payload += "x"; }));
  EXPECT_FALSE(holds_with([](auto* p) { (*p)[2].payload.clear(); }));
  EXPECT_FALSE(holds_with([](auto* p) { (*p)[2].salt.clear(); }));
  EXPECT_FALSE(holds_with([](auto* p) { (*p)[2].salt[0] ^= 1; }));
  EXPECT_FALSE(holds_with([](auto* p) { (*p)[2].commitment[0] ^= 1; }));
  EXPECT_FALSE(holds_with([](auto* p) {
    (*p)[2].commitment.pop_back();
    (*p)[2].salt.clear();
    (*p)[2].payload.clear();
  }));
}

TEST(EntryTest, SealsAKnownEntryAgainToTheSameLeaf) {
  Hasher hasher;
  const auto again = [&hasher](const Draft& draft, const SealedEntry& known,
                               const std::vector<PayloadPart>& stored) {
    return SealAgain(draft, known.leaf.source, 9, SamplePseudonyms(), known.leaf.schema_version,
                     stored, hasher)
        .leaf_bytes;
  };
  for (const uint32_t version : {1u, 2u}) {
    for (const Draft& draft : {SharedDraft(3), SampleDraft(1), SampleDraft(3)}) {
      const SealedEntry known = SealSample(draft, version);
      EXPECT_EQ(again(draft, known, known.parts), known.leaf_bytes);
      Draft other = draft;
      other.facts[0].value += "x";
      EXPECT_NE(again(other, known, known.parts), known.leaf_bytes);
      if (known.parts.empty()) continue;
      std::vector<PayloadPart> stored = known.parts;
      stored[0].salt.clear();
      stored[0].payload.clear();
      EXPECT_EQ(again(draft, known, stored), known.leaf_bytes) << "a destroyed part stays one";
      stored.pop_back();
      EXPECT_NE(again(draft, known, stored), known.leaf_bytes) << "a part has gone";
    }
  }
}

TEST(EntryTest, AnEntryOfTheLogItselfMayConcernAPatientWithoutAName) {
  Hasher hasher;
  Draft draft = SampleDraft(3);
  const std::string pseudonym = SamplePseudonyms().PseudonymOf("patients/p-1", hasher);
  draft.keys.push_back({KeyKind::kPatient, "pseudonyms/" + pseudonym});
  SequentialSalts salts;
  const SealedEntry own = Seal(draft, {"audit", kEpoch, 3}, 9, SamplePseudonyms(), salts, hasher);
  EXPECT_TRUE(own.leaf.HasKey(KeyKind::kPatient, pseudonym));
  EXPECT_TRUE(own.parts.empty());
  EXPECT_EQ(own.leaf.facts.size(), 1u);
  // From another source it is a name like any other.
  const SealedEntry foreign = SealSample(draft);
  EXPECT_FALSE(foreign.leaf.HasKey(KeyKind::kPatient, pseudonym));
  EXPECT_EQ(foreign.parts.size(), 1u);
}

TEST(EntryTest, KeepsFactsInTheLeafWhenNoPatientIsNamed) {
  const SealedEntry sealed = SealSample(SampleDraft(3));
  ASSERT_EQ(sealed.leaf.facts.size(), 1u);
  EXPECT_EQ(sealed.leaf.facts[0].value, "3");
  EXPECT_TRUE(sealed.parts.empty());
  EXPECT_EQ(sealed.leaf.commitment, "");
  Hasher hasher;
  EXPECT_TRUE(CommitmentHolds(sealed.leaf.commitment, "", "", hasher));
  EXPECT_FALSE(CommitmentHolds(sealed.leaf.commitment, "", "x", hasher));
}

TEST(EntryTest, AddsTheKeysOfItsOwnFieldsSortedAndOnce) {
  Draft draft = SampleDraft(2);
  draft.keys.push_back({KeyKind::kSite, "sites/par-1"});
  draft.keys.push_back({KeyKind::kLot, kLot});
  const SealedEntry sealed = SealSample(draft);
  EXPECT_TRUE(std::is_sorted(sealed.leaf.keys.begin(), sealed.leaf.keys.end()));
  EXPECT_EQ(std::adjacent_find(sealed.leaf.keys.begin(), sealed.leaf.keys.end()),
            sealed.leaf.keys.end());
  EXPECT_TRUE(sealed.leaf.HasKey(KeyKind::kActor, "services/scheduling"));
  EXPECT_TRUE(sealed.leaf.HasKey(KeyKind::kActor, "users/u2"));
  EXPECT_TRUE(sealed.leaf.HasKey(KeyKind::kSite, "sites/par-1"));
  EXPECT_TRUE(sealed.leaf.HasKey(KeyKind::kRequest, draft.request_id));
  EXPECT_TRUE(sealed.leaf.HasKey(KeyKind::kLot, kLot));
  EXPECT_EQ(sealed.leaf.on_behalf_of->roles, (std::vector<std::string>{"doctor", "front_desk"}));
}

TEST(EntryTest, CommitmentsOfTheFirstVersionBindPayloadAndSalt) {
  const SealedEntry sealed = SealSample(SampleDraft(1), 1);
  ASSERT_EQ(sealed.parts.size(), 1u);
  const PayloadPart& part = sealed.parts[0];
  const std::string& commitment = sealed.leaf.commitment;
  Hasher hasher;
  EXPECT_TRUE(PartsHold(1, commitment, sealed.parts, hasher));
  EXPECT_FALSE(PartsHold(2, commitment, sealed.parts, hasher));
  EXPECT_TRUE(CommitmentHolds(commitment, part.salt, part.payload, hasher));
  EXPECT_FALSE(CommitmentHolds(commitment, part.salt, part.payload + "x", hasher));
  EXPECT_FALSE(CommitmentHolds(commitment, SampleSalt(8), part.payload, hasher));
  EXPECT_FALSE(CommitmentHolds(commitment, "", part.payload, hasher));
  EXPECT_FALSE(CommitmentHolds(commitment, "", "", hasher)) << "a payload was deleted";
}

TEST(EntryTest, TheSamePatientHasOnePseudonymPerKey) {
  Hasher hasher;
  const PseudonymKey other = *PseudonymKey::Parse(PseudonymKey::NewText());
  const std::string a = SamplePseudonyms().PseudonymOf("patients/p-1", hasher);
  EXPECT_EQ(a, SamplePseudonyms().PseudonymOf("patients/p-1", hasher));
  EXPECT_NE(a, SamplePseudonyms().PseudonymOf("patients/P-1", hasher)) << "case counts";
  EXPECT_NE(a, other.PseudonymOf("patients/p-1", hasher));
}

TEST(EntryTest, RefusesWeakPseudonymKeys) {
  for (const std::string& text :
       {std::string(), std::string(62, 'a'), std::string(65, 'a'), std::string(63, 'a') + "g"}) {
    EXPECT_EQ(ReasonOf(PseudonymKey::Parse(text).status()), "FIELD_INVALID") << text;
  }
  EXPECT_TRUE(PseudonymKey::Parse("  " + std::string(64, 'a') + "\n").ok());
}

TEST(EntryTest, LeavesSurviveTheirBytes) {
  for (uint64_t sequence = 1; sequence <= 30; ++sequence) {
    const SealedEntry sealed = SealSample(SampleDraft(sequence));
    const absl::StatusOr<Leaf> leaf = DecodeLeaf(sealed.leaf_bytes, 9);
    ASSERT_TRUE(leaf.ok()) << leaf.status();
    EXPECT_EQ(EncodeLeaf(*leaf), sealed.leaf_bytes);
    EXPECT_EQ(ReasonOf(DecodeLeaf(sealed.leaf_bytes, 10).status()), "LEAF_MISMATCH");
    for (size_t size = 0; size < sealed.leaf_bytes.size(); ++size) {
      const absl::StatusOr<Leaf> cut = DecodeLeaf(sealed.leaf_bytes.substr(0, size), 9);
      if (!cut.ok()) continue;
      EXPECT_NE(EncodeLeaf(*cut), sealed.leaf_bytes);
    }
  }
}

}  // namespace
}  // namespace meso::audit
