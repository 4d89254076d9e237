#include "common/events/redis_event_bus.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/cache/redis_connection.h"
#include "common/events/event_message.h"

namespace meso {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(1);
constexpr char kHeadMilliseconds[] = "1000";
constexpr char kSetAsideSeconds[] = "86400";
constexpr size_t kPipelineMax = 128;

using Kind = RedisReply::Kind;

std::string StreamKey(const std::string& service, const std::string& epoch) {
  return absl::StrCat("meso:{", service, "}:events:", epoch);
}
std::string HeadKey(const std::string& service) {
  return absl::StrCat("meso:{", service, "}:head");
}
std::string EntryId(int64_t sequence) { return absl::StrCat(sequence, "-0"); }

absl::Status Refused(const RedisReply& reply) {
  // LOADING, OOM, READONLY, MISCONF: all may pass, and nobody waits for us.
  return absl::UnavailableError(absl::StrCat("Redis refuses: ", reply.text));
}

absl::Status StreamDiffers(int64_t sequence) {
  return Error(absl::StatusCode::kDataLoss, "STREAM_DIFFERS",
               absl::StrCat("The Redis stream does not hold event ", sequence,
                            " of this service's outbox under its number."))
      .With("sequence", absl::StrCat(sequence));
}

// One stream entry: [id, [name, value, ...]].
struct Entry {
  int64_t sequence = 0;
  std::string event_id;
  std::string message;
};

std::optional<Entry> ParseEntry(const RedisReply& reply) {
  if (reply.kind != Kind::kList || reply.list.size() != 2) return std::nullopt;
  const RedisReply& fields = reply.list[1];
  Entry entry;
  const std::string& id = reply.list[0].text;
  if (!absl::EndsWith(id, "-0") ||
      !absl::SimpleAtoi(id.substr(0, id.size() - 2), &entry.sequence)) {
    return std::nullopt;
  }
  for (size_t i = 0; i + 1 < fields.list.size(); i += 2) {
    if (fields.list[i].text == "id") entry.event_id = fields.list[i + 1].text;
    if (fields.list[i].text == "event") entry.message = fields.list[i + 1].text;
  }
  return entry;
}

class RedisEventBus final : public EventBus {
 public:
  RedisEventBus(const std::string& address, std::string service)
      : address_(address), service_(std::move(service)), redis_(address, kTimeout) {}

  const std::string& address() const override { return address_; }

