// W3C trace context: the one header (`traceparent`) by which the calls of one business process can
// be put together across services, and how it goes with Meso's own correlation ids.
//
//   00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
//   version, trace id, span id of whoever calls, flags
//
// A trace id and a correlation id in UUID form are the same 32 digits: a call that brings only a
// trace gets its correlation from it and the other way round, so that a trace id found in a tracing
// tool finds the audit entries too. The call server begins one span per call; peers, log lines and
// events carry it on. Nothing is measured or exported here. Pure functions.
#ifndef MESO_COMMON_BASE_TRACE_CONTEXT_H_
#define MESO_COMMON_BASE_TRACE_CONTEXT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/base/call_context.h"
#include "common/base/id_source.h"

namespace meso {

struct TraceContext {
  std::string trace_id;  // 32 lower-case hex digits, not all zero
  std::string span_id;   // 16 likewise
  bool sampled = false;
};

// Reads the header as the recommendation asks: lower-case hex, no zero ids, version 00 exactly as
// above, a later version (never ff) may have more behind another dash. nullopt for anything else.
std::optional<TraceContext> ParseTraceParent(absl::string_view header);

// Version 00, with no flag but "sampled".
std::string FormatTraceParent(const TraceContext& trace);

// The correlation id of a trace: its id in UUID form.
std::string CorrelationOf(const TraceContext& trace);

// Begins the span of a call: call->trace_parent holds what the caller sent (anything malformed
// counts as nothing) and then the header of this call's own span; call->parent_span_id the
// caller's. A correlation the caller did not give is made from its trace, or new.
void BeginSpan(IdSource& ids, CallContext* call);

// Fills correlation, causation and trace of work that an event started: the correlation is that of
// the process that told it, and the event's own id when it carries no trace.
void FollowEvent(const std::string& event_id, const std::string& trace_parent, CallContext* call);

}  // namespace meso

#endif  // MESO_COMMON_BASE_TRACE_CONTEXT_H_
