#include "services/scheduling/domain/offer_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "common/base/codec.h"
#include "common/base/error.h"
#include "services/scheduling/domain/errors.h"

namespace meso::scheduling {
namespace {

constexpr char kVersion[] = "offer1";
constexpr size_t kDigestLength = 32;

std::string Sign(absl::string_view payload, absl::string_view caller, const PatientName& patient,
                 absl::string_view key) {
  // Length prefixes keep the three parts apart, whatever characters they hold.
  const std::string message =
      Encoder().String(kVersion).String(payload).String(caller).String(patient.value()).Take();
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest, &length);
  return std::string(reinterpret_cast<const char*>(digest), length);
}

absl::Status NotOurs() {
  FieldErrors errors;
  errors.Invalid("offer_token", "is not an offer made to this caller for this patient");
  return errors.ToStatus();
}

}  // namespace

std::string EncodeSession(const Session& session) {
  Encoder out;
  out.Int(1).String(session.site.value()).String(session.treatment_type.value());
  out.Int(session.treatment_type_revision);
  out.Int(static_cast<int64_t>(session.segments.size()));
  for (const Segment& segment : session.segments) {
    out.Int(static_cast<int64_t>(segment.phase));
    out.Int(absl::ToUnixMicros(segment.when.begin)).Int(absl::ToUnixMicros(segment.when.end));
    out.String(segment.practitioner.value()).String(segment.room.value());
    out.Int(static_cast<int64_t>(segment.devices.size()));
    for (const DeviceName& device : segment.devices) out.String(device.value());
  }
  return out.Take();
}

absl::StatusOr<Session> DecodeSession(absl::string_view bytes) {
  Decoder in(bytes);
  Session session;
  const int64_t version = in.Int();
  session.site = SiteName(in.String());
  session.treatment_type = TreatmentName(in.String());
  session.treatment_type_revision = in.Int();
  for (size_t n = in.Count(); n > 0 && in.ok(); --n) {
    Segment segment;
    segment.phase = static_cast<PhaseKind>(in.Int());
    segment.when.begin = absl::FromUnixMicros(in.Int());
    segment.when.end = absl::FromUnixMicros(in.Int());
    segment.practitioner = PractitionerName(in.String());
    segment.room = RoomName(in.String());
    for (size_t d = in.Count(); d > 0 && in.ok(); --d) segment.devices.emplace_back(in.String());
    session.segments.push_back(std::move(segment));
  }
  if (!in.done() || version != 1 || session.segments.empty()) {
    return absl::DataLossError("not a stored session");
  }
  return session;
}

std::string MakeOfferToken(const Session& session, absl::string_view caller,
                           const PatientName& patient, absl::Time expire_time,
                           absl::string_view key) {
  const std::string payload =
      Encoder().Int(absl::ToUnixMicros(expire_time)).String(EncodeSession(session)).Take();
  return absl::WebSafeBase64Escape(Sign(payload, caller, patient, key) + payload);
}

absl::StatusOr<Session> ReadOfferToken(absl::string_view token, absl::string_view caller,
                                       const PatientName& patient, absl::Time now,
                                       absl::string_view key) {
  std::string bytes;
  if (token.size() > kOfferTokenLengthMax || !absl::WebSafeBase64Unescape(token, &bytes) ||
      bytes.size() <= kDigestLength) {
    return NotOurs();
  }
  const std::string payload = bytes.substr(kDigestLength);
  const std::string expected = Sign(payload, caller, patient, key);
  // Compared in constant time: the difference must not tell how much of a forged signature was
  // right.
  if (expected.size() != kDigestLength ||
      CRYPTO_memcmp(expected.data(), bytes.data(), kDigestLength) != 0) {
    return NotOurs();
  }
  Decoder in(payload);
  const absl::Time expire_time = absl::FromUnixMicros(in.Int());
  absl::StatusOr<Session> session = DecodeSession(in.String());
  if (!in.done() || !session.ok()) return NotOurs();
  if (expire_time <= now) return OfferExpired("it is older than 10 minutes");
  return session;
}

}  // namespace meso::scheduling
