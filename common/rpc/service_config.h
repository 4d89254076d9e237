// The gRPC service config every client of ours uses, and which is shipped to others: retry
// UNAVAILABLE only, at most 4 attempts, with jitter (gRPC draws each pause at random below the
// bound) and a budget that stops retrying while a service is failing. A test holds it against the
// protos.
#ifndef MESO_COMMON_RPC_SERVICE_CONFIG_H_
#define MESO_COMMON_RPC_SERVICE_CONFIG_H_

namespace meso {

inline constexpr char kServiceConfig[] = R"json({
  "methodConfig": [{
    "name": [
      {"service": "meso.scheduling.v1.SchedulingAdminService"},
      {"service": "meso.scheduling.v1.SchedulingService"},
      {"service": "meso.screening.v1.ScreeningService"},
      {"service": "meso.inventory.v1.InventoryService"},
      {"service": "meso.audit.v1.AuditService"},
      {"service": "meso.events.v1.EventService"}
    ],
    "retryPolicy": {
      "maxAttempts": 4,
      "initialBackoff": "0.05s",
      "maxBackoff": "1s",
      "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }],
  "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1}
})json";

}  // namespace meso

#endif  // MESO_COMMON_RPC_SERVICE_CONFIG_H_
