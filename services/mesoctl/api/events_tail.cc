#include "services/mesoctl/api/events_tail.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "common/base/status_macros.h"
#include "meso/events/v1/events.pb.h"
#include "services/mesoctl/api/site_zones.h"
#include "services/mesoctl/api/when.h"
#include "services/mesoctl/call.h"
#include "services/mesoctl/cli/near_words.h"
#include "services/mesoctl/cli/spinner.h"
#include "services/mesoctl/cli/table_output.h"
#include "services/mesoctl/method_catalog.h"
#include "services/mesoctl/session.h"

namespace meso::mesoctl {
namespace {

using events::v1::Event;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;

constexpr char kPull[] = "EventService.PullEvents";
constexpr int kPageEvents = 1000;
constexpr size_t kDefaultCount = 10;
constexpr absl::Duration kWait = absl::Seconds(10);
// Between two tries to reach a service that is away; doubled per failure.
constexpr absl::Duration kPauseFirst = absl::Milliseconds(50);
constexpr absl::Duration kPauseMax = absl::Seconds(5);

// "LotHeld" of "meso.inventory.v1.LotHeld".
std::string ShortType(const std::string& type) { return type.substr(type.rfind('.') + 1); }

// The payload messages of all services, by short name.
std::map<std::string, std::string> EventTypes() {
  std::map<std::string, std::string> types;
  for (const char* service : kServiceNames) {
    const auto* file = DescriptorPool::generated_pool()->FindFileByName(
        absl::StrCat("meso/", service, "/v1/events.proto"));
    for (int i = 0; file != nullptr && i < file->message_type_count(); ++i) {
      types[file->message_type(i)->name()] = file->message_type(i)->full_name();
    }
  }
  return types;
}

absl::StatusOr<std::string> FullType(const std::string& typed) {
  const std::map<std::string, std::string> types = EventTypes();
  if (const auto found = types.find(ShortType(typed)); found != types.end()) return found->second;
  std::vector<std::string> names;
  names.reserve(types.size());
  for (const auto& [name, full] : types) names.push_back(name);
  const std::vector<std::string> near = NearWords(typed, names);
  return absl::InvalidArgumentError(
      absl::StrCat("--types: there is no event ", typed, "; ",
                   near.empty() ? absl::StrCat("there are ", absl::StrJoin(names, ", "))
                                : absl::StrCat("did you mean ", absl::StrJoin(near, " or "), "?")));
}

// The event as JSON on one line, its payload readable.
std::string EventJson(const Event& event) {
  Event attributes = event;
  attributes.clear_data();
  std::string json = ToJson(attributes, false);
  const Descriptor* type = DescriptorPool::generated_pool()->FindMessageTypeByName(event.type());
  if (type == nullptr || !absl::EndsWith(json, "}")) return json;
  const auto payload = NewMessage(*type);
  if (!payload->ParseFromString(event.data())) return json;
  json.pop_back();
  return absl::StrCat(json, json == "{" ? "" : ",", "\"data\":", ToJson(*payload, false), "}");
}

class Tail {
 public:
  Tail(const Invocation& invocation, Session& session)
      : invocation_(invocation), session_(session) {}

  absl::Status Run() {
    MESO_RETURN_IF_ERROR(ReadFlags());
    MESO_ASSIGN_OR_RETURN(token_, session_.Token());
    zones_ = std::make_unique<SiteZones>(session_, token_);
    if (session_.output().format == OutputFormat::kCsv) {
      session_.out() << CsvTable({{"time", "source", "type", "subject", "site", "sequence"}, {}});
    }
    MESO_RETURN_IF_ERROR(PrintNewest());
    if (!invocation_.On("follow")) return absl::OkStatus();
    session_.out().flush();  // whoever reads along in a pipe waits for nothing
    return Follow();
  }

