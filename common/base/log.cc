#include "common/base/log.h"

#include <unistd.h>

#include <algorithm>

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

// The bytes of the UTF-8 character that `text` begins with; 0 when it begins with none (a stray or
// overlong byte, a surrogate, something above U+10FFFF).
size_t Utf8Length(absl::string_view text) {
  const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xc2 && lead <= 0xdf ? 2 : (lead & 0xf0) == 0xe0 ? 3 : 4;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;
  if (lead == 0xed && byte(1) > 0x9f) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

}  // namespace

std::string JsonQuote(absl::string_view text) {
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    const size_t length = Utf8Length(text.substr(at));
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20 || byte == 0x7f || length == 0) {
      absl::StrAppendFormat(&out, "\\u%04x", byte);
    } else {
      out.append(text.data() + at, length);
    }
    at += std::max<size_t>(length, 1);
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
