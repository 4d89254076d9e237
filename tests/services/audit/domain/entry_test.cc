#include "services/audit/domain/entry.h"

#include <gtest/gtest.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/base/error.h"
#include "tests/services/audit/domain/entry_samples.h"

namespace meso::audit {
namespace {

SealedEntry SealSample(const Draft& draft) {
  Hasher hasher;
  return Seal(draft, {"scheduling", kEpoch, draft.sequence}, 9, SamplePseudonyms(), SampleSalt(9),
              hasher);
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

  const absl::StatusOr<Payload> payload = DecodePayload(sealed.payload_bytes, 9);
  ASSERT_TRUE(payload.ok());
  EXPECT_EQ(payload->patients,
            (std::vector<std::string>{"patients/p-1", "patients/p-other", "patients/p-secret"}));
  EXPECT_EQ(payload->object_name, "patients/p-secret");
  EXPECT_EQ(payload->facts.size(), 2u);
  EXPECT_EQ(sealed.salt, SampleSalt(9));
  EXPECT_TRUE(CommitmentHolds(sealed.leaf.commitment, sealed.salt, sealed.payload_bytes, hasher));
}

TEST(EntryTest, KeepsFactsInTheLeafWhenNoPatientIsNamed) {
  const SealedEntry sealed = SealSample(SampleDraft(3));
  ASSERT_EQ(sealed.leaf.facts.size(), 1u);
  EXPECT_EQ(sealed.leaf.facts[0].value, "3");
  EXPECT_EQ(sealed.payload_bytes, "");
  EXPECT_EQ(sealed.salt, "");
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

TEST(EntryTest, CommitmentsBindPayloadAndSalt) {
  const SealedEntry sealed = SealSample(SampleDraft(1));
  Hasher hasher;
  EXPECT_FALSE(
      CommitmentHolds(sealed.leaf.commitment, sealed.salt, sealed.payload_bytes + "x", hasher));
  EXPECT_FALSE(
      CommitmentHolds(sealed.leaf.commitment, SampleSalt(8), sealed.payload_bytes, hasher));
  EXPECT_FALSE(CommitmentHolds(sealed.leaf.commitment, "", sealed.payload_bytes, hasher));
  EXPECT_FALSE(CommitmentHolds(sealed.leaf.commitment, "", "", hasher)) << "a payload was deleted";
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
