#include "services/audit/rpc/erasure_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <google/protobuf/util/json_util.h>
#include <string.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/local_file.h"
#include "common/base/status_macros.h"
#include "services/audit/rpc/retention_convert.h"

namespace meso::audit {
namespace {

absl::Status Unusable(const std::string& path, absl::string_view what) {
  return absl::FailedPreconditionError(
      absl::StrCat("--erasure_file=", path, " ", what,
                   ". Erasures and legal holds are kept there against restored backups; check the "
                   "file, directory and rights."));
}

absl::Status Unwritable(const std::string& path, absl::string_view why) {
  return Unusable(path, absl::StrCat("can't be written (", why, ")"));
}

// Writes all of it behind the first `keep` bytes of the file, durably.
absl::Status WriteBehind(const std::string& path, size_t keep, absl::string_view text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return Unwritable(path, strerror(errno));
  int error =
      ftruncate(file, static_cast<off_t>(keep)) == 0 && lseek(file, 0, SEEK_END) >= 0 ? 0 : errno;
  while (error == 0 && !text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      error = errno;
    } else {
      text.remove_prefix(static_cast<size_t>(written));
    }
  }
  if (error == 0 && fsync(file) != 0) error = errno;
  close(file);
  if (error != 0) return Unwritable(path, strerror(error));
  // Its name too, should it be new.
  const absl::Status named = SyncName(path);
  return named.ok() ? named : Unwritable(path, named.message());
}

// All of the file; empty when there is none. What can't be read is never taken for empty: it would
// be overwritten.
absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  const absl::StatusOr<std::optional<std::string>> text = ReadFileIfThere(path);
  if (!text.ok()) {
    return Unusable(path, absl::StrCat("can't be read (", text.status().message(), ")"));
  }
  return text->value_or("");
}

// The size of the lines that have an end.
size_t WholeLines(const std::string& text) {
  const size_t end = text.rfind('\n');
  return end == std::string::npos ? 0 : end + 1;
}

// What a line holds: one of the two.
struct Line {
  std::optional<Erasure> erasure;
  std::optional<LegalHold> hold;
};

absl::StatusOr<Line> ReadLine(absl::string_view text) {
  Line line;
  v1::ErasureCertificate certificate;
  v1::LegalHold hold;
  if (google::protobuf::util::JsonStringToMessage(std::string(text), &certificate).ok()) {
    MESO_ASSIGN_OR_RETURN(line.erasure, FromProto(certificate));
    return line;
  }
  if (google::protobuf::util::JsonStringToMessage(std::string(text), &hold).ok()) {
    MESO_ASSIGN_OR_RETURN(line.hold, FromProto(hold));
    return line;
  }
  return absl::InvalidArgumentError("no JSON");
}

}  // namespace

absl::StatusOr<KeptOutside> ErasureJournal::Open() {
  absl::MutexLock lock(&mutex_);
  MESO_ASSIGN_OR_RETURN(std::string text, ReadWhole(path_));
  const size_t whole = WholeLines(text);
  // A last line without its end was added by hand, or cut off by a crash before it counted.
  const bool added = ReadLine(absl::string_view(text).substr(whole)).ok();
  text.resize(added ? text.size() : whole);
  MESO_RETURN_IF_ERROR(WriteBehind(path_, text.size(), added ? "\n" : ""));
  size_ = text.size() + (added ? 1 : 0);
  KeptOutside kept;
  int number = 0;
  for (const absl::string_view one : absl::StrSplit(text, '\n')) {
    ++number;
    if (one.empty()) continue;
    absl::StatusOr<Line> line = ReadLine(one);
    if (!line.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat("--erasure_file=", path_, ": line ", number,
                       " is no erasure certificate and no legal hold. Put back the line that was "
                       "there: without it a restored backup would bring erased payloads back, or "
                       "destroy what a hold keeps."));
    }
    if (line->erasure) {
      erasures_.insert(line->erasure->name);
      kept.erasures.push_back(*std::move(line->erasure));
    } else if (const auto [it, is_new] = holds_.try_emplace(line->hold->name, *line->hold);
               !is_new && IsFurther(*line->hold, it->second)) {
      it->second = *std::move(line->hold);
    }
  }
  for (const auto& [name, hold] : holds_) kept.holds.push_back(hold);
  return kept;
}

absl::Status ErasureJournal::Keep(const Erasure& erasure) {
  absl::MutexLock lock(&mutex_);
  if (erasures_.count(erasure.name) > 0) return absl::OkStatus();
  v1::ErasureCertificate certificate;
  ToProto(erasure, &certificate);
  MESO_RETURN_IF_ERROR(Append(certificate));
  erasures_.insert(erasure.name);
  return absl::OkStatus();
}

absl::Status ErasureJournal::Keep(const LegalHold& hold) {
  absl::MutexLock lock(&mutex_);
  const auto known = holds_.find(hold.name);
  if (known != holds_.end() && !IsFurther(hold, known->second)) return absl::OkStatus();
  v1::LegalHold proto;
  ToProto(hold, &proto);
  // The spelling of the database, which has no limit of its own.
  proto.set_filter(hold.filter);
  MESO_RETURN_IF_ERROR(Append(proto));
  holds_[hold.name] = hold;
  return absl::OkStatus();
}

// Behind the last whole line: lines that were added by hand meanwhile stay, and the rest of one
// that an earlier try could not write to its end goes.
absl::Status ErasureJournal::Append(const google::protobuf::Message& message) {
  std::string line;
  if (!google::protobuf::util::MessageToJsonString(message, &line).ok()) {
    return absl::InternalError("a line of the journal can't be written as JSON");
  }
  line += '\n';
  const absl::StatusOr<std::string> text = ReadWhole(path_);
  if (!text.ok()) return absl::UnavailableError(text.status().message());
  const size_t whole = WholeLines(*text);
  if (whole < size_) {
    return absl::UnavailableError(
        Unusable(path_, absl::StrCat("has ", whole, " bytes of whole lines and had ", size_,
                                     ": put back what was there"))
            .message());
  }
  const absl::Status written = WriteBehind(path_, whole, line);
  if (!written.ok()) return absl::UnavailableError(written.message());
  size_ = whole + line.size();
  return absl::OkStatus();
}

}  // namespace meso::audit
