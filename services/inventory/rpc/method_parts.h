// The parts a method of InventoryService is put together from, where nothing special is needed.
//
// `from` and `to` are the file's own generic lambdas over FromProto and ToProto, so that every
// conversion that file includes is found. No state.
#ifndef MESO_SERVICES_INVENTORY_RPC_METHOD_PARTS_H_
#define MESO_SERVICES_INVENTORY_RPC_METHOD_PARTS_H_

#include <type_traits>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/base/resource_name.h"
#include "common/base/status_macros.h"
#include "common/database/database.h"
#include "common/rpc/paging.h"
#include "services/inventory/known_sites.h"
#include "services/inventory/rpc/inventory_answer.h"
#include "services/inventory/use_case.h"

namespace meso::inventory {

// Converts after the site was looked for: operations can't wait for scheduling's events. `site_of`
// gives a name that begins with the site.
template <typename From, typename SiteOfRequest>
auto AtKnownSite(KnownSites& sites, From from, SiteOfRequest site_of) {
  return [&sites, from, site_of](const auto& request) -> decltype(from(request)) {
    auto input = from(request);
    if (!input.ok()) return input;
    MESO_RETURN_IF_ERROR(sites.Ensure(SiteName(SiteOf(site_of(request)))));
    return input;
  };
}

template <typename Operations, typename In, typename Out>
auto Run(const Operations& operations,
         absl::StatusOr<Out> (Operations::*operation)(Transaction&, const CallContext&, const In&)
             const) {
  return [&operations, operation](Transaction& tx, const CallContext& call, const In& in) {
    return (operations.*operation)(tx, call, in);
  };
}

// Fills a list's items through `add` and its next page token.
template <typename Request, typename To, typename Response, typename Added>
auto AnswerPage(const Request* request, To to, Added* (Response::*add)()) {
  return [request, to, add](const auto& page, Response* response) {
    for (const auto& item : page.items) to(item, (response->*add)());
    if (!page.next.empty()) response->set_next_page_token(MakePageToken(*request, page.next));
  };
}

// The same for lists that say which state they were read in.
template <typename Request, typename To, typename Response, typename Added>
auto AnswerPageAsOf(const Request* request, To to, Added* (Response::*add)()) {
  return [request, to, add](const auto& page, Response* response) {
    AnswerPage(request, to, add)(page, response);
    ToProto(page.as_of, response->mutable_as_of());
  };
}

}  // namespace meso::inventory

#endif  // MESO_SERVICES_INVENTORY_RPC_METHOD_PARTS_H_
