#include "common/base/trace_context.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/resource_name.h"

namespace meso {
namespace {

constexpr size_t kHeaderSize = 55;
// A later version may append members; a header that goes on for ever is none.
constexpr size_t kHeaderSizeMax = 256;

bool IsLowerHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '0'; });
}

// The digits of a UUID; empty for anything else, and for the nil UUID, which no trace may have.
std::string DigitsOfUuid(const std::string& text) {
  if (!IsUuid(text)) return "";
  std::string digits = absl::StrReplaceAll(text, {{"-", ""}});
  return IsZero(digits) ? "" : digits;
}

}  // namespace

std::optional<TraceContext> ParseTraceParent(absl::string_view header) {
  if (header.size() < kHeaderSize || header.size() > kHeaderSizeMax) return std::nullopt;
  if (header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  const absl::string_view version = header.substr(0, 2);
  const absl::string_view trace_id = header.substr(3, 32);
  const absl::string_view span_id = header.substr(36, 16);
  const absl::string_view flags = header.substr(53, 2);
  if (!IsLowerHex(version) || !IsLowerHex(trace_id) || !IsLowerHex(span_id) || !IsLowerHex(flags)) {
    return std::nullopt;
  }
  if (version == "ff" || IsZero(trace_id) || IsZero(span_id)) return std::nullopt;
  if (header.size() > kHeaderSize && (version == "00" || header[kHeaderSize] != '-')) {
    return std::nullopt;
  }
  const char last = flags[1];
  const int low = last <= '9' ? last - '0' : last - 'a' + 10;
  return TraceContext{std::string(trace_id), std::string(span_id), (low & 1) != 0};
}

std::string FormatTraceParent(const TraceContext& trace) {
  return absl::StrCat("00-", trace.trace_id, "-", trace.span_id, trace.sampled ? "-01" : "-00");
}

std::string CorrelationOf(const TraceContext& trace) {
  const absl::string_view id = trace.trace_id;
  return absl::StrCat(id.substr(0, 8), "-", id.substr(8, 4), "-", id.substr(12, 4), "-",
                      id.substr(16, 4), "-", id.substr(20));
}

void BeginSpan(IdSource& ids, CallContext* call) {
  const std::optional<TraceContext> parent = ParseTraceParent(call->trace_parent);
  if (call->correlation_id.empty()) {
    call->correlation_id = parent ? CorrelationOf(*parent) : ids.NewId();
  }
  TraceContext span;
  if (parent) {
    span = *parent;
    call->parent_span_id = parent->span_id;
  } else {
    // Every call is in the log and most are in the audit log: what began here is recorded.
    span.sampled = true;
    span.trace_id = DigitsOfUuid(call->correlation_id);
    if (span.trace_id.empty()) span.trace_id = DigitsOfUuid(ids.NewId());
    call->parent_span_id.clear();
  }
  span.span_id = ids.NewSpanId();
  call->trace_parent = FormatTraceParent(span);
}

void FollowEvent(const std::string& event_id, const std::string& trace_parent, CallContext* call) {
  const std::optional<TraceContext> trace = ParseTraceParent(trace_parent);
  call->causation_id = event_id;
  call->correlation_id = trace ? CorrelationOf(*trace) : event_id;
  call->trace_parent = trace ? FormatTraceParent(*trace) : "";
}

}  // namespace meso
