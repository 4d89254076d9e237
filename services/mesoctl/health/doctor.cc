#include "services/mesoctl/health/doctor.h"

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/auth/certificate.h"
#include "common/base/error.h"
#include "common/base/local_file.h"
#include "services/mesoctl/health/admin_port.h"
#include "services/mesoctl/health/tls_probe.h"
#include "services/mesoctl/method_catalog.h"
#include "services/mesoctl/token_grants.h"

namespace meso::mesoctl {
namespace {

constexpr absl::Duration kConnectTimeout = absl::Seconds(3);
constexpr absl::Duration kExpirySoon = absl::Minutes(30);

constexpr char kNextDated[] =
    "if that time is right, get a new certificate from whoever runs the suite (deploy/tls/make "
    "makes them); if it is not, set this machine's clock (timedatectl shows whether it is "
    "synchronised)";

std::string OutOfDate(absl::string_view what, const Certificate& certificate, absl::Time now) {
  const auto date = [](absl::Time time) {
    return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
  };
  // Dates that hold: it is the authority's that don't.
  const char* how = now < certificate.not_before   ? "has not begun"
                    : now >= certificate.not_after ? "has expired"
                                                   : "or its authority's is out of date";
  return absl::StrCat(what, " is good from ", date(certificate.not_before), " to ",
                      date(certificate.not_after), ", and this machine's clock shows ", date(now),
                      ": either it ", how, ", or the clock is wrong");
}

// A cheap call of each service that most roles may make.
const char* ProbeOf(const std::string& service) {
  if (service == "scheduling") return "SchedulingAdminService.ListSites";
  if (service == "screening") return "ScreeningService.ListRuleSets";
  if (service == "inventory") return "InventoryService.ListProducts";
  return "AuditService.GetCheckpoint";
}

class Doctor {
 public:
  Doctor(Session& session, const std::map<std::string, std::string>& admin_ports)
      : session_(session), admin_ports_(admin_ports) {
    tls_ = {session.suite().tls_cert_file, session.suite().tls_key_file,
            session.suite().tls_ca_file};
  }

  std::vector<Finding> Run() {
    CheckCertificate();
    CheckToken();
    for (const char* service : kServiceNames) CheckService(service);
    return std::move(findings_);
  }

 private:
  void Good(absl::string_view check, absl::string_view subject, absl::string_view found) {
    findings_.push_back(
        {ExitCode::kOk, std::string(check), std::string(subject), std::string(found), ""});
  }
  void Bad(ExitCode severity, absl::string_view check, absl::string_view subject,
           absl::string_view found, absl::string_view next) {
    findings_.push_back({severity, std::string(check), std::string(subject), std::string(found),
                         std::string(next)});
  }

  void CheckCertificate() {
    if (tls_.empty()) return;
    if (!tls_.complete()) {
      tls_usable_ = false;
      return Bad(ExitCode::kUsage, "certificate", "mesoctl",
                 "only some of --ca_file, --cert_file and --key_file are given",
                 "give all three, or none on this machine");
    }
    Certificate own;
    const absl::Time now = session_.clock().Now();
    const absl::Status status = CheckTlsFiles(tls_, "", now, &own);
    if (!status.ok() && IsOnlyDated(&own)) {
      own_dated_ = true;
      return Bad(ExitCode::kNotAllowed, "certificate", "mesoctl",
                 OutOfDate(absl::StrCat("our certificate ", tls_.cert_file), own, now), kNextDated);
    }
    if (!status.ok()) {
      tls_usable_ = false;
      return Bad(ExitCode::kNotAllowed, "certificate", "mesoctl", status.message(),
                 "get a new certificate from whoever runs the suite (deploy/tls/make makes them)");
    }
    Good("certificate", "mesoctl",
         absl::StrCat(own.identity.empty() ? "names nobody" : own.identity, ", good for another ",
                      RoughDuration(own.not_after - session_.clock().Now())));
  }

