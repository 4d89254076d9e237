#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/check.h"

namespace meso {
namespace {

const char* const kServices[] = {"audit", "inventory", "screening", "scheduling"};

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

Suite::Suite() {
  // An idle gRPC client notices only at its next poll that a server says good-bye, by default every
  // 5 s, and a server that stops waits for it. The tests stop servers all the time.
  ::setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "100", 1);
  int exit_code = 0;
  RunCommand({Binary("mesoctl"), "admin", "init", absl::StrCat(dir(), "/keys")}, &exit_code);
  MESO_CHECK(exit_code == 0, "mesoctl admin init failed");
  for (const char* service : kServices) processes_[service] = std::make_unique<ChildProcess>();
}

Suite::~Suite() {
  for (auto& [service, process] : processes_) process->Kill();
  redis_.Kill();
}

std::string Suite::Binary(const std::string& name) const {
  // Tests run from the project's root with build/<preset>/tests/<test> as their program.
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  return (self.parent_path().parent_path() / "bin" / name).string();
}

std::string Suite::KeyFile(const std::string& name) const {
  return absl::StrCat(dir(), "/keys/", name);
}

std::string Suite::Socket(const std::string& service) const {
  return absl::StrCat("unix:", dir(), "/", service, ".sock");
}

std::string Suite::Log(const std::string& service) const {
  return ReadFile(absl::StrCat(dir(), "/", service, ".log"));
}

int Suite::AdminPort(const std::string& service) const {
  std::istringstream in(ReadFile(absl::StrCat(dir(), "/", service, ".port")));
  int port = 0;
  int admin_port = 0;
  in >> port >> admin_port;
  return admin_port;
}

std::vector<std::string> Suite::Flags(const std::string& service) const {
  std::vector<std::string> flags = {
      absl::StrCat("--listen=", Socket(service)),
      "--admin_listen=127.0.0.1:0",
      absl::StrCat("--database=sqlite:", dir(), "/data/", service, ".db"),
      absl::StrCat("--redis=unix:", dir(), "/redis.sock"),
      absl::StrCat("--jwks_file=", KeyFile("jwks.json")),
      absl::StrCat("--service_token_file=", KeyFile(absl::StrCat(service, ".token"))),
      absl::StrCat("--port_file=", dir(), "/", service, ".port"),
  };
  for (const char* peer : kServices) {
    flags.push_back(absl::StrCat("--", peer, "_address=", Socket(peer)));
  }
  if (service == "audit") {
    flags.push_back(absl::StrCat("--log_key_file=", KeyFile("audit-log.key")));
    flags.push_back(absl::StrCat("--pseudonym_key_file=", KeyFile("pseudonym.key")));
    flags.push_back(absl::StrCat("--payload_key_file=", KeyFile("payload.key")));
    flags.push_back(absl::StrCat("--erasure_file=", KeyFile("erasures.jsonl")));
    flags.push_back(absl::StrCat("--checkpoint_memory_file=", KeyFile("audit-checkpoint.txt")));
  }
  if (service == "scheduling") {
    flags.push_back(absl::StrCat("--offer_key_file=", KeyFile("offer.key")));
  }
  return flags;
}

void Suite::StartAll() {
  StartRedis();
  for (const char* service : kServices) Start(service);
}

void Suite::Start(const std::string& service, const std::string& failpoints,
                  const std::vector<std::string>& extra_flags) {
  const std::string port_file = absl::StrCat(dir(), "/", service, ".port");
  std::filesystem::remove(port_file);
  std::vector<std::string> argv = {Binary(absl::StrCat("meso-", service))};
  for (const std::string& flag : Flags(service)) argv.push_back(flag);
  for (const std::string& flag : extra_flags) argv.push_back(flag);
  ChildProcess& process = *processes_[service];
  std::map<std::string, std::string> environment = environment_;
  environment["MESO_FAILPOINTS"] = failpoints;
  process.Start(argv, absl::StrCat(dir(), "/", service, ".log"), environment);
  const bool ready =
      WaitUntil([&] { return std::filesystem::exists(port_file) || !process.running(); }, 30);
  // A process that is to die may do so before anybody has seen it ready.
  if (!ready || (!process.running() && failpoints.empty())) {
    const std::string log = Log(service);
    std::fprintf(stderr, "%s did not start:\n%s\n", service.c_str(),
                 log.substr(log.size() > 3000 ? log.size() - 3000 : 0).c_str());
    MESO_CHECK(false, "a service did not start");
  }
}

void Suite::Kill(const std::string& service) { processes_[service]->Kill(); }

int Suite::Terminate(const std::string& service) {
  processes_[service]->Signal(SIGTERM);
  return processes_[service]->Wait();
}

bool Suite::Running(const std::string& service) { return processes_[service]->running(); }

void Suite::WaitForDeath(const std::string& service) {
  MESO_CHECK(WaitUntil([&] { return !Running(service); }, 60), "a service was to die and lives");
}

pid_t Suite::Pid(const std::string& service) { return processes_[service]->pid(); }

void Suite::StartRedis() {
  const std::string data = absl::StrCat(dir(), "/redis");
  std::filesystem::create_directories(data);
  redis_.Start({"redis-server", "--port", "0", "--unixsocket", absl::StrCat(dir(), "/redis.sock"),
                "--dir", data, "--save", "", "--appendonly", "yes"},
               absl::StrCat(dir(), "/redis.log"));
  MESO_CHECK(
      WaitUntil([&] { return std::filesystem::exists(absl::StrCat(dir(), "/redis.sock")); }, 30),
      "redis-server did not start");
}

void Suite::StopRedis() {
  redis_.Signal(SIGTERM);
  redis_.Wait();
  std::filesystem::remove(absl::StrCat(dir(), "/redis.sock"));
}

void Suite::KillRedis(bool with_data) {
  redis_.Kill();
  std::filesystem::remove(absl::StrCat(dir(), "/redis.sock"));
  if (with_data) std::filesystem::remove_all(absl::StrCat(dir(), "/redis"));
}

std::shared_ptr<grpc::Channel> Suite::Channel(const std::string& service) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return grpc::CreateCustomChannel(Socket(service), grpc::InsecureChannelCredentials(), arguments);
}

std::string Suite::Token(const std::string& subject, const std::vector<std::string>& roles) {
  absl::MutexLock lock(&mutex_);
  std::string& token = tokens_[absl::StrCat(subject, " ", absl::StrJoin(roles, ","))];
  if (!token.empty()) return token;
  std::vector<std::string> argv = {Binary("mesoctl"), "admin",     "token", "--keys",
                                   KeyFile(""),       "--subject", subject};
  for (const std::string& role : roles) {
    argv.push_back("--role");
    argv.push_back(role);
  }
  int exit_code = 0;
  token = std::string(absl::StripAsciiWhitespace(RunCommand(argv, &exit_code)));
  MESO_CHECK(exit_code == 0 && !token.empty(), "mesoctl admin token failed");
  return token;
}

void Suite::Prepare(const std::string& token, grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  if (!token.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
}

}  // namespace meso
