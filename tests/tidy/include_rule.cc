#include "tests/tidy/include_rule.h"

#include <map>
#include <optional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace meso {
namespace {

using Strings = std::vector<std::string>;

// The rooms of common, lowest first: a room may include itself and those before it.
const Strings& CommonOrder() {
  static const Strings& order =
      *new Strings{"base",  "telemetry", "config", "database", "auth",   "work",
                   "cache", "rpc",       "events", "audit",    "process"};
  return order;
}

int CommonRank(const std::string& room) {
  const Strings& order = CommonOrder();
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i] == room) return static_cast<int>(i);
  }
  return -1;
}

// What each room of a service may use: rooms of its own service and rooms of common. main and app
// may use all of both.
struct RoomRule {
  std::set<std::string> own;
  std::set<std::string> common;
};

const std::map<std::string, RoomRule>& RoomRules() {
  static const auto& rules = *new std::map<std::string, RoomRule>{
      {"rpc", {{"rpc", "operations", "domain"}, {"base", "rpc", "auth", "database", "telemetry"}}},
      {"peers", {{"peers", "domain"}, {"base", "rpc", "cache"}}},
      {"consumer",
       {{"consumer", "events", "operations", "domain"}, {"base", "database", "events"}}},
      {"operations",
       {{"operations", "domain", "store", "peers", "events", "labels"},
        {"base", "database", "work"}}},
      {"events", {{"events", "domain"}, {"base", "database", "events"}}},
      {"store", {{"store", "domain"}, {"base", "database"}}},
      {"labels", {{"labels", "domain"}, {"base"}}},
      {"domain", {{"domain"}, {"base"}}},
  };
  return rules;
}

// The room of a file below services/<service>/.
std::string RoomOf(const Strings& parts) {
  const std::string& last = parts.back();
  if (parts.size() == 3) {
    if (last == "main.cc") return "main";
    if (absl::StrContains(last, "_app.")) return "app";
    return "operations";
  }
  if (parts[2] == "events" && absl::StrContains(last, "_consumer.")) return "consumer";
  return parts[2];
}

bool IsGrpcHeader(const std::string& include) {
  return absl::StartsWith(include, "<grpc") || absl::EndsWith(include, ".grpc.pb.h");
}

bool IsGenerated(const std::string& include) { return absl::EndsWith(include, ".pb.h"); }

std::optional<std::string> WhyForbiddenInService(const Strings& parts, const std::string& room,
                                                 const std::string& include) {
  const std::string& service = parts[1];
  const Strings target = absl::StrSplit(include, '/');
  if (IsGrpcHeader(include) && room != "rpc" && room != "peers" && room != "app" &&
      room != "main") {
    return "gRPC belongs in rpc/ and peers/";
  }
  if (IsGenerated(include)) {
    if (room == "domain" || room == "store" || room == "operations") {
      return "protobuf stops at rpc/, peers/ and events/";
    }
    const bool own = absl::StartsWith(include, absl::StrCat("meso/", service, "/"));
    const bool neutral = absl::StartsWith(include, "google/") ||
                         absl::StartsWith(include, "meso/events/") ||
                         absl::StartsWith(include, "meso/options/");
    const bool event_messages = absl::EndsWith(include, "/v1/events.pb.h");
    if (!own && !neutral && room != "peers" && !(room == "consumer" && event_messages)) {
      return "only peers/ speaks another service's proto";
    }
    return std::nullopt;
  }
  if (target[0] == "services" && target.size() > 2) {
    if (target[1] != service) return "a service never includes another";
    if (room == "main" || room == "app") return std::nullopt;
    const std::string other = RoomOf(target);
    if (RoomRules().count(room) == 0) return absl::StrCat("no rule knows the room ", room);
    if (RoomRules().at(room).own.count(other) == 0) {
      return absl::StrCat(room, " may not include ", other);
    }
  }
  if (target[0] == "common" && room != "main" && room != "app" && RoomRules().count(room) > 0 &&
      RoomRules().at(room).common.count(target[1]) == 0) {
    return absl::StrCat(room, " may not include common/", target[1]);
  }
  return std::nullopt;
}

std::optional<std::string> WhyForbiddenInCommon(const Strings& parts, const std::string& include) {
  const Strings target = absl::StrSplit(include, '/');
  if (target[0] == "services") return "common knows no service";
  if (IsGrpcHeader(include) && parts[1] != "rpc" && parts[1] != "events" && parts[1] != "audit" &&
      parts[1] != "process") {
    return "gRPC belongs in common/{rpc,events,audit,process}";
  }
  if (target[0] == "common" && target.size() > 2) {
    if (CommonRank(target[1]) < 0) return absl::StrCat("there is no room common/", target[1]);
    if (CommonRank(target[1]) > CommonRank(parts[1])) {
      return absl::StrCat("common/", parts[1], " stands below common/", target[1]);
    }
  }
  return std::nullopt;
}

}  // namespace

Strings ForbiddenIncludes(const SourceFile& file) {
  Strings found;
  const Strings parts = absl::StrSplit(file.path, '/');
  for (const std::string& include : file.includes) {
    std::optional<std::string> why;
    if ((include == "<sqlite3.h>" || include == "<libpq-fe.h>") &&
        !absl::StartsWith(file.path, "common/database/") &&
        !absl::StartsWith(file.path, "tests/")) {
      why = "database drivers stay in common/database";
    } else if (include == "<zint.h>" &&
               !absl::StartsWith(file.path, "services/inventory/labels/")) {
      why = "libzint stays in inventory's labels";
    } else if (parts[0] == "common" && parts.size() > 2) {
      why = WhyForbiddenInCommon(parts, include);
    } else if (parts[0] == "services" && parts.size() > 2 && parts[1] == "mesoctl") {
      const Strings target = absl::StrSplit(include, '/');
      if (target[0] == "services" && target[1] != "mesoctl" &&
          !absl::StartsWith(include, "services/audit/domain/")) {
        why = "mesoctl uses the API, and only audit's domain for verifying";
      }
    } else if (parts[0] == "services" && parts.size() > 2) {
      why = WhyForbiddenInService(parts, RoomOf(parts), include);
    }
    if (why) found.push_back(absl::StrCat(file.path, " includes ", include, ": ", *why));
  }
  return found;
}

}  // namespace meso