  // Whether our certificate would be good at another time.
  bool IsOnlyDated(Certificate* own) const {
    const absl::StatusOr<std::string> pem = ReadText(tls_.cert_file);
    const absl::StatusOr<Certificate> read = pem.ok() ? ParseCertificate(*pem) : pem.status();
    if (!read.ok()) return false;
    *own = *read;
    const absl::Time now = session_.clock().Now();
    if (now >= read->not_before && now < read->not_after) return false;
    return CheckTlsFiles(
               tls_, "",
               now < read->not_before ? read->not_before : read->not_after - absl::Seconds(1))
        .ok();
  }

  void CheckToken() {
    if (session_.token_file().empty()) {
      return Bad(ExitCode::kNotAllowed, "token", "mesoctl", "no token is given",
                 "name its file with --token_file or MESO_TOKEN_FILE; `mesoctl admin token` makes "
                 "one");
    }
    const absl::StatusOr<std::string> token = session_.Token();
    if (!token.ok()) {
      return Bad(ExitCode::kNotAllowed, "token", "mesoctl", token.status().message(),
                 "correct the file's name, or make a token with `mesoctl admin token`");
    }
    token_ = *token;
    const absl::StatusOr<TokenGrants> grants = ReadGrants(token_);
    if (!grants.ok()) {
      token_malformed_ = true;
      return Bad(ExitCode::kNotAllowed, "token", "mesoctl", grants.status().message(),
                 "check that the file holds a token and nothing else");
    }
    const absl::Time now = session_.clock().Now();
    if (const std::string why = WhyNotNow(*grants, now); !why.empty()) {
      token_fails_by_time_ = true;
      return Bad(ExitCode::kNotAllowed, "token", "mesoctl",
                 absl::StrCat("the token of ", grants->subject, " is ", why),
                 "make a new one with `mesoctl admin token`, or set this machine's clock");
    }
    const absl::Duration left = grants->expiry - now;
    Good("token", "mesoctl",
         absl::StrCat(grants->subject, ", ", grants->roles.size(),
                      grants->roles.size() == 1 ? " role" : " roles", ", good for another ",
                      RoughDuration(left), left < kExpirySoon ? " only" : ""));
  }

  void CheckService(const std::string& service) {
    const std::string& address = session_.suite().addresses.at(service);
    const std::string flag = absl::StrCat("--", service, "_address");
    const absl::Status listening = TryConnect(address, kConnectTimeout);
    if (!listening.ok()) {
      return Bad(ExitCode::kUnavailable, "address", service,
                 absl::StrCat("nothing answers at ", address, ": ", listening.message()),
                 absl::StrCat("start meso-", service, ", or correct ", flag,
                              " (deploy/up prints the addresses)"));
    }
    if (!CheckTls(service, address)) return;
    // What our clock says of certificates, calls would say again, less clearly.
    if (own_dated_) return;
    if (!CheckReady(service, address)) return;
    CheckRedis(service, address);
    CheckIdentityAndToken(service, address, flag);
  }

  // False when a call can't be made for TLS's sake.
  bool CheckTls(const std::string& service, const std::string& address) {
    if (absl::StartsWith(address, "unix:")) return true;
    if (tls_.empty()) {
      if (!SpeaksTls(address, kConnectTimeout)) return true;
      NeedsTls(service, absl::StrCat(address, " is reached with TLS and client certificates only"));
      return false;
    }
    if (!tls_usable_) return false;
    ShownCertificate shown;
    const absl::Status probed =
        ProbeTls(address, tls_, service, session_.clock().Now(), kConnectTimeout, &shown);
    if (probed.ok() && !own_dated_) return true;
    const bool no_tls = probed.code() == absl::StatusCode::kFailedPrecondition && !shown.dated &&
                        !SpeaksTls(address, kConnectTimeout);
    if (!no_tls && (shown.dated || own_dated_)) {
      CompareClockAnyway(service, address, shown.dated);
      return false;
    }
    if (no_tls) {
      Bad(ExitCode::kUsage, "certificate", service, absl::StrCat(address, ": it speaks no TLS"),
          "leave out --ca_file, --cert_file and --key_file (or MESO_CA_FILE, MESO_CERT_FILE and "
          "MESO_KEY_FILE), or correct the address");
      return false;
    }
    Bad(ExitCode::kNotAllowed, "certificate", service,
        absl::StrCat(address, ": ", probed.message()),
        "check that both sides' certificates are signed by the authority of --ca_file and have not "
        "expired, and that the address is this service's");
    return false;
  }

