// The signed proof of an offer, bound to its caller and its patient.
//
// SearchAvailability gives it out, HoldAppointment and BookAppointment accept it for ten minutes.
// The token carries the session in the clear and an HMAC-SHA256 over it, the caller and the
// patient: the patient is not in the token, it must be named again and the signature must fit. A
// token reserves nothing: what it says is decided anew. Pure; thread-safe. The key never appears in
// a token, log or error.
#ifndef MESO_SERVICES_SCHEDULING_DOMAIN_OFFER_TOKEN_H_
#define MESO_SERVICES_SCHEDULING_DOMAIN_OFFER_TOKEN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/scheduling/domain/appointment.h"

namespace meso::scheduling {

inline constexpr absl::Duration kOfferTtl = absl::Minutes(10);
inline constexpr size_t kOfferKeyLengthMin = 32;
inline constexpr size_t kOfferTokenLengthMax = 8192;

// The bytes of a session, as tokens and the store keep them.
std::string EncodeSession(const Session& session);
// DATA_LOSS when the bytes are not of EncodeSession.
absl::StatusOr<Session> DecodeSession(absl::string_view bytes);

// Precondition: `key` has at least kOfferKeyLengthMin bytes.
std::string MakeOfferToken(const Session& session, absl::string_view caller,
                           const PatientName& patient, absl::Time expire_time,
                           absl::string_view key);

// The session offered. Errors: INVALID_ARGUMENT / FIELD_INVALID when it is no token of ours for
// this caller and patient; FAILED_PRECONDITION / OFFER_EXPIRED.
absl::StatusOr<Session> ReadOfferToken(absl::string_view token, absl::string_view caller,
                                       const PatientName& patient, absl::Time now,
                                       absl::string_view key);

}  // namespace meso::scheduling

#endif  // MESO_SERVICES_SCHEDULING_DOMAIN_OFFER_TOKEN_H_
