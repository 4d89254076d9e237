// The programs of deploy/examples, run as an integrator runs them: against a scripted server that
// answers with every kind of error, and against the real suite.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "common/base/error.h"
#include "common/rpc/service_config.h"
#include "common/rpc/status_to_grpc.h"
#include "meso/events/v1/events.grpc.pb.h"
#include "meso/scheduling/v1/events.pb.h"
#include "tests/support/clinic.h"

namespace meso {
namespace {

using events::v1::PullEventsRequest;
using events::v1::PullEventsResponse;
using ::meso::scheduling::v1::Appointment;
using ::meso::scheduling::v1::BookAppointmentRequest;
using ::meso::scheduling::v1::HoldAppointmentRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Steady = std::chrono::steady_clock;

constexpr char kAppointment[] = "sites/par-1/appointments/0198f2c4-0000-7000-8000-000000000001";

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

struct Outcome {
  int exit_code = 0;
  std::string output;  // stdout and stderr
};

// Starts an example; `program` is book or follow.
class Example {
 public:
  Example(std::string language, std::string dir)
      : language_(std::move(language)), dir_(std::move(dir)) {}

  void Start(const std::string& program, const std::vector<std::string>& flags) {
    log_ = absl::StrCat(dir_, "/", program, ".out");
    std::filesystem::remove(log_);
    std::vector<std::string> argv = Command(program);
    argv.insert(argv.end(), flags.begin(), flags.end());
    const std::string modules = std::filesystem::absolute("build/node/node_modules").string();
    process_.Start(argv, log_, {{"NODE_PATH", modules}, {"PYTHONDONTWRITEBYTECODE", "1"}});
  }
  Outcome Wait() {
    Outcome outcome;
    outcome.exit_code = process_.Wait();
    outcome.output = ReadFile(log_);
    return outcome;
  }
  Outcome Run(const std::string& program, const std::vector<std::string>& flags) {
    Start(program, flags);
    return Wait();
  }

 private:
  std::vector<std::string> Command(const std::string& program) const {
    const std::string root = absl::StrCat("deploy/examples/", language_, "/", program);
    if (language_ == "python") return {"/usr/bin/python3", absl::StrCat(root, ".py")};
    if (language_ == "node") return {"node", absl::StrCat(root, ".js")};
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
    return {(self.parent_path().parent_path() / "examples/cpp" / program).string()};
  }