 private:
  absl::Status ReadFlags() {
    const std::string from = invocation_.Get("from");
    for (const char* service : kServiceNames) {
      if (from.empty() || from == service) services_.emplace_back(service);
    }
    if (services_.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--from=", from, " is no service; write scheduling, screening, inventory or audit"));
    }
    resume_ = invocation_.Get("resume");
    if (!resume_.empty() && services_.size() > 1) {
      return absl::InvalidArgumentError("--resume is of one service; name it with --from");
    }
    const std::vector<std::string> wanted =
        absl::StrSplit(invocation_.Get("types"), ',', absl::SkipWhitespace());
    for (const std::string& typed : wanted) {
      MESO_ASSIGN_OR_RETURN(const std::string type, FullType(typed));
      types_.push_back(type);
    }
    const std::string limit = invocation_.Get("limit");
    if (!limit.empty() && (!absl::SimpleAtoi(limit, &count_) || count_ < 1)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--limit=", limit, " is no number of events; write 1 or more"));
    }
    limited_ = !limit.empty();
    return absl::OkStatus();
  }

  absl::Status Ask(const std::string& service, const std::string& resume, absl::Duration wait,
                   events::v1::PullEventsResponse* response) {
    events::v1::PullEventsRequest request;
    request.set_resume_token(resume);
    request.set_max_events(kPageEvents);
    request.mutable_wait()->set_seconds(absl::ToInt64Seconds(wait));
    for (const std::string& type : types_) request.add_types(type);
    return session_.client().Call(kPull, token_, request, response, service);
  }

  // One pull; moves the service's token on.
  absl::StatusOr<std::vector<Event>> Pull(const std::string& service, std::string& resume,
                                          absl::Duration wait) {
    events::v1::PullEventsResponse response;
    MESO_RETURN_IF_ERROR(Ask(service, resume, wait, &response));
    moved_ = response.resume_token() != resume;
    resume = response.resume_token();
    return std::vector<Event>(response.events().begin(), response.events().end());
  }

  // The newest of all services, oldest first.
  absl::Status PrintNewest() {
    std::deque<Event> newest;
    const bool all = invocation_.On("all") || !resume_.empty();
    {
      Spinner spinner(session_.err(), session_.terminal().err_animated, "reading events...");
      for (const std::string& service : services_) {
        std::string& resume = tokens_[service];
        resume = resume_;
        for (;;) {
          MESO_ASSIGN_OR_RETURN(std::vector<Event> page,
                                Pull(service, resume, absl::ZeroDuration()));
          for (Event& event : page) newest.push_back(std::move(event));
          if (page.empty() && !moved_) break;
        }
        std::stable_sort(newest.begin(), newest.end(), IsEarlier);
        while (!all && newest.size() > count_) newest.pop_front();
      }
    }
    // From a token on, a limit counts from there.
    if (all && limited_ && newest.size() > count_) newest.resize(count_);
    for (const Event& event : newest) Print(event);
    for (const std::string& service : services_) {
      if (services_.size() == 1) {
        session_.err() << "to go on: mesoctl events tail --from " << service << " --resume "
                       << tokens_[service] << "\n";
      }
    }
    if (newest.empty()) session_.err() << "no events yet\n";
    return absl::OkStatus();
  }

  static bool IsEarlier(const Event& a, const Event& b) {
    return std::make_pair(a.time().seconds(), a.time().nanos()) <
           std::make_pair(b.time().seconds(), b.time().nanos());
  }

  absl::Status Follow() {
    session_.client();  // made before the threads share it
    if (limited_ && printed_ >= count_) return absl::OkStatus();
    std::vector<std::thread> threads;
    for (const std::string& service : services_) {
      threads.emplace_back([this, service] { FollowOne(service); });
    }
    for (std::thread& thread : threads) thread.join();
    absl::MutexLock lock(&mutex_);
    return end_;
  }