  // A certificate's dates are against our clock: the service's clock may decide which is wrong.
  void CompareClockAnyway(const std::string& service, const std::string& address,
                          bool theirs_dated) {
    ShownCertificate shown;
    const absl::Status probed =
        ProbeTls(address, tls_, service, std::nullopt, kConnectTimeout, &shown);
    if (theirs_dated && !shown.pem.empty()) {
      Bad(ExitCode::kNotAllowed, "certificate", service,
          OutOfDate(absl::StrCat(address, ": its certificate"), shown.facts,
                    session_.clock().Now()),
          kNextDated);
    }
    if (!probed.ok()) {
      return Bad(
          ExitCode::kNotAllowed, "certificate", service,
          absl::StrCat(address, ": ", probed.message()),
          "its clock can't be compared; compare the time shown with a clock you trust. When it "
          "is for its date that it does not take our certificate, our clock is right");
    }
    const absl::Time sent = session_.clock().Now();
    const absl::StatusOr<absl::Time> theirs =
        session_.client().ServerTime(service, shown.pem, ProbeOf(service));
    const absl::Time received = session_.clock().Now();
    if (!theirs.ok()) {
      return Bad(ExitCode::kUnavailable, "clock", service,
                 absl::StrCat("its clock can't be compared: ", theirs.status().message()),
                 "compare the time shown with a clock you trust");
    }
    CallFacts facts;
    facts.server_time = *theirs;
    if (CheckClock(service, facts, sent, received)) {
      Good("clock", service, "its clock agrees with this machine's");
    }
  }

  void NeedsTls(const std::string& service, absl::string_view found) {
    Bad(ExitCode::kNotAllowed, "certificate", service, found,
        "give --ca_file, --cert_file and --key_file");
  }

  // "" when nobody knows.
  std::string AdminPortOf(const std::string& service, const std::string& address) const {
    const auto admin = admin_ports_.find(service);
    const bool given = admin != admin_ports_.end() && !admin->second.empty();
    return given ? admin->second : DefaultAdminPort(address);
  }

  // A suite without its Redis is a slower one, not a broken one, so nobody would notice.
  void CheckRedis(const std::string& service, const std::string& address) {
    const std::string port = AdminPortOf(service, address);
    if (port.empty()) return;
    const auto page = ReadAdminPage(port, "/metrics", kConnectTimeout);
    if (!page.ok() || ReachesRedis(page->body).value_or(true)) return;
    Bad(ExitCode::kOk, "redis", service,
        "does not reach Redis: everything works without it, but events reach the others later and "
        "nothing is cached",
        absl::StrCat("start Redis, or correct --redis of meso-", service,
                     "; why it is not reached is in the service's log (\"Redis "
                     "cannot be used\")"));
  }

  bool CheckReady(const std::string& service, const std::string& address) {
    const absl::StatusOr<bool> serving = session_.client().IsServing(service);
    if (serving.status().code() == absl::StatusCode::kFailedPrecondition) {
      // A token never travels in the clear.
      NeedsTls(service, serving.status().message());
      return false;
    }
    if (!serving.ok()) {
      Bad(ExitCode::kUnavailable, "address", service,
          absl::StrCat("what answers at ", address, " is no service of the suite (",
                       serving.status().message(), ")"),
          absl::StrCat("correct --", service, "_address"));
      return false;
    }
    const std::string port = AdminPortOf(service, address);
    absl::StatusOr<HttpPage> page = absl::UnavailableError("not asked");
    if (!port.empty()) page = ReadAdminPage(port, "/readyz", kConnectTimeout);
    const bool said_no = page.ok() && page->status != 200;
    if (*serving && !said_no) return true;
    Bad(ExitCode::kUnavailable, "ready", service,
        absl::StrCat(
            address, " answers, but is not ready",
            said_no ? absl::StrCat(": ", page->body.substr(0, 200)) : " (it is stopping?)"),
        "wait a moment and look again; if it stays, its log says what its database lacks");
    return false;
  }