  const std::string language_;
  const std::string dir_;
  std::string log_;
  ChildProcess process_;
};

grpc::Status Refuse(const absl::Status& status) { return StatusToGrpc(status, "scheduling"); }

// Answers as told, and remembers what it was asked. One scripted answer per call; then OK.
class ScriptedScheduling final : public ::meso::scheduling::v1::SchedulingService::Service {
 public:
  grpc::Status SearchAvailability(
      grpc::ServerContext* context, const ::meso::scheduling::v1::SearchAvailabilityRequest*,
      ::meso::scheduling::v1::SearchAvailabilityResponse* response) override {
    const auto& metadata = context->client_metadata();
    const auto token = metadata.find("authorization");
    if (token == metadata.end() || token->second != "Bearer the-token") {
      return Refuse(TokenInvalid("It is malformed."));
    }
    absl::MutexLock lock(&mutex);
    auto* offer = response->add_offers();
    offer->set_offer_token(absl::StrCat("offer-", ++searches));
    offer->set_local_start_time("2026-11-24T10:00:00+01:00");
    return grpc::Status::OK;
  }
  grpc::Status HoldAppointment(grpc::ServerContext*, const HoldAppointmentRequest* request,
                               Appointment* response) override {
    absl::MutexLock lock(&mutex);
    holds.push_back(*request);
    response->set_name(kAppointment);
    response->mutable_expire_time()->set_seconds(1'795'514'400);
    return Next(hold_answers);
  }
  grpc::Status BookAppointment(grpc::ServerContext*, const BookAppointmentRequest* request,
                               Appointment* response) override {
    absl::MutexLock lock(&mutex);
    books.push_back(*request);
    book_times.push_back(Steady::now());
    response->set_name(kAppointment);
    return Next(book_answers);
  }
  grpc::Status ListAppointments(
      grpc::ServerContext*, const ::meso::scheduling::v1::ListAppointmentsRequest* request,
      ::meso::scheduling::v1::ListAppointmentsResponse* response) override {
    response->add_appointments()->set_name(
        absl::StrCat("sites/par-1/appointments/page-", request->page_token()));
    if (request->page_token().empty()) response->set_next_page_token("2");
    return grpc::Status::OK;
  }

  absl::Mutex mutex;
  int searches = 0;
  std::deque<grpc::Status> hold_answers;
  std::deque<grpc::Status> book_answers;
  std::vector<HoldAppointmentRequest> holds;
  std::vector<BookAppointmentRequest> books;
  std::vector<Steady::time_point> book_times;

 private:
  static grpc::Status Next(std::deque<grpc::Status>& answers) {
    if (answers.empty()) return grpc::Status::OK;
    const grpc::Status answer = answers.front();
    answers.pop_front();
    return answer;
  }
};

// One event; every token but those of this script is too old.
class ScriptedEvents final : public events::v1::EventService::Service {
 public:
  grpc::Status PullEvents(grpc::ServerContext*, const PullEventsRequest* request,
                          PullEventsResponse* response) override {
    absl::MutexLock lock(&mutex);
    tokens.push_back(request->resume_token());
    response->set_resume_token("after-1");
    if (request->resume_token() == "after-1") return grpc::Status::OK;
    if (!request->resume_token().empty()) {
      return Refuse(Error(absl::StatusCode::kOutOfRange, "RESUME_TOKEN_EXPIRED", "Too old."));
    }
    auto* event = response->add_events();
    event->set_sequence(1);
    event->set_type("meso.scheduling.v1.AppointmentBooked");
    event->set_subject(kAppointment);
    event->mutable_time()->set_seconds(1'795'514'400);
    ::meso::scheduling::v1::AppointmentBooked payload;
    payload.mutable_start_time()->set_seconds(1'795'600'800);
    payload.set_cocktail("cocktails/C-01/revisions/r7");
    event->set_data(payload.SerializeAsString());
    return grpc::Status::OK;
  }

  absl::Mutex mutex;
  std::vector<std::string> tokens;
};

class ScriptedExampleTest : public ::testing::TestWithParam<const char*> {
 protected:
  ScriptedExampleTest() : example_(GetParam(), dir_.path()) {
    WriteFile(Path("token"), "the-token\n");
    grpc::ServerBuilder builder;
    builder.AddListeningPort(absl::StrCat("unix:", Path("sock")),
                             grpc::InsecureServerCredentials());
    builder.RegisterService(&scheduling_);
    builder.RegisterService(&events_);
    server_ = builder.BuildAndStart();
  }
  ~ScriptedExampleTest() override { server_->Shutdown(); }

  std::string Path(const std::string& name) const { return absl::StrCat(dir_.path(), "/", name); }
  Outcome Book() {
    return example_.Run("book", {absl::StrCat("--address=unix:", Path("sock")),
                                 absl::StrCat("--token=", Path("token")),
                                 absl::StrCat("--journal=", Path("journal"))});
  }
  Outcome Follow() {
    return example_.Run("follow", {absl::StrCat("--address=unix:", Path("sock")),
                                   absl::StrCat("--token=", Path("token")),
                                   absl::StrCat("--resume=", Path("resume")), "--once"});
  }
  std::set<std::string> BookRequestIds() {
    std::set<std::string> ids;
    for (const auto& request : scheduling_.books) ids.insert(request.request_id());
    return ids;
  }

  TempDir dir_;
  ScriptedScheduling scheduling_;
  ScriptedEvents events_;
  std::unique_ptr<grpc::Server> server_;
  Example example_;
};

TEST_P(ScriptedExampleTest, RepeatsTheSameRequestUntilItIsAnswered) {
  constexpr auto kAsked = std::chrono::milliseconds(700);
  scheduling_.book_answers = {
      Refuse(Overloaded(absl::FromChrono(kAsked))),
      Refuse(DependencyDown("inventory", "no connection")),
      Refuse(Error(absl::StatusCode::kAborted, "REPLY_EXISTS", "Repeat it.")),
      Refuse(StorageUnavailable("disk full"))};
  const Outcome outcome = Book();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr(absl::StrCat("booked ", kAppointment)));
  EXPECT_THAT(outcome.output, HasSubstr("OVERLOADED; the same again in"));
  ASSERT_THAT(scheduling_.books, SizeIs(5)) << outcome.output;
  for (const auto& request : scheduling_.books) {
    EXPECT_EQ(request.SerializeAsString(), scheduling_.books[0].SerializeAsString());
  }
  // The server's RetryInfo is kept to: the first pause would be 0.1 to 0.15 s without it.
  EXPECT_GE(scheduling_.book_times[1] - scheduling_.book_times[0], kAsked);
}

TEST_P(ScriptedExampleTest, SearchesAgainWithANewRequestIdWhenTheSlotIsTaken) {
  scheduling_.hold_answers = {
      Refuse(Error(absl::StatusCode::kFailedPrecondition, "SLOT_TAKEN", "Somebody has it."))};
  scheduling_.book_answers = {
      Refuse(Error(absl::StatusCode::kFailedPrecondition, "HOLD_EXPIRED", "It lapsed."))};
  const Outcome outcome = Book();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_EQ(scheduling_.searches, 3);
  ASSERT_THAT(scheduling_.holds, SizeIs(3));
  EXPECT_EQ(scheduling_.holds[1].offer_token(), "offer-2");
  EXPECT_NE(scheduling_.holds[0].request_id(), scheduling_.holds[1].request_id());
  EXPECT_THAT(scheduling_.books, SizeIs(2));
  EXPECT_THAT(BookRequestIds(), SizeIs(2));
  EXPECT_THAT(outcome.output, HasSubstr("SLOT_TAKEN; searching again"));
}

TEST_P(ScriptedExampleTest, ShowsAllThatARefusalSaysAndDoesNotRepeatIt) {
  const absl::Status peer =
      Error(absl::StatusCode::kFailedPrecondition, "INSUFFICIENT_STOCK", "Too few.")
          .With("product", "products/AMP-VC")
          .Because({"LOT_EXPIRED", "lots/7", "Expired on 2026-01-01."});
  ErrorDetails details = DetailsOf(peer);
  details.domain = "inventory.meso";
  scheduling_.book_answers = {Refuse(
      Error(absl::StatusCode::kFailedPrecondition, "STOCK_NOT_AVAILABLE", "The site lacks it.")
          .With("site", "sites/par-1")
          .Because({"SHORT", "products/AMP-VC", "Choose another day."})
          .CausedBy(MakeStatus(peer.code(), peer.message(), details)))};
  const Outcome outcome = Book();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(scheduling_.books, SizeIs(1));
  for (const char* part :
       {"refused: STOCK_NOT_AVAILABLE", "The site lacks it.", "  site = sites/par-1",
        "  - SHORT products/AMP-VC: Choose another day.",
        "because inventory.meso said INSUFFICIENT_STOCK", "  product = products/AMP-VC",
        "  - LOT_EXPIRED lots/7: Expired on 2026-01-01."}) {
    EXPECT_THAT(outcome.output, HasSubstr(part));
  }
  // A rule's refusal booked nothing: the next run starts anew.
  EXPECT_FALSE(std::filesystem::exists(Path("journal")));
}

// Whether an earlier copy was executed is unknown then, so the request must stay.
TEST_P(ScriptedExampleTest, KeepsTheRequestWhenItMayHaveBeenExecuted) {
  scheduling_.book_answers = {Refuse(TokenExpired())};
  EXPECT_EQ(Book().exit_code, 1);
  const Outcome again = Book();
  EXPECT_EQ(again.exit_code, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("repeating the booking in"));
  EXPECT_EQ(scheduling_.searches, 1);
  EXPECT_THAT(scheduling_.books, SizeIs(2));
  EXPECT_THAT(BookRequestIds(), SizeIs(1));
}

TEST_P(ScriptedExampleTest, NamesEveryBadField) {
  scheduling_.hold_answers = {Refuse([] {
    FieldErrors errors;
    errors.Required("offer_token");
    errors.Invalid("ttl", "Give 10 s to 30 minutes.");
    return errors.ToStatus();
  }())};
  const Outcome outcome = Book();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("refused: FIELD_REQUIRED"));
  EXPECT_THAT(outcome.output, HasSubstr("  - ttl: FIELD_INVALID: Give 10 s to 30 minutes."));
}

TEST_P(ScriptedExampleTest, StopsWithOneClearErrorAtADamagedJournalOrAMissingToken) {
  WriteFile(Path("journal"), "{\"parent\": ");
  const Outcome damaged = Book();
  EXPECT_NE(damaged.exit_code, 0);
  EXPECT_THAT(damaged.output, HasSubstr("is damaged"));
  EXPECT_THAT(damaged.output, Not(HasSubstr("Traceback")));
  EXPECT_TRUE(std::filesystem::exists(Path("journal")));

  std::filesystem::remove(Path("journal"));
  std::filesystem::remove(Path("token"));
  const Outcome missing = Book();
  EXPECT_NE(missing.exit_code, 0);
  EXPECT_THAT(missing.output, HasSubstr(Path("token")));
  EXPECT_THAT(missing.output, Not(HasSubstr("Traceback")));
  EXPECT_THAT(missing.output, Not(HasSubstr("Errno")));
  EXPECT_EQ(scheduling_.searches, 0);
}

TEST_P(ScriptedExampleTest, ListsAnewWhenTheEventsAfterItsTokenAreGone) {
  WriteFile(Path("resume"), "too-old\n");
  const Outcome outcome = Follow();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_THAT(events_.tokens, ElementsAre("too-old", "", "after-1"));
  EXPECT_THAT(outcome.output, HasSubstr("listed sites/par-1/appointments/page- revision"));
  EXPECT_THAT(outcome.output, HasSubstr("listed sites/par-1/appointments/page-2 revision"));
  EXPECT_THAT(outcome.output, HasSubstr(absl::StrCat("AppointmentBooked ", kAppointment,
                                                     " cocktails/C-01/revisions/r7")));
  EXPECT_EQ(absl::StripSuffix(ReadFile(Path("resume")), "\n"), "after-1");
}

// The real suite, its scheduling restarted with a failpoint where a test asks for it.
class SuiteExampleTest : public ::testing::TestWithParam<const char*> {
 protected:
  SuiteExampleTest() : clinic_(suite_), example_(GetParam(), suite_.dir()) {
    suite_.StartAll();
    clinic_.Load();
    clinic_.Receive(20);
    clinic_.Screen(kPatient);
    WriteFile(Path("token"),
              suite_.Token("users/back-office", {"front_desk@par-1", "inventory_manager@par-1"}));
  }

