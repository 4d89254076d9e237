#include "common/rpc/login_entries.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace meso {
namespace {

constexpr size_t kPathMax = 100;

AuditRecord RecordAtTheDoor(const CallContext& call, absl::string_view service, const char* method,
                            const absl::Status& status, absl::Time now) {
  CallContext door = call;
  door.method = method;
  door.action = "E";
  door.reply_key = {};  // the call's own entry has its request_id
  door.audit = AuditDraft();
  door.audit.object_type = "Principal";
  door.audit.object_name = call.caller.subject;
  return MakeAuditRecord(door, service, status, now);
}

}  // namespace

AuditRecord LoginRecord(const CallContext& call, absl::string_view service,
                        const absl::Status& status, absl::Time now) {
  AuditRecord record = RecordAtTheDoor(call, service, kLoginMethod, status, now);
  record.facts["called"] = call.method;
  return record;
}

AuditRecord UnknownMethodRecord(const CallContext& call, absl::string_view service,
                                absl::string_view path, absl::Time now) {
  AuditRecord record = RecordAtTheDoor(call, service, kUnknownMethod,
                                       absl::UnimplementedError("no such method"), now);
  record.reason = "METHOD_UNKNOWN";
  std::string& called = record.facts["called"];
  for (const char c : path.substr(0, kPathMax)) called.push_back(absl::ascii_isgraph(c) ? c : '?');
  return record;
}

AuditRecord HeldBackRecord(const std::map<std::string, int64_t>& counts, absl::string_view service,
                           absl::Time now) {
  CallContext call;
  call.caller.subject = absl::StrCat("services/", service);
  call.caller.roles[kRoleService] = {"*"};
  AuditRecord record =
      RecordAtTheDoor(call, service, kLoginMethod, absl::UnauthenticatedError("held back"), now);
  record.reason = "HELD_BACK";
  for (const auto& [reason, count] : counts) record.facts[reason] = absl::StrCat(count);
  return record;
}

}  // namespace meso
