#include "common/base/strict_json.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <set>

namespace meso {
namespace {

constexpr size_t kSizeMax = 64 << 10;
constexpr size_t kDepthMax = 8;

// Builds the value from the parser's events and stops it at the first duplicate or too deep value.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return Add({}); }
  bool boolean(bool value) override {
    JsonValue out;
    out.kind = JsonValue::Kind::kBool;
    out.boolean = value;
    return Add(std::move(out));
  }
  bool number_integer(number_integer_t value) override { return Number(value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Number(std::nullopt);
    }
    return Number(static_cast<int64_t>(value));
  }
  bool number_float(number_float_t, const string_t&) override { return Number(std::nullopt); }
  bool string(string_t& value) override {
    JsonValue out;
    out.kind = JsonValue::Kind::kString;
    out.text = std::move(value);
    return Add(std::move(out));
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return Open(JsonValue::Kind::kObject); }
  bool start_array(size_t) override { return Open(JsonValue::Kind::kArray); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    Level& level = open_.back();
    if (!level.names.insert(name).second) {
      why_ = "it has a member twice";
      return false;
    }
    level.name = std::move(name);
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

  const char* why() const { return why_; }
  JsonValue Take() { return std::move(root_); }

 private:
  struct Level {
    JsonValue value;
    std::string name;  // of the member being read
    std::set<std::string> names;
  };

  bool Number(std::optional<int64_t> value) {
    JsonValue out;
    out.kind = JsonValue::Kind::kNumber;
    out.integer = value;
    return Add(std::move(out));
  }

  bool Open(JsonValue::Kind kind) {
    if (open_.size() >= kDepthMax) {
      why_ = "it is nested too deeply";
      return false;
    }
    open_.emplace_back();
    open_.back().value.kind = kind;
    return true;
  }

  bool Close() {
    JsonValue value = std::move(open_.back().value);
    open_.pop_back();
    return Add(std::move(value));
  }

  bool Add(JsonValue value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Level& level = open_.back();
    if (level.value.kind == JsonValue::Kind::kObject) {
      level.value.members.emplace(std::move(level.name), std::move(value));
    } else {
      level.value.items.push_back(std::move(value));
    }
    return true;
  }

  std::vector<Level> open_;
  JsonValue root_;
  const char* why_ = "it is not JSON";
};

}  // namespace

const JsonValue* JsonValue::Find(absl::string_view name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

const std::string* JsonValue::FindText(absl::string_view name) const {
  const JsonValue* value = Find(name);
  return value != nullptr && value->kind == Kind::kString ? &value->text : nullptr;
}

absl::StatusOr<JsonValue> ParseStrictJson(absl::string_view text) {
  if (text.size() > kSizeMax) return absl::InvalidArgumentError("it is too long");
  Builder builder;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    return absl::InvalidArgumentError(builder.why());
  }
  return builder.Take();
}

}  // namespace meso