  std::string Path(const std::string& name) const { return absl::StrCat(suite_.dir(), "/", name); }
  std::vector<std::string> Common() const {
    return {absl::StrCat("--address=", suite_.Socket("scheduling")),
            absl::StrCat("--token=", Path("token"))};
  }
  std::vector<std::string> BookFlags(const std::string& journal) {
    std::vector<std::string> flags = Common();
    flags.push_back(absl::StrCat("--patient=", kPatient));
    flags.push_back(absl::StrCat("--treatment=", clinic_.treatment()));
    flags.push_back(absl::StrCat("--cocktail=", clinic_.cocktail()));
    flags.push_back(absl::StrCat("--journal=", Path(journal)));
    return flags;
  }
  Outcome Follow(const std::vector<std::string>& more = {}) {
    std::vector<std::string> flags = Common();
    flags.push_back(absl::StrCat("--resume=", Path("resume")));
    flags.push_back("--once");
    flags.insert(flags.end(), more.begin(), more.end());
    return example_.Run("follow", flags);
  }
  // The name of the one booked appointment.
  std::string OnlyBooked() {
    const auto booked = clinic_.ListAppointments("state = BOOKED");
    EXPECT_THAT(booked, SizeIs(1));
    return booked.empty() ? "none" : booked[0].name();
  }