  // A service that is away for a while is no end: what it publishes meanwhile comes after the
  // token.
  void FollowOne(const std::string& service) {
    std::string resume = tokens_.at(service);
    absl::Duration pause = kPauseFirst;
    bool away = false;
    for (;;) {
      events::v1::PullEventsResponse response;
      const absl::Status status = Ask(service, resume, kWait, &response);
      absl::MutexLock lock(&mutex_);
      if (ended_) return;
      const bool may_return = ExitCodeOf(status) == ExitCode::kUnavailable &&
                              status.code() != absl::StatusCode::kInternal;
      if (may_return) {
        if (!away) TellAway(service, status);
        away = true;
        if (mutex_.AwaitWithTimeout(absl::Condition(&ended_), pause)) return;
        pause = std::min(2 * pause, kPauseMax);
        continue;
      }
      if (!status.ok()) {
        end_ = status;
        ended_ = true;
        return;
      }
      if (away) session_.err() << service << " answers again\n" << std::flush;
      away = false;
      pause = kPauseFirst;
      resume = response.resume_token();
      for (const Event& event : response.events()) {
        Print(event);
        session_.out().flush();
        if (limited_ && printed_ >= count_) ended_ = true;
        if (ended_) return;
      }
    }
  }

  void TellAway(const std::string& service, const absl::Status& status) {
    session_.err() << service << " is not answering (" << Printable(status.message())
                   << "); it is tried again until it does, and none of its events is lost\n"
                   << std::flush;
  }

  void Print(const Event& event) {
    ++printed_;
    const absl::Time time =
        absl::FromUnixSeconds(event.time().seconds()) + absl::Nanoseconds(event.time().nanos());
    const std::string sequence = absl::StrCat(event.sequence());
    switch (session_.output().format) {
      case OutputFormat::kJson:
        session_.out() << EventJson(event) << "\n";
        return;
      case OutputFormat::kName:
        session_.out() << event.subject() << "\n";
        return;
      case OutputFormat::kCsv: {
        // A table without rows is its header's line alone: one event per line as they come.
        session_.out() << CsvTable(
            {{absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone()), event.source(),
              ShortType(event.type()), event.subject(), event.site(), sequence},
             {}});
        return;
      }
      case OutputFormat::kTable:
        session_.out() << absl::StrFormat(
            "%s  %-10s %-24s %s\n",
            ShowTime(absl::FromUnixSeconds(event.time().seconds()), zones_->Of(event.site())),
            event.source(), ShortType(event.type()), Printable(event.subject()));
    }
  }

  const Invocation& invocation_;
  Session& session_;
  std::string token_;
  std::unique_ptr<SiteZones> zones_;
  std::vector<std::string> services_;
  std::vector<std::string> types_;
  std::string resume_;
  std::map<std::string, std::string> tokens_;
  size_t count_ = kDefaultCount;
  bool limited_ = false;
  bool moved_ = false;
  size_t printed_ = 0;
  absl::Mutex mutex_;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

ExitCode RunTail(const Invocation& invocation, Session& session) {
  // A pull that waits takes longer than a call that does not.
  if (invocation.On("follow")) session.set_timeout(session.suite().timeout + kWait);
  const absl::Status status = Tail(invocation, session).Run();
  return status.ok() ? ExitCode::kOk : session.Fail("events tail", status);
}

}  // namespace

std::vector<Command> EventsCommands() {
  const ValueKind services = {
      ValueKind::Of::kWords, {"scheduling", "screening", "inventory", "audit"}, ""};
  return {
      {.path = {"events", "tail"},
       .summary = "Show the newest events, and with --follow those to come",
       .details =
           "The last 10, or --limit, of all services together; --all shows every event "
           "that is kept. With -o json one object per line, its payload readable. With "
           "--follow a service that goes away is told of and tried again until it is back; no "
           "event is lost.",
       .flags =
           {{.name = "from", .value = "SERVICE", .help = "Only this service's", .kind = services},
            {.name = "types",
             .value = "A,B",
             .help = "Only these, as in LotHeld,AppointmentBooked"},
            {.name = "follow",
             .help = "Wait for more until Ctrl-C, or --limit events",
             .letter = 'f'},
            {.name = "resume",
             .value = "TOKEN",
             .help = "Go on after an earlier call; with --from"}},
       .examples = {"mesoctl events tail --limit 5",
                    "mesoctl events tail --from scheduling --types AppointmentBooked -o json"},
       .run = RunTail,
       .reads = true}};
}

}  // namespace meso::mesoctl
