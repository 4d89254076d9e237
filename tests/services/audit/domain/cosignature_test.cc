// Extension lines and cosignatures of checkpoints: tlog-checkpoint, tlog-cosignature.
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/error.h"
#include "services/audit/domain/checkpoint.h"

namespace meso::audit {
namespace {

// Made with another implementation of Ed25519 and SHA-256, from seeds of 32 bytes 0x01 (log) and
// 0x02 (witness) and the hashes of "root" and "index".
constexpr char kText[] =
    "meso.test/audit\n"
    "42\n"
    "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"
    "meso-index 1 G8BLUpHCakbZGBOROLmS0t6XbWhR0Ik7BHa4W/vfxuY=\n";
constexpr char kLogLine[] =
    "\xE2\x80\x94 meso.test/audit "
    "VM0MS8TFIQzLS/9mvcy0lq4t1Mn++g3MOskm0CJxVCrSEXKYsCG6HwipOvhHf527y8DaCyv4UVfkp5lp8Hf+KktQNQY=";
constexpr char kWitnessLine[] =
    "\xE2\x80\x94 north.test/witness "
    "XtwEHAAAAABpVbkAkdC7CIz7JiMIVM+9sm91NiMtG4Y1M7ZJZrINYNAxnbrTrEB7I8+"
    "l+RU1U0TMnTEnh2xpo9nJks82kuo9xkNgBg==";
constexpr char kWitnessKey[] =
    "north.test/witness+5edc041c+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";
constexpr int64_t kTime = 1767225600;

std::unique_ptr<SigningKey> Log(char fill = 1) {
  return *MakeSigningKey("meso.test/audit", std::string(32, fill));
}
std::unique_ptr<CosigningKey> Witness(const std::string& name = "north.test/witness",
                                      char fill = 2) {
  return *MakeCosigningKey(name, std::string(32, fill));
}
std::string Note() { return absl::StrCat(kText, "\n", kLogLine, "\n"); }

void ExpectBroken(const absl::Status& status, absl::string_view why) {
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_EQ(ReasonOf(status), "TREE_INCONSISTENT") << status;
  EXPECT_NE(status.message().find(std::string(why)), std::string::npos) << status;
}

// A note with this text, signed well: whatever is refused is refused for the text.
std::string Signed(const std::string& text) {
  const auto key = Log();
  std::string signature;
  for (int shift = 24; shift >= 0; shift -= 8) {
    signature.push_back(static_cast<char>(key->verifier().hash >> shift & 0xff));
  }
  signature += key->Sign(text);
  return absl::StrCat(text, "\n\xE2\x80\x94 ", key->verifier().name, " ",
                      absl::Base64Escape(signature), "\n");
}

TEST(CosignatureTest, SignsAndCosignsTheBytesAnotherImplementationMade) {
  const std::string note =
      SignCheckpoint(42, Hasher().Plain("root"), Hasher().Plain("index"), *Log());
  EXPECT_EQ(note, Note());
  EXPECT_EQ(*Cosign(note, *Witness(), absl::FromUnixSeconds(kTime)), kWitnessLine);
  // A part of a second is not told.
  EXPECT_EQ(*Cosign(note, *Witness(), absl::FromUnixMillis(kTime * 1000 + 999)), kWitnessLine);
  EXPECT_EQ(Witness()->verifier().Encode(), kWitnessKey);
  EXPECT_EQ(ParseWitnessKey(kWitnessKey)->Encode(), kWitnessKey);
}

TEST(CosignatureTest, OpensANoteWithItsIndexRootAndItsCosignatures) {
  const std::string note = AddSignatureLine(Note(), kWitnessLine);
  const VerifierKey witness = *ParseWitnessKey(kWitnessKey);
  const absl::StatusOr<CosignedCheckpoint> opened =
      OpenCosigned(note, {Log()->verifier()}, {witness});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->checkpoint,
            (Checkpoint{"meso.test/audit", 42, Hasher().Plain("root"), Hasher().Plain("index")}));
  ASSERT_EQ(opened->cosignatures.size(), 1u);
  EXPECT_EQ(opened->cosignatures[0].witness, "north.test/witness");
  EXPECT_EQ(opened->cosignatures[0].time, absl::FromUnixSeconds(kTime));
  // Who does not know the witness opens it all the same.
  EXPECT_EQ(OpenCosigned(note, {Log()->verifier()}, {})->cosignatures.size(), 0u);
  EXPECT_EQ(*OpenCheckpoint(note, {Log()->verifier()}), opened->checkpoint);
  // A cosignature alone does not make it the log's word.
  ExpectBroken(OpenCosigned(note, {}, {witness}).status(), "no signature by a known key");
  ExpectBroken(OpenCosigned(note, {witness}, {witness}).status(), "no signature by a known key");
}

TEST(CosignatureTest, EveryFlippedBitOfACosignatureOrOfWhatItCoversIsSeen) {
  const std::string note = AddSignatureLine(Note(), kWitnessLine);
  const VerifierKey witness = *ParseWitnessKey(kWitnessKey);
  for (size_t bit = 0; bit < note.size() * 8; ++bit) {
    std::string bad = note;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    const auto opened = OpenCosigned(bad, {Log()->verifier()}, {witness});
    // Name and key hash changed: it is somebody else's line then, and the witness's is missing.
    if (opened.ok()) {
      EXPECT_TRUE(opened->cosignatures.empty()) << "bit " << bit;
      EXPECT_GE(bit / 8, note.size() - sizeof(kWitnessLine)) << "bit " << bit;
    } else {
      EXPECT_EQ(ReasonOf(opened.status()), "TREE_INCONSISTENT") << "bit " << bit;
    }
  }
}

TEST(CosignatureTest, ABadLineOfAKnownWitnessRejectsTheNote) {
  const VerifierKey north = *ParseWitnessKey(kWitnessKey);
  const std::string other = SignCheckpoint(43, Hasher().Plain("root"), *Log());
  const std::string line = *Cosign(other, *Witness(), absl::FromUnixSeconds(kTime));
  ExpectBroken(OpenCosigned(AddSignatureLine(Note(), line), {Log()->verifier()}, {north}).status(),
               "by north.test/witness does not hold");
  EXPECT_TRUE(OpenCosigned(AddSignatureLine(Note(), line), {Log()->verifier()},
                           {Witness("south.test/witness", 3)->verifier()})
                  .ok());
  // The same witness twice: which of the times is meant?
  const std::string twice = AddSignatureLine(AddSignatureLine(Note(), kWitnessLine), kWitnessLine);
  ExpectBroken(OpenCosigned(twice, {Log()->verifier()}, {north}).status(), "twice");
  ExpectBroken(
      OpenCheckpoint(AddSignatureLine(Note(), "no dash AAAAAAAA"), {Log()->verifier()}).status(),
      "malformed");
}

TEST(CosignatureTest, KeysOfOneKindNeverPassForTheOther) {
  const auto log = *MakeSigningKey("same", std::string(32, 5));
  const auto witness = *MakeCosigningKey("same", std::string(32, 5));
  EXPECT_EQ(log->verifier().public_key, witness->verifier().public_key);
  EXPECT_NE(log->verifier().hash, witness->verifier().hash);
  EXPECT_EQ(ReasonOf(ParseVerifierKey(witness->verifier().Encode()).status()), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(ParseWitnessKey(log->verifier().Encode()).status()), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(ParseSigningKey(witness->Encode()).status()), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(ParseCosigningKey(log->Encode()).status()), "FIELD_INVALID");
  EXPECT_EQ((*ParseCosigningKey(witness->Encode() + "\n"))->Encode(), witness->Encode());
  EXPECT_EQ(ReasonOf(NewCosigningKey("a b").status()), "FIELD_INVALID");
  // A log's signature under the witness's key hash is no cosignature.
  VerifierKey posing = log->verifier();
  posing.kind = SignerKind::kWitness;
  const std::string note = SignCheckpoint(1, Hasher().Plain("x"), *log);
  ExpectBroken(OpenCosigned(note, {log->verifier()}, {posing}).status(), "does not hold");
}

TEST(CosignatureTest, ChecksASingleLine) {
  const VerifierKey north = *ParseWitnessKey(kWitnessKey);
  const auto good = CheckCosignature(Note(), kWitnessLine, {north});
  ASSERT_TRUE(good.ok() && good->has_value()) << good.status();
  EXPECT_EQ((*good)->witness, "north.test/witness");
  EXPECT_EQ((*good)->time, absl::FromUnixSeconds(kTime));
  const auto unknown =
      CheckCosignature(Note(), kWitnessLine, {Witness("south.test/witness", 3)->verifier()});
  EXPECT_TRUE(unknown.ok() && !unknown->has_value());
  const std::string other = SignCheckpoint(43, Hasher().Plain("root"), *Log());
  ExpectBroken(CheckCosignature(other, kWitnessLine, {north}).status(), "does not hold");
  const std::string line = kWitnessLine;
  for (const std::string& bad :
       {std::string(), line + "\n", line + " ", " " + line, line.substr(4), line + "=",
        line.substr(0, line.size() - 4), absl::StrCat(line, "\n", line)}) {
    EXPECT_FALSE(CheckCosignature(Note(), bad, {north}).ok()) << bad;
  }
}

TEST(CosignatureTest, FurtherExtensionLinesAreSignedOverAndOtherwiseIgnored) {
  const std::string head = "meso.test/audit\n42\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n";
  const std::string index = "meso-index 1 G8BLUpHCakbZGBOROLmS0t6XbWhR0Ik7BHa4W/vfxuY=\n";
  const auto open = [](const std::string& text) {
    return OpenCheckpoint(Signed(text), {Log()->verifier()});
  };
  EXPECT_EQ(open(head)->index_root, std::nullopt);
  EXPECT_EQ(open(head + index)->index_root, Hasher().Plain("index"));
  const auto further = open(head + "later-extension 7\n" + index + "and another\n");
  ASSERT_TRUE(further.ok()) << further.status();
  EXPECT_EQ(further->index_root, Hasher().Plain("index"));
  EXPECT_EQ(open(head + "meso-index 2 anything\n")->index_root, std::nullopt);
  ExpectBroken(open(head + index + index).status(), "two index roots");
  ExpectBroken(open(head + "meso-index 1 AAAA\n").status(), "the index root");
  ExpectBroken(open(head + "meso-index 1 \n").status(), "the index root");
  ExpectBroken(open(head + "meso-index 1  G8BLUpHCakbZGBOROLmS0t6XbWhR0Ik7BHa4W/vfxuY=\n").status(),
               "the index root");
  ExpectBroken(open(head + "\n" + index).status(), "extension line is empty");
  ExpectBroken(open(head + "a\tb\n").status(), "control characters");
  ExpectBroken(
      open("meso.test/audit\n042\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n").status(),
      "the size");
  ExpectBroken(
      open("meso.test/audit\n+42\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n").status(),
      "the size");
  ExpectBroken(open("meso.test/audit\n42\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I\n").status(),
               "the root");
  // Signed over: another extension line is another text.
  const std::string note = Signed(head + "later-extension 7\n");
  ExpectBroken(
      OpenCheckpoint(absl::StrReplaceAll(note, {{"later-extension 7", "later-extension 8"}}),
                     {Log()->verifier()})
          .status(),
      "does not hold");
  ExpectBroken(
      OpenCheckpoint(absl::StrReplaceAll(note, {{"later-extension 7\n", ""}}), {Log()->verifier()})
          .status(),
      "does not hold");
}

TEST(CosignatureTest, ANoteMayCarryTheSignaturesOfTwoKeysOfTheLog) {
  const auto before = Log(1);
  const auto after = Log(7);
  const std::string note =
      AddSignature(SignCheckpoint(42, Hasher().Plain("root"), *after), *before);
  EXPECT_TRUE(OpenCheckpoint(note, {before->verifier()}).ok());
  EXPECT_TRUE(OpenCheckpoint(note, {after->verifier()}).ok());
  EXPECT_TRUE(OpenCheckpoint(note, {before->verifier(), after->verifier()}).ok());
  EXPECT_FALSE(OpenCheckpoint(note, {Log(9)->verifier()}).ok());
  const std::string other = SignCheckpoint(43, Hasher().Plain("root"), *before);
  const std::string spoiled = absl::StrCat(SignCheckpoint(42, Hasher().Plain("root"), *after),
                                           other.substr(other.find("\xE2\x80\x94")));
  ExpectBroken(OpenCheckpoint(spoiled, {before->verifier(), after->verifier()}).status(),
               "does not hold");
}

}  // namespace
}  // namespace meso::audit
