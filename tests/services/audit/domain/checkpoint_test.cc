#include "services/audit/domain/checkpoint.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/error.h"

namespace meso::audit {
namespace {

std::unique_ptr<SigningKey> Key(const std::string& name, char fill) {
  return *MakeSigningKey(name, std::string(32, fill));
}

// The example of the signed-note documentation: its key, text and signature are public.
constexpr char kPeterKey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr char kPeterNote[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xE2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/"
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

TEST(CheckpointTest, ReadsAVerifierKeyOfTheSignedNoteFormAndChecksAForeignSignature) {
  const absl::StatusOr<VerifierKey> key = ParseVerifierKey(kPeterKey);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->Encode(), kPeterKey);
  // The signature holds; the text is no checkpoint.
  const absl::Status not_a_checkpoint = OpenCheckpoint(kPeterNote, {*key}).status();
  EXPECT_EQ(ReasonOf(not_a_checkpoint), "TREE_INCONSISTENT");
  EXPECT_NE(not_a_checkpoint.message().find("fewer than 3 lines"), std::string::npos)
      << not_a_checkpoint;
  std::string changed = absl::StrReplaceAll(kPeterNote, {{"answer", "Answer"}});
  EXPECT_NE(OpenCheckpoint(changed, {*key}).status().message().find("does not hold"),
            std::string::npos);
}

TEST(CheckpointTest, SignsWhatItOpens) {
  const auto key = Key("meso.test/audit", 7);
  Hash root = Hasher().Plain("root");
  const std::string note = SignCheckpoint(42, root, *key);
  EXPECT_EQ(note.substr(0, 19), "meso.test/audit\n42\n");
  const absl::StatusOr<Checkpoint> opened = OpenCheckpoint(note, {key->verifier()});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(*opened, (Checkpoint{"meso.test/audit", 42, root}));
  EXPECT_EQ(*ParseCheckpoint(note), *opened);
}

TEST(CheckpointTest, RejectsEveryFlippedBitOfANote) {
  const auto key = Key("log", 3);
  const std::string note = SignCheckpoint(1234567, Hasher().Plain("x"), *key);
  for (size_t bit = 0; bit < note.size() * 8; ++bit) {
    std::string bad = note;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    const absl::StatusOr<Checkpoint> opened = OpenCheckpoint(bad, {key->verifier()});
    ASSERT_FALSE(opened.ok()) << "bit " << bit;
    EXPECT_EQ(ReasonOf(opened.status()), "TREE_INCONSISTENT");
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss);
  }
  for (size_t size = 0; size < note.size(); ++size) {
    EXPECT_FALSE(OpenCheckpoint(note.substr(0, size), {key->verifier()}).ok()) << "cut at " << size;
  }
}

TEST(CheckpointTest, IgnoresUnknownSignersAndRejectsABadKnownOne) {
  const auto log = Key("log", 1);
  const auto witness = Key("witness", 2);
  const Hash root = Hasher().Plain("x");
  const std::string note = SignCheckpoint(5, root, *log);
  // The witness's line belongs to another text.
  const std::string other = SignCheckpoint(5, root, *witness);
  const std::string line = other.substr(other.find("\xE2\x80\x94"));
  EXPECT_TRUE(OpenCheckpoint(note + line, {log->verifier()}).ok());
  const absl::Status bad =
      OpenCheckpoint(note + line, {log->verifier(), witness->verifier()}).status();
  EXPECT_NE(bad.message().find("by witness does not hold"), std::string::npos) << bad;
  const absl::Status unknown = OpenCheckpoint(note, {witness->verifier()}).status();
  EXPECT_NE(unknown.message().find("no signature by a known key"), std::string::npos) << unknown;
  // The same name with another key is another signer.
  EXPECT_FALSE(OpenCheckpoint(note, {Key("log", 9)->verifier()}).ok());
  EXPECT_FALSE(OpenCheckpoint(note, {}).ok());
}

TEST(CheckpointTest, KeysSurviveTheirTextForms) {
  const absl::StatusOr<std::unique_ptr<SigningKey>> made = NewSigningKey("chain.example/audit");
  ASSERT_TRUE(made.ok());
  const auto read = ParseSigningKey(absl::StrCat((*made)->Encode(), "\n"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->verifier().Encode(), (*made)->verifier().Encode());
  EXPECT_EQ((*read)->Sign("text"), (*made)->Sign("text"));
  EXPECT_NE((*NewSigningKey("chain.example/audit"))->Encode(), (*made)->Encode());
}

TEST(CheckpointTest, RefusesMalformedKeys) {
  const std::string secret = Key("log", 1)->Encode();
  const std::string open = Key("log", 1)->verifier().Encode();
  for (const std::string& text :
       {std::string(), std::string("log"), open.substr(4), "x" + open, open + "A", open + "=",
        absl::StrReplaceAll(open, {{"+A", "+C"}}), "a b" + open.substr(3), secret}) {
    const absl::Status status = ParseVerifierKey(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(ReasonOf(status), "FIELD_INVALID") << text;
  }
  EXPECT_EQ(ReasonOf(ParseSigningKey(open).status()), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(ParseSigningKey(secret.substr(0, 40)).status()), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(NewSigningKey("with space").status()), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(NewSigningKey("a+b").status()), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(NewSigningKey("").status()), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(MakeSigningKey("log", "short").status()), "FIELD_INVALID");
}

}  // namespace
}  // namespace meso::audit
