#include "meso_client.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <thread>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kGiveUp(60);

std::shared_ptr<grpc::ChannelCredentials> Credentials(const std::string& tls) {
  if (tls.empty()) return grpc::InsecureChannelCredentials();
  const size_t slash = tls.rfind('/');
  const std::string dir = slash == std::string::npos ? "" : tls.substr(0, slash + 1);
  return grpc::SslCredentials(
      {ReadFile(dir + "ca.pem"), ReadFile(tls + ".key"), ReadFile(tls + ".pem")});
}

}  // namespace

Refusal::Refusal(const grpc::Status& status)
    : code(status.error_code()), message(status.error_message()) {
  google::rpc::Status proto;
  if (!proto.ParseFromString(status.error_details())) return;
  for (const google::protobuf::Any& details : proto.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad;
    google::rpc::PreconditionFailure failure;
    google::rpc::RetryInfo retry;
    if (details.UnpackTo(&info)) {
      causes.push_back(
          {info.reason(), info.domain(), {info.metadata().begin(), info.metadata().end()}, {}});
    } else if (details.UnpackTo(&retry)) {
      retry_after = std::chrono::seconds(retry.retry_delay().seconds()) +
                    std::chrono::nanoseconds(retry.retry_delay().nanos());
    } else if (!causes.empty() && details.UnpackTo(&bad)) {
      for (const auto& v : bad.field_violations()) {
        causes.back().violations.push_back(v.field() + ": " + v.description());
      }
    } else if (!causes.empty() && details.UnpackTo(&failure)) {
      for (const auto& v : failure.violations()) {
        causes.back().violations.push_back(v.type() + " " + v.subject() + ": " + v.description());
      }
    }
  }
}

bool Refusal::MayRepeat() const {
  const std::string reason = Reason();
  return code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::DEADLINE_EXCEEDED ||
         reason == "OVERLOADED" || reason == "RATE_LIMITED" || reason == "REPLY_EXISTS";
}

std::string Refusal::Explain() const {
  std::ostringstream out;
  out << "refused: " << (causes.empty() ? "no reason given" : Reason()) << " (code " << code
      << ")\n  " << message << "\n";
  for (const Cause& cause : causes) {
    if (&cause != &causes.front()) {
      out << "  because " << cause.domain << " said " << cause.reason << "\n";
    }
    for (const auto& [key, value] : cause.metadata) out << "  " << key << " = " << value << "\n";
    for (const std::string& violation : cause.violations) out << "  - " << violation << "\n";
  }
  return out.str();
}

Client::Client(const std::string& address, std::string token_file, const std::string& tls)
    : token_file_(std::move(token_file)) {
  grpc::ChannelArguments arguments;
  // gRPC itself repeats UNAVAILABLE up to four times, as the config says.
  arguments.SetServiceConfigJSON(ReadFile(SERVICE_CONFIG_FILE));
  channel_ = grpc::CreateCustomChannel(address, Credentials(tls), arguments);
}

Refusal Client::Repeat(std::chrono::seconds deadline,
                       const std::function<grpc::Status(grpc::ClientContext*)>& call) {
  static thread_local std::minstd_rand random{std::random_device()()};
  const auto give_up = steady_clock::now() + kGiveUp;
  std::chrono::nanoseconds backoff = milliseconds(100);
  while (true) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + deadline);
    // Read anew: a token is replaced before it expires.
    const std::string token = ReadFile(token_file_);
    if (token.empty()) {
      return Refusal(grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                                  "The token " + token_file_ +
                                      " cannot be read, or is empty; 'mesoctl admin token' makes "
                                      "one."));
    }
    context.AddMetadata("authorization", "Bearer " + token);
    const Refusal refusal(call(&context));
    if (refusal.OK() || !refusal.MayRepeat()) return refusal;
    // Never sooner than the service asks for, and not in step with everybody else.
    const double jitter = std::uniform_real_distribution<double>(1, 1.5)(random);
    const auto pause =
        std::chrono::duration_cast<milliseconds>(std::max(refusal.retry_after, backoff) * jitter);
    if (steady_clock::now() + pause > give_up) return refusal;
    std::cerr << (refusal.causes.empty() ? refusal.message : refusal.Reason())
              << "; the same again in " << pause.count() << " ms" << std::endl;
    std::this_thread::sleep_for(pause);
    backoff = std::min<std::chrono::nanoseconds>(2 * backoff, std::chrono::seconds(5));
  }
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  text.erase(text.find_last_not_of(" \n\r\t") + 1);
  return text;
}

bool WriteFile(const std::string& path, const std::string& text) {
  const std::string made = path + ".new";
  const int file = ::open(made.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return false;
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool durable = written && ::fsync(file) == 0;
  return ::close(file) == 0 && durable && std::rename(made.c_str(), path.c_str()) == 0;
}

std::map<std::string, std::string> ParseFlags(int argc, char** argv, const std::string& required,
                                              std::map<std::string, std::string> defaults) {
  bool good = true;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    const bool is_flag = argument.rfind("--", 0) == 0 && argument.size() > 2;
    const std::string name = is_flag ? argument.substr(2, equals - 2) : "";
    good = good && defaults.count(name) > 0;
    defaults[name] = equals == std::string::npos ? "true" : argument.substr(equals + 1);
  }
  if (good && !defaults[required].empty()) return defaults;
  std::cerr << "usage: " << argv[0] << " --" << required << "=...";
  for (const auto& [name, value] : defaults) std::cerr << " [--" << name << "=" << value << "]";
  std::cerr << std::endl;
  std::exit(2);
}