  static constexpr char kPatient[] = "patients/EX-1";
  Suite suite_;
  Clinic clinic_;
  Example example_;
};

TEST_P(SuiteExampleTest, BooksASessionAndSeesItsEventOnce) {
  const Outcome booked = example_.Run("book", BookFlags("journal"));
  ASSERT_EQ(booked.exit_code, 0) << booked.output;
  const std::string name = OnlyBooked();
  EXPECT_THAT(booked.output, StartsWith("offered "));
  EXPECT_THAT(booked.output, HasSubstr("\nheld until "));
  EXPECT_THAT(booked.output, HasSubstr(absl::StrCat("\nbooked ", name, " ")));

  const Outcome first = Follow();
  EXPECT_EQ(first.exit_code, 0) << first.output;
  const std::string line =
      absl::StrCat(" AppointmentBooked ", name, " ", clinic_.cocktail(), " starts ");
  EXPECT_THAT(first.output, HasSubstr(line));
  EXPECT_THAT(first.output, HasSubstr("TreatmentTypeChanged"));
  // Goes on where it stopped: only the second booking's event is new.
  ASSERT_EQ(example_.Run("book", BookFlags("second")).exit_code, 0);
  const Outcome second = Follow({"--type=meso.scheduling.v1.AppointmentBooked"});
  EXPECT_EQ(second.exit_code, 0) << second.output;
  EXPECT_THAT(second.output, HasSubstr(" AppointmentBooked "));
  EXPECT_THAT(second.output, Not(HasSubstr(name)));
}

TEST_P(SuiteExampleTest, ALostAnswerIsAskedForAgainAndNothingIsBookedTwice) {
  suite_.Terminate("scheduling");
  // Dies when the booking is on disk and its answer is not yet sent.
  suite_.Start("scheduling", "booking.after_transaction_2=kill");
  example_.Start("book", BookFlags("journal"));
  suite_.WaitForDeath("scheduling");
  suite_.Start("scheduling");
  const Outcome outcome = example_.Wait();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  const std::string name = OnlyBooked();
  EXPECT_THAT(outcome.output, HasSubstr(absl::StrCat("booked ", name)));

  const Outcome again = example_.Run("book", BookFlags("journal"));
  EXPECT_EQ(again.exit_code, 0) << again.output;
  EXPECT_THAT(again.output, StartsWith("repeating the booking in"));
  EXPECT_THAT(again.output, HasSubstr(absl::StrCat("booked ", name)));
  EXPECT_EQ(OnlyBooked(), name);
}

TEST_P(SuiteExampleTest, BooksOverTlsWithAClientCertificate) {
  int exit_code = 0;
  RunCommand({"deploy/tls/make", "--out", Path("tls"), "--client", "back-office"}, &exit_code);
  ASSERT_EQ(exit_code, 0);
  suite_.Terminate("scheduling");
  suite_.Start(
      "scheduling", "",
      {"--listen=127.0.0.1:0", absl::StrCat("--tls_cert_file=", Path("tls/scheduling.pem")),
       absl::StrCat("--tls_key_file=", Path("tls/scheduling.key")),
       absl::StrCat("--tls_client_ca_file=", Path("tls/ca.pem"))});
  int port = 0;
  std::istringstream(ReadFile(Path("scheduling.port"))) >> port;
  std::vector<std::string> flags = BookFlags("journal");
  flags[0] = absl::StrCat("--address=127.0.0.1:", port);
  flags.push_back(absl::StrCat("--tls=", Path("tls/back-office")));
  const Outcome outcome = example_.Run("book", flags);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("\nbooked sites/par-1/appointments/"));
}

TEST_P(SuiteExampleTest, TellsWhyAPatientIsNotBooked) {
  std::vector<std::string> flags = BookFlags("journal");
  flags.push_back("--patient=patients/EX-UNKNOWN");
  const Outcome outcome = example_.Run("book", flags);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("refused: CLEARANCE_REQUIRED"));
}

INSTANTIATE_TEST_SUITE_P(Languages, ScriptedExampleTest, ::testing::Values("python", "node", "cpp"),
                         [](const auto& info) { return std::string(info.param); });
INSTANTIATE_TEST_SUITE_P(Languages, SuiteExampleTest, ::testing::Values("python", "node", "cpp"),
                         [](const auto& info) { return std::string(info.param); });

// Copied out of the tree, as the README says: the protos are asked for, and enough.
TEST(ServiceConfigTest, ACopiedPythonExampleSaysThatItNeedsTheProtos) {
  TempDir dir;
  for (const auto& file : std::filesystem::directory_iterator("deploy/examples/python")) {
    if (file.path().extension() == ".py") std::filesystem::copy(file.path(), dir.path());
  }
  const auto run = [&](const std::string& protos) {
    const std::string log = dir.path() + "/out";
    ChildProcess process;
    process.Start({"/usr/bin/python3", dir.path() + "/book.py", "--help"}, log,
                  {{"MESO_PROTO", protos}});
    Outcome outcome;
    outcome.exit_code = process.Wait();
    outcome.output = ReadFile(log);
    return outcome;
  };
  EXPECT_THAT(run("").output, HasSubstr("name the directory proto/ of Meso's tree"));
  EXPECT_EQ(run(dir.path()).exit_code, 1);
  const Outcome outcome = run(std::filesystem::absolute("proto").string());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
}

TEST(ServiceConfigTest, TheShippedFileIsWhatOurOwnClientsUse) {
  EXPECT_EQ(ReadFile("proto/service_config.json"), absl::StrCat(kServiceConfig, "\n"));
}

}  // namespace
}  // namespace meso