  void CheckIdentityAndToken(const std::string& service, const std::string& address,
                             const std::string& flag) {
    const auto method = FindMethod(ProbeOf(service));
    if (!method.ok()) return;
    const auto request = NewMessage(*(*method)->input_type());
    const auto answer = NewMessage(*(*method)->output_type());
    CallFacts facts;
    const absl::Time sent = session_.clock().Now();
    const absl::Status status =
        session_.client().Call(ProbeOf(service), token_, *request, answer.get(), "", &facts);
    const absl::Time received = session_.clock().Now();
    if (status.code() == absl::StatusCode::kUnimplemented) {
      return Bad(ExitCode::kUnavailable, "address", service,
                 absl::StrCat("another service answers at ", address),
                 absl::StrCat("correct ", flag));
    }
    Good("address", service, absl::StrCat(address, " answers, ready"));
    CheckClock(service, facts, sent, received);
    JudgeToken(service, status);
  }

  // False when it is a finding.
  bool CheckClock(const std::string& service, const CallFacts& facts, absl::Time sent,
                  absl::Time received) {
    if (!facts.server_time) return true;
    // Somewhere between the two the service looked at its clock.
    const absl::Time ours = sent + (received - sent) / 2;
    const absl::Duration skew = *facts.server_time - ours;
    const absl::Duration doubt = (received - sent) / 2;
    if (absl::AbsDuration(skew) <= kSkewMax + doubt) return true;
    clock_differs_ = true;
    Bad(ExitCode::kRefused, "clock", service,
        absl::StrCat("its clock is ", RoughDuration(absl::AbsDuration(skew)),
                     skew > absl::ZeroDuration() ? " ahead of" : " behind", " this machine's"),
        "set the wrong one (timedatectl shows whether time is synchronised); certificates, tokens "
        "and offers depend on it");
    return false;
  }

  void JudgeToken(const std::string& service, const absl::Status& status) {
    const std::string reason = ReasonOf(status);
    if (status.ok()) return Good("token", service, "accepts the token");
    if (status.code() == absl::StatusCode::kPermissionDenied) {
      return Good("token", service, "accepts the token; its roles suffice for other calls");
    }
    // Said once, above, of the token itself.
    if (reason == "TOKEN_MISSING" || (reason == "TOKEN_EXPIRED" && token_fails_by_time_) ||
        (reason == "TOKEN_INVALID" && token_malformed_)) {
      return;
    }
    if (reason == "TOKEN_EXPIRED" || (reason == "TOKEN_INVALID" && clock_differs_)) {
      return Bad(ExitCode::kNotAllowed, "token", service,
                 absl::StrCat("does not take the token now: ", status.message()),
                 clock_differs_ ? "set the clocks first, see above"
                                : "make a new one with `mesoctl admin token`");
    }
    if (reason == "TOKEN_INVALID") {
      return Bad(
          ExitCode::kNotAllowed, "token", service,
          absl::StrCat("refuses the token: ", status.message()),
          "it is forged, cut off, or of another suite: make one from the keys this suite was "
          "set up with (`mesoctl admin token --keys DIR`)");
    }
    if (reason == "CERTIFICATE_MISMATCH") {
      return Bad(ExitCode::kNotAllowed, "token", service,
                 absl::StrCat("token and certificate do not fit: ", status.message()),
                 "use the certificate that belongs to the token's subject");
    }
    Bad(ExitCodeOf(status), "call", service,
        absl::StrCat("refuses a plain reading call: ", status.message()),
        reason.empty() ? "look into the service's log"
                       : absl::StrCat("`mesoctl errors explain ", reason, "` says what to do"));
  }

  Session& session_;
  const std::map<std::string, std::string>& admin_ports_;
  TlsFiles tls_;
  bool tls_usable_ = true;
  bool own_dated_ = false;  // our certificate is good, but not at the time our clock shows
  std::string token_;
  bool token_fails_by_time_ = false;
  bool token_malformed_ = false;
  bool clock_differs_ = false;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> Diagnose(Session& session,
                              const std::map<std::string, std::string>& admin_ports) {
  return Doctor(session, admin_ports).Run();
}

}  // namespace meso::mesoctl
