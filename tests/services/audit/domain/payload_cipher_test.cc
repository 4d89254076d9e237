#include "services/audit/domain/payload_cipher.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "tests/services/audit/domain/entry_samples.h"

namespace meso::audit {
namespace {

const KeyName kName = {"76b20e97682f47fb90d190be5f22dd34", 3};
const PartPlace kPlace = {77, 2};

PayloadPart SamplePart() {
  PayloadPart part;
  part.salt = SampleSalt(1);
  part.payload = "what is said of patients/p-1";
  part.commitment = HashBytes(Hasher().Hmac(part.salt, part.payload));
  return part;
}

TEST(PayloadCipherTest, OpensWhatItMadeAndHidesIt) {
  PayloadCipher cipher;
  const SecretKey key = SecretKey::Random();
  const std::string bytes = cipher.Encrypt(key, kName, kPlace, SamplePart());
  EXPECT_FALSE(absl::StrContains(bytes, "patients/"));
  EXPECT_EQ(bytes.size(), 12 + 32 + SamplePart().payload.size() + 16);
  EXPECT_NE(bytes, cipher.Encrypt(key, kName, kPlace, SamplePart())) << "a nonce of its own";
  PayloadPart opened = {SamplePart().commitment};
  ASSERT_TRUE(cipher.Decrypt(key, kName, kPlace, bytes, &opened));
  EXPECT_EQ(opened.salt, SamplePart().salt);
  EXPECT_EQ(opened.payload, SamplePart().payload);
}

TEST(PayloadCipherTest, NoPartOpensAnywhereElse) {
  PayloadCipher cipher;
  const SecretKey key = SecretKey::Random();
  const std::string bytes = cipher.Encrypt(key, kName, kPlace, SamplePart());
  PayloadPart opened;
  EXPECT_FALSE(cipher.Decrypt(SecretKey::Random(), kName, kPlace, bytes, &opened));
  EXPECT_FALSE(cipher.Decrypt(key, {kName.pseudonym, 4}, kPlace, bytes, &opened));
  EXPECT_FALSE(cipher.Decrypt(key, {"", 3}, kPlace, bytes, &opened));
  EXPECT_FALSE(cipher.Decrypt(key, kName, {77, 3}, bytes, &opened));
  EXPECT_FALSE(cipher.Decrypt(key, kName, {78, 2}, bytes, &opened));
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string bent = bytes;
    bent[i] ^= 1;
    EXPECT_FALSE(cipher.Decrypt(key, kName, kPlace, bent, &opened)) << i;
    EXPECT_FALSE(cipher.Decrypt(key, kName, kPlace, bytes.substr(0, i), &opened)) << i;
  }
}

TEST(PayloadCipherTest, WrapsAKeyForItsNameOnly) {
  PayloadCipher cipher;
  const PayloadMasterKeys masters = SampleMasters();
  const SecretKey& master = *masters.Find(masters.current_id());
  const SecretKey key = SecretKey::Random();
  const std::string wrapped = cipher.Wrap(master, kName, key);
  const std::optional<SecretKey> opened = cipher.Unwrap(master, kName, wrapped);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->view(), key.view());
  EXPECT_FALSE(cipher.Unwrap(master, {kName.pseudonym, 1}, wrapped).has_value());
  EXPECT_FALSE(cipher.Unwrap(master, {"", 3}, wrapped).has_value());
  EXPECT_FALSE(cipher.Unwrap(SecretKey::Random(), kName, wrapped).has_value());
  EXPECT_FALSE(cipher.Unwrap(master, kName, std::string(60, '\0')).has_value());
}

TEST(PayloadCipherTest, ReadsMasterKeysTheCurrentOneFirst) {
  const std::string first(64, 'a');
  const std::string second(64, 'b');
  const auto one = PayloadMasterKeys::Parse(first + "\n");
  const auto both = PayloadMasterKeys::Parse(absl::StrCat(second, "\n", first, "\n"));
  ASSERT_TRUE(one.ok());
  ASSERT_TRUE(both.ok());
  EXPECT_NE(one->current_id(), both->current_id());
  EXPECT_NE(both->Find(one->current_id()), nullptr);
  EXPECT_EQ(one->Find(both->current_id()), nullptr);
  EXPECT_FALSE(absl::StrContains(one->current_id(), "aaaa")) << "the id does not give the key away";
  for (const std::string& text : {std::string(), std::string(63, 'a'), std::string(65, 'a'),
                                  std::string(63, 'a') + "g", first + "\nnot a key\n"}) {
    EXPECT_EQ(ReasonOf(PayloadMasterKeys::Parse(text).status()), "FIELD_INVALID") << text;
  }
  EXPECT_TRUE(PayloadMasterKeys::Parse(PayloadMasterKeys::NewText()).ok());
}

}  // namespace
}  // namespace meso::audit