  absl::Status Publish(const std::string& epoch, const std::vector<OutboxEvent>& events) override {
    for (size_t begin = 0; begin < events.size(); begin += kPipelineMax) {
      const size_t end = std::min(events.size(), begin + kPipelineMax);
      MESO_RETURN_IF_ERROR(PublishSome(epoch, {events.begin() + static_cast<ptrdiff_t>(begin),
                                               events.begin() + static_cast<ptrdiff_t>(end)}));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Tail> LastPublished(const std::string& epoch) override {
    MESO_ASSIGN_OR_RETURN(
        const RedisReply reply,
        redis_.Run({"XREVRANGE", StreamKey(service_, epoch), "+", "-", "COUNT", "1"}));
    return ReadTail(reply);
  }

  absl::Status Heartbeat(const EventPosition& published) override {
    return RunSimple({"SET", HeadKey(service_),
                      absl::StrCat(published.epoch, " ", published.sequence), "PX",
                      kHeadMilliseconds});
  }

  absl::Status Trim(const std::string& epoch, int64_t sequence) override {
    return RunSimple({"XTRIM", StreamKey(service_, epoch), "MINID", "~", EntryId(sequence)});
  }

  absl::Status SetAside(const std::string& epoch) override {
    const std::string aside = absl::StrCat("meso:{", service_, "}:set-aside:", epoch);
    MESO_ASSIGN_OR_RETURN(const auto replies,
                          redis_.RunAll({{"RENAME", StreamKey(service_, epoch), aside},
                                         {"EXPIRE", aside, kSetAsideSeconds}}));
    if (replies[0].kind == Kind::kError && !absl::StrContains(replies[0].text, "no such key")) {
      return Refused(replies[0]);
    }
    return absl::OkStatus();
  }

  void Interrupt() override { redis_.Interrupt(); }

 private:
  absl::Status RunSimple(const RedisCommand& command) {
    MESO_ASSIGN_OR_RETURN(const RedisReply reply, redis_.Run(command));
    return reply.kind == Kind::kError ? Refused(reply) : absl::OkStatus();
  }

  static absl::StatusOr<Tail> ReadTail(const RedisReply& reply) {
    if (reply.kind == Kind::kError) {
      if (absl::StartsWith(reply.text, "WRONGTYPE")) return StreamDiffers(0);
      return Refused(reply);
    }
    if (reply.list.empty()) return Tail{};
    const std::optional<Entry> entry = ParseEntry(reply.list[0]);
    if (!entry.has_value()) return StreamDiffers(0);
    return Tail{entry->sequence, entry->event_id};
  }

  absl::Status PublishSome(const std::string& epoch, const std::vector<OutboxEvent>& events) {
    const std::string key = StreamKey(service_, epoch);
    std::vector<RedisCommand> commands;
    commands.reserve(events.size());
    for (const OutboxEvent& event : events) {
      events::v1::Event message;
      ToProto(event, service_, epoch, &message);
      commands.push_back({"XADD", key, EntryId(event.sequence), "id", event.id, "event",
                          message.SerializeAsString()});
    }
    MESO_ASSIGN_OR_RETURN(const auto replies, redis_.RunAll(commands));
    std::vector<const OutboxEvent*> refused;
    for (size_t i = 0; i < replies.size(); ++i) {
      if (replies[i].kind != Kind::kError) continue;
      if (absl::StrContains(replies[i].text, "equal or smaller")) {
        refused.push_back(&events[i]);
      } else if (absl::StartsWith(replies[i].text, "WRONGTYPE")) {
        return StreamDiffers(events[i].sequence);
      } else {
        return Refused(replies[i]);
      }
    }
    return CheckThere(key, refused);
  }

  // A refused number is fine only if the stream holds this very event, or begins after it (it was
  // trimmed, or the stream was emptied and has since received later ones).
  absl::Status CheckThere(const std::string& key, const std::vector<const OutboxEvent*>& refused) {
    if (refused.empty()) return absl::OkStatus();
    std::vector<RedisCommand> commands = {{"XRANGE", key, "-", "+", "COUNT", "1"}};
    for (const OutboxEvent* event : refused) {
      const std::string id = EntryId(event->sequence);
      commands.push_back({"XRANGE", key, id, id});
    }
    MESO_ASSIGN_OR_RETURN(const auto replies, redis_.RunAll(commands));
    MESO_ASSIGN_OR_RETURN(const Tail first, ReadTail(replies[0]));
    for (size_t i = 0; i < refused.size(); ++i) {
      MESO_ASSIGN_OR_RETURN(const Tail there, ReadTail(replies[i + 1]));
      const int64_t sequence = refused[i]->sequence;
      const bool same = there.sequence == sequence && there.event_id == refused[i]->id;
      const bool before_first = there.sequence == 0 && sequence < first.sequence;
      if (!same && !before_first) return StreamDiffers(sequence);
    }
    return absl::OkStatus();
  }

  const std::string address_;
  const std::string service_;
  RedisConnection redis_;
};

class RedisEventFeed final : public EventFeed {
 public:
  RedisEventFeed(const std::string& address, std::string source)
      : source_(std::move(source)), redis_(address, kTimeout) {}

  absl::StatusOr<Batch> Next(const EventPosition& after, int limit, absl::Duration wait) override {
    Batch batch;
    // The head is read BEFORE the stream: what it counts was in the stream by then, so a stream
    // that then delivers nothing has lost its tail.
    MESO_ASSIGN_OR_RETURN(batch.head, ReadHead());
    // Which epoch is the right one only the source can say, and a stream that can't deliver what
    // the head counts is not worth waiting for.
    if (after.epoch.empty()) return batch;
    if (!batch.head.epoch.empty() && batch.head.epoch != after.epoch) return batch;
    RedisCommand command = {"XREAD", "COUNT", absl::StrCat(limit)};
    const bool waits = wait > absl::ZeroDuration() && batch.head.sequence <= after.sequence;
    if (waits) {  // BLOCK 0 would wait for ever
      command.insert(
          command.end(),
          {"BLOCK", absl::StrCat(std::max<int64_t>(1, absl::ToInt64Milliseconds(wait)))});
    }
    command.insert(command.end(),
                   {"STREAMS", StreamKey(source_, after.epoch), EntryId(after.sequence)});
    MESO_ASSIGN_OR_RETURN(const RedisReply reply,
                          redis_.Run(command, waits ? wait : absl::ZeroDuration()));
    MESO_RETURN_IF_ERROR(ReadEvents(reply, after.epoch, &batch));
    return batch;
  }

  void Interrupt() override { redis_.Interrupt(); }

 private:
  absl::StatusOr<EventPosition> ReadHead() {
    EventPosition head{source_, "", 0};
    MESO_ASSIGN_OR_RETURN(const RedisReply reply, redis_.Run({"GET", HeadKey(source_)}));
    if (reply.kind == Kind::kNil) return head;
    if (reply.kind != Kind::kText) return Refused(reply);
    const std::vector<std::string> parts = absl::StrSplit(reply.text, ' ');
    if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &head.sequence)) {
      return absl::UnavailableError("the source's head in Redis is not readable");
    }
    head.epoch = parts[0];
    return head;
  }

  absl::Status ReadEvents(const RedisReply& reply, const std::string& epoch, Batch* batch) {
    if (reply.kind == Kind::kError) return Refused(reply);
    if (reply.kind != Kind::kList || reply.list.empty()) return absl::OkStatus();
    const RedisReply& stream = reply.list[0];
    if (stream.list.size() != 2) return absl::UnavailableError("an unknown answer to XREAD");
    for (const RedisReply& item : stream.list[1].list) {
      const std::optional<Entry> entry = ParseEntry(item);
      events::v1::Event message;
      if (!entry.has_value() || !message.ParseFromString(entry->message) ||
          message.source() != source_ || message.epoch() != epoch ||
          static_cast<int64_t>(message.sequence()) != entry->sequence) {
        return absl::UnavailableError("a stream entry is not an event of this source");
      }
      batch->events.push_back(FromProto(message));
    }
    if (!batch->events.empty()) {
      batch->head.epoch = epoch;
      batch->head.sequence = std::max(batch->head.sequence, batch->events.back().sequence);
    }
    return absl::OkStatus();
  }

  const std::string source_;
  RedisConnection redis_;
};

}  // namespace

std::unique_ptr<EventBus> MakeRedisEventBus(const std::string& address,
                                            const std::string& service) {
  if (!RedisConnection::IsConfigured(address)) return nullptr;
  return std::make_unique<RedisEventBus>(address, service);
}

std::unique_ptr<EventFeed> MakeRedisEventFeed(const std::string& address,
                                              const std::string& source) {
  if (!RedisConnection::IsConfigured(address)) return nullptr;
  return std::make_unique<RedisEventFeed>(address, source);
}

}  // namespace meso
