// The log's formats never change: these bytes were written once, and every build must write and
// read the same.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/escaping.h"
#include "meso/audit/v1/bundle.pb.h"
#include "meso/audit/v1/log_leaf.pb.h"
#include "services/audit/domain/bundle_record.h"
#include "tests/services/audit/domain/bundle_samples.h"
#include "tests/services/audit/domain/entry_samples.h"

namespace meso::audit {
namespace {

using nlohmann::json;

std::string ReadData(const std::string& name) {
  std::ifstream file("tests/data/" + name, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  EXPECT_FALSE(bytes.str().empty()) << name;
  return bytes.str();
}

std::string Hex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }

TEST(GoldenTest, SealsTheSameLeavesOfVersion1AsEver) {
  const json golden = json::parse(ReadData("audit_leaf_vectors.json"));
  Hasher hasher;
  ASSERT_EQ(golden["leaves"].size(), 15u);
  for (const json& vector : golden["leaves"]) {
    const uint64_t index = vector["index"];
    const SealedEntry sealed = SampleEntry(index, 1);
    SCOPED_TRACE(index);
    const PayloadPart part = sealed.parts.empty() ? PayloadPart() : sealed.parts.front();
    EXPECT_EQ(Hex(sealed.leaf_bytes), vector["leaf"].get<std::string>());
    EXPECT_EQ(Hex(part.payload), vector["payload"].get<std::string>());
    EXPECT_EQ(Hex(part.salt), vector["salt"].get<std::string>());
    EXPECT_EQ(Hex(HashView(hasher.Leaf(sealed.leaf_bytes))),
              vector["leaf_hash"].get<std::string>());
    EXPECT_EQ(Hex(sealed.leaf.commitment), vector["commitment"].get<std::string>());
  }
  for (const auto& [patient, pseudonym] : golden["pseudonyms"].items()) {
    EXPECT_EQ(SamplePseudonyms().PseudonymOf(patient, hasher), pseudonym.get<std::string>());
  }
}

// Entry `index` of the vectors of version 2: every third is about several patients.
SealedEntry VectorOfVersion2(uint64_t index) {
  return SampleEntry(index % 3 == 0 ? SharedDraft(index + 1) : SampleDraft(index + 1), index, 2);
}

TEST(GoldenTest, SealsTheSameLeavesOfVersion2AsEver) {
  const json golden = json::parse(ReadData("audit_leaf_v2_vectors.json"));
  Hasher hasher;
  ASSERT_EQ(golden["leaves"].size(), 9u);
  for (const json& vector : golden["leaves"]) {
    const uint64_t index = vector["index"];
    const SealedEntry sealed = VectorOfVersion2(index);
    SCOPED_TRACE(index);
    EXPECT_EQ(Hex(sealed.leaf_bytes), vector["leaf"].get<std::string>());
    EXPECT_EQ(Hex(HashView(hasher.Leaf(sealed.leaf_bytes))),
              vector["leaf_hash"].get<std::string>());
    EXPECT_EQ(Hex(sealed.leaf.commitment), vector["commitment"].get<std::string>());
    ASSERT_EQ(sealed.parts.size(), vector["parts"].size());
    for (size_t i = 0; i < sealed.parts.size(); ++i) {
      EXPECT_EQ(Hex(sealed.parts[i].commitment), vector["parts"][i]["commitment"]);
      EXPECT_EQ(Hex(sealed.parts[i].salt), vector["parts"][i]["salt"]);
      EXPECT_EQ(Hex(sealed.parts[i].payload), vector["parts"][i]["payload"]);
      EXPECT_EQ(sealed.owners[i], vector["parts"][i]["pseudonym"]);
    }
    // What is stored is read back to what it says, without making it anew.
    const absl::StatusOr<Leaf> leaf =
        DecodeLeaf(absl::HexStringToBytes(vector["leaf"].get<std::string>()), index);
    ASSERT_TRUE(leaf.ok());
    EXPECT_EQ(leaf->schema_version, 2u);
    EXPECT_TRUE(PartsHold(2, leaf->commitment, sealed.parts, hasher));
  }
}

TEST(GoldenTest, WritesAndVerifiesTheSameBundleAsEver) {
  const json golden = json::parse(ReadData("audit_leaf_vectors.json"));
  const SampleLog log(15, {0, 4, 15});
  const std::string bundle = log.Bundle(
      true, [](uint64_t index) { return index % 4 == 2; }, "site = \"sites/par-1\"", 1);
  EXPECT_TRUE(bundle == ReadData("audit_bundle.bin")) << "the bundle's bytes have changed";
  const absl::StatusOr<VerifierKey> key = ParseVerifierKey(golden["key"].get<std::string>());
  ASSERT_TRUE(key.ok());
  std::istringstream in(ReadData("audit_bundle.bin"));
  const VerifyReport report = VerifyBundle(in, {*key}, nullptr);
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(Hex(HashView(report.root)), golden["root"].get<std::string>());
  EXPECT_EQ(report.entries, 11u);
  EXPECT_EQ(report.left_out, 4u);
  EXPECT_EQ(log.checkpoints.back(), golden["checkpoint"].get<std::string>());
}

TEST(GoldenTest, WritesAndVerifiesTheSameBundlesOfVersionTwoAsEver) {
  const IndexedLog log(15, {4, 9}, {8});
  const Key key = {KeyKind::kActor, "users/u2"};
  EXPECT_TRUE(log.LogBundle() == ReadData("audit_bundle_v2.bin")) << "the bundle's bytes changed";
  EXPECT_TRUE(log.KeyBundle(key) == ReadData("audit_bundle_v2_key.bin"))
      << "the bundle's bytes changed";
  VerifyOptions options;
  options.keys = {SampleKey()->verifier()};
  options.witnesses = {SampleWitness(1)->verifier(), SampleWitness(2)->verifier()};
  options.witnesses_needed = 2;
  for (const auto& [name, entries] :
       {std::pair("audit_bundle_v2.bin", 15u), std::pair("audit_bundle_v2_key.bin", 4u)}) {
    std::istringstream in(ReadData(name));
    const VerifyReport report = VerifyBundle(in, options);
    EXPECT_TRUE(report.ok) << name << report.problem;
    EXPECT_EQ(report.entries, entries) << name;
    EXPECT_EQ(report.runs, 2u) << name;
  }
}

// The handwritten encoder and the published schema are the same format.
template <typename Message>
void ExpectSameAsSchema(const std::string& bytes) {
  Message message;
  ASSERT_TRUE(message.ParseFromString(bytes));
  std::vector<const google::protobuf::FieldDescriptor*> unknown;
  EXPECT_EQ(message.GetReflection()->GetUnknownFields(message).field_count(), 0);
  EXPECT_EQ(Hex(message.SerializeAsString()), Hex(bytes));
}

TEST(GoldenTest, LeavesPayloadsAndRecordsAreTheirPublishedMessages) {
  const SampleLog log(15);
  for (const SealedEntry& entry : log.entries) {
    ExpectSameAsSchema<v1::LogLeaf>(entry.leaf_bytes);
    for (const PayloadPart& part : entry.parts) ExpectSameAsSchema<v1::EntryPayload>(part.payload);
    ExpectSameAsSchema<v1::BundleEntry>(EncodeEntry(
        {entry.leaf.index, entry.leaf_bytes, log.rows[entry.leaf.index], "salt", "payload"}));
  }
  ExpectSameAsSchema<v1::BundleHeader>(EncodeHeader({"origin", 3, 4, "filter", true}));
  ExpectSameAsSchema<v1::BundleHeader>(
      EncodeHeader({"origin", 3, 4, "", false, Key{KeyKind::kLot, kLot}}));
  BundleEntry parted;
  parted.index = 9;
  parted.leaf = "leaf";
  parted.parts = {{std::string(32, 'c'), std::string(32, 's'), "payload"}, {std::string(32, 'd')}};
  parted.path = std::string(64, 'p');
  ExpectSameAsSchema<v1::BundleEntry>(EncodeEntry(parted));
  ExpectSameAsSchema<v1::BundleIndex>(EncodeIndex({{0, 256, 3, EmptyRoot()}, {256, 257, 0, {}}}));
  const BundleIndexLeaf leaf = {7, std::string(72, 'l'), std::string(64, 'p')};
  ExpectSameAsSchema<v1::BundleKeyProof>(EncodeKeyProof({2, leaf, "postings"}));
  ExpectSameAsSchema<v1::BundleKeyProof>(
      EncodeKeyProof({2, std::nullopt, "", BundleIndexLeaf{0, "left"}, leaf}));
  ExpectSameAsSchema<v1::BundleLeftOut>(EncodeLeftOut({7, std::string(64, 'x')}));
  ExpectSameAsSchema<v1::BundleTrailer>(EncodeTrailer({1, 2, 3, std::string(32, 'd')}));
}

TEST(GoldenTest, FieldNumbersOfALeafAreFrozen) {
  const struct {
    int number;
    const char* name;
  } frozen[] = {
      {1, "index"},          {2, "time_ns"},         {3, "service"},        {4, "site"},
      {5, "actor"},          {6, "on_behalf_of"},    {7, "client_address"}, {8, "request_id"},
      {9, "correlation_id"}, {10, "causation_id"},   {11, "method"},        {12, "action"},
      {13, "object"},        {14, "purpose"},        {15, "outcome"},       {16, "reason"},
      {17, "violation"},     {18, "schema_version"}, {19, "source"},        {20, "commitment"},
      {21, "keys"},          {22, "facts"}};
  for (const auto& field : frozen) {
    const auto* found = v1::LogLeaf::descriptor()->FindFieldByNumber(field.number);
    ASSERT_NE(found, nullptr) << field.name;
    EXPECT_EQ(found->name(), field.name);
  }
}

}  // namespace
}  // namespace meso::audit
