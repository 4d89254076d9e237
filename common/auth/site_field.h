// The values of the request field that a method's policy binds to a site (site_field of the access
// option). Called by Authorize and by the request check of common/rpc. Pure.
#ifndef MESO_COMMON_AUTH_SITE_FIELD_H_
#define MESO_COMMON_AUTH_SITE_FIELD_H_

#include <string>
#include <vector>

#include "common/auth/authenticator.h"

namespace meso {

// The non-empty values at the dotted path, in order; several when the path passes a repeated field;
// none unless the scope is kRequest. Not checked for form.
std::vector<std::string> SiteFieldValues(const MethodPolicy& policy,
                                         const google::protobuf::Message& request);

}  // namespace meso

#endif  // MESO_COMMON_AUTH_SITE_FIELD_H_
