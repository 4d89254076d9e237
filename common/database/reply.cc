#include "common/database/reply.h"

#include <openssl/evp.h>

#include <array>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/codec.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace meso {
namespace {

// Today, the seven days before, and one being emptied for tomorrow.
constexpr int kPartitions = 9;
constexpr int kPartitionsSearched = 8;
// One save in so many also forgets a batch of what is too old. Twice as fast as rows arrive, so
// that a partition is empty before its turn comes, and never long enough to be felt by a caller.
constexpr int kSavesPerSweep = 64;
constexpr int kRowsPerSweep = 128;
constexpr size_t kKeyBytes = 16;

// Fetching the digest once is worth half of the cost of hashing something this short.
const EVP_MD* Sha256() {
  static const EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  MESO_CHECK(digest != nullptr, "SHA-256 is not available");
  return digest;
}

Blob KeyOf(const ReplyKey& key) {
  Encoder encoder;
  encoder.String(key.caller).String(key.method).String(key.request_id);
  const std::string input = encoder.Take();
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  MESO_CHECK(EVP_Digest(input.data(), input.size(), digest, &size, Sha256(), nullptr) == 1,
             "SHA-256 failed");
  return Blob{std::string(reinterpret_cast<const char*>(digest), kKeyBytes)};
}

int PartitionOf(absl::Time now, int days_later) {
  const int64_t day = absl::ToInt64Hours(now - absl::UnixEpoch()) / 24;
  return static_cast<int>((day + days_later + kPartitions) % kPartitions);
}

// The nine texts of each kind of statement, made once.
using Texts = std::array<Sql, kPartitions>;

template <size_t... I>
Texts MakeTexts(const std::function<std::string(int)>& text, std::index_sequence<I...>) {
  return {Sql::Dynamic(text(static_cast<int>(I)))...};
}

const Texts& FindTexts() {
  static const Texts& texts = *new Texts(MakeTexts(
      [](int today) {
        std::string text;
        for (int back = 0; back < kPartitionsSearched; ++back) {
          absl::StrAppend(&text, back == 0 ? "" : " UNION ALL ",
                          "SELECT body_hash, bytes FROM meso_reply_",
                          (today + kPartitions - back) % kPartitions, " WHERE key = $1");
        }
        return absl::StrCat(text, " LIMIT 1");
      },
      std::make_index_sequence<kPartitions>()));
  return texts;
}

const Texts& InsertTexts() {
  static const Texts& texts = *new Texts(MakeTexts(
      [](int today) {
        return absl::StrCat("INSERT INTO meso_reply_", today,
                            " (key, body_hash, bytes) VALUES ($1, $2, $3)");
      },
      std::make_index_sequence<kPartitions>()));
  return texts;
}

const Texts& SweepTexts() {
  static const Texts& texts = *new Texts(MakeTexts(
      [](int tomorrow) {
        return absl::StrCat("DELETE FROM meso_reply_", tomorrow,
                            " WHERE number IN (SELECT number FROM meso_reply_", tomorrow,
                            " ORDER BY number LIMIT ", kRowsPerSweep, ")");
      },
      std::make_index_sequence<kPartitions>()));
  return texts;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> FindReply(Transaction& tx, const ReplyKey& key,
                                                     absl::Time now) {
  if (key.request_id.empty()) return std::optional<std::string>();
  MESO_ASSIGN_OR_RETURN(const std::optional<Row> row,
                        QueryOne(tx, FindTexts()[PartitionOf(now, 0)], {KeyOf(key)}));
  if (!row) return std::optional<std::string>();
  if (row->Bytes(0) != key.body_hash) return RequestIdReused(key.request_id);
  return std::optional<std::string>(row->Bytes(1));
}

absl::Status SaveReply(Transaction& tx, const ReplyKey& key, const std::string& bytes,
                       absl::Time now) {
  if (key.request_id.empty()) return absl::OkStatus();
  Blob stored_key = KeyOf(key);
  const bool sweeps = static_cast<unsigned char>(stored_key.bytes[0]) % kSavesPerSweep == 0;
  const int today = PartitionOf(now, 0);
  MESO_RETURN_IF_ERROR(tx.Execute(
      InsertTexts()[today], {std::move(stored_key), Blob{key.body_hash}, Blob{bytes}},
      Expected::Any().OnConstraint(absl::StrCat("meso_reply_", today, ".key"), [] {
        return Error(absl::StatusCode::kAborted, "REPLY_EXISTS",
                     "A copy of this request has just been answered. Repeat it to get the answer.")
            .Build();
      })));
  if (!sweeps) return absl::OkStatus();
  return tx.Execute(SweepTexts()[PartitionOf(now, 1)], {});
}

}  // namespace meso
