// One JSON object per line on stderr (or readable text with --log_format=text).
//
//   Log(Severity::kInfo, "lot recalled", {{"lot", name}, {"holders", "3"}});
//
// Never pass patient data: no patient name, no answer, no request or response body. Resource names
// other than patients/… are fine. Thread-safe; one write call per line.
#ifndef MESO_COMMON_BASE_LOG_H_
#define MESO_COMMON_BASE_LOG_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace meso {

enum class Severity { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kJson, kText };

using LogFields = std::vector<std::pair<absl::string_view, std::string>>;

// Set once at start; the service's name stands in every line.
void ConfigureLog(absl::string_view service, LogFormat format, Severity lowest);

void Log(Severity severity, absl::string_view event, const LogFields& fields = {});

// A JSON string literal with quotes, as the log writes it (control characters and invalid UTF-8
// escaped).
std::string JsonQuote(absl::string_view text);

}  // namespace meso

#endif  // MESO_COMMON_BASE_LOG_H_
