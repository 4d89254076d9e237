#include "common/base/log.h"

#include <unistd.h>

#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace meso {
namespace {

struct LogSettings {
  std::string service = "meso";
  LogFormat format = LogFormat::kJson;
  Severity lowest = Severity::kInfo;
};

LogSettings& Settings() {
  static LogSettings& settings = *new LogSettings;
  return settings;
}

const char* Name(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return "DEBUG";
    case Severity::kInfo:
      return "INFO";
    case Severity::kWarning:
      return "WARNING";
    case Severity::kError:
      return "ERROR";
  }
  return "ERROR";
}

}  // namespace

std::string JsonQuote(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppendFormat(&out, "\\u%04x", byte);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
  return out;
}

void ConfigureLog(absl::string_view service, LogFormat format, Severity lowest) {
  Settings() = {std::string(service), format, lowest};
}

void Log(Severity severity, absl::string_view event, const LogFields& fields) {
  const LogSettings& settings = Settings();
  if (severity < settings.lowest) return;
  const std::string time =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone());
  std::string line;
  if (settings.format == LogFormat::kJson) {
    absl::StrAppend(&line, "{\"time\":\"", time, "\",\"severity\":\"", Name(severity),
                    "\",\"service\":", JsonQuote(settings.service),
                    ",\"event\":", JsonQuote(event));
    for (const auto& [key, value] : fields) {
      absl::StrAppend(&line, ",", JsonQuote(key), ":", JsonQuote(value));
    }
    line += "}\n";
  } else {
    absl::StrAppend(&line, time, " ", Name(severity), " ", settings.service, ": ", event);
    for (const auto& [key, value] : fields) absl::StrAppend(&line, " ", key, "=", JsonQuote(value));
    line += "\n";
  }
  // One write per line keeps lines of several threads and processes whole. A full or closed stderr
  // must never stop the service, so a failure is ignored.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace meso
