// The order of a timeline: what caused something stands before it, whatever the clocks said.
//
// Three rules, the stronger first:
//   1. An entry stands behind every entry of the request that caused it (causation_id names a
//      request_id that is not its own). An entry caused by something else, an event, stands behind
//      the first entry that began the same process: the first of its correlation whose causation is
//      its own request.
//   2. The entries of one service stand in the order in which it recorded them.
//   3. Otherwise the earlier time stands first, then the lower index.
// Rules 1 and 2 may contradict each other: a call that asks other services is recorded when it
// ends, after what it caused elsewhere came back to its own service. Then rule 2 yields, for the
// entry with the smallest time whose causes are placed; and where forged ids make a circle of
// causes, rule 1 for the smallest of all. So the order is total, and the same for the same entries.
// Pure.
#ifndef MESO_SERVICES_AUDIT_DOMAIN_CAUSAL_ORDER_H_
#define MESO_SERVICES_AUDIT_DOMAIN_CAUSAL_ORDER_H_

#include <cstdint>
#include <string>
#include <vector>

namespace meso::audit {

struct CausalEntry {
  uint64_t index = 0;
  int64_t time_ns = 0;
  std::string service;
  std::string request_id;
  std::string causation_id;
  std::string correlation_id;
};

// The indexes in order. `entries` are in ascending index, each once.
std::vector<uint64_t> CausalOrder(const std::vector<CausalEntry>& entries);

}  // namespace meso::audit

#endif  // MESO_SERVICES_AUDIT_DOMAIN_CAUSAL_ORDER_H_
