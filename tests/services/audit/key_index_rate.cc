// What the key index costs and answers, on a log of any size: not a test, run by hand.
//
//   key_index_rate DATABASE ENTRIES
//
// Writes a log like a chain's: per entry one of 200 practitioners, one of 8 sites, one of
// ENTRIES / 50 patients, and two of three times an appointment; every tenth a lot. First through
// Append with checkpoints signed beside it, as the service does, with and without the keeper, then
// measures signing and proving. Prints one line per figure.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/clock.h"
#include "common/base/id_source.h"
#include "common/base/log.h"
#include "common/database/migrator.h"
#include "common/database/sqlite_database.h"
#include "generated/audit_migrations.h"
#include "services/audit/checkpoint_signer.h"
#include "services/audit/prove_operations.h"
#include "tests/services/audit/domain/entry_samples.h"

namespace meso::audit {
namespace {

using Clock = std::chrono::steady_clock;
double MsSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

class Salts final : public SaltSource {
 public:
  std::string NewSalt() override { return std::string(kSaltSize, 's'); }
};

Draft DraftOf(uint64_t sequence, uint64_t patients, std::mt19937_64& random) {
  Draft draft = SampleDraft(sequence);
  draft.keys.clear();
  draft.site = absl::StrCat("sites/s-", random() % 8);
  draft.on_behalf_of->subject = absl::StrCat("users/u-", random() % 200);
  const uint64_t patient = random() % patients;
  draft.keys.push_back({KeyKind::kPatient, absl::StrCat("patients/p-", patient)});
  if (sequence % 3 != 0) {
    draft.keys.push_back({KeyKind::kAppointment,
                          absl::StrFormat("sites/s-1/appointments/0198f2c4-0000-7000-8000-%012d",
                                          patient * 8 + random() % 8)});
  }
  if (sequence % 10 == 0) {
    draft.keys.push_back({KeyKind::kLot, absl::StrFormat("lots/0198f2c4-0000-7000-8000-%012d",
                                                         random() % (patients / 4 + 1))});
  }
  return draft;
}

void Fail(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::exit(1);
}

void PrintSpread(const char* what, std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  std::printf("%-34s p50 %8.3f ms  p99 %8.3f ms  max %8.3f ms  (%zu)\n", what, ms[ms.size() / 2],
              ms[ms.size() * 99 / 100], ms.back(), ms.size());
  std::fflush(stdout);
}

// One proof as the service makes it, its entries included; the entries it holds.
size_t Prove(Database& database, const ProveOperations& prove, const std::string& name) {
  CallContext call;
  std::unique_ptr<KeyExport> run;
  Fail(database.Read([&](Transaction& tx) -> absl::Status {
    auto begun = prove.BeginProof(tx, call, {name, true});
    if (begun.ok()) run = *std::move(begun);
    return begun.status();
  }));
  while (!run->done) {
    KeyExportStep step;
    Fail(database.Read([&](Transaction& tx) -> absl::Status {
      auto read = prove.ReadProofStep(tx, *run);
      if (read.ok()) step = *std::move(read);
      return read.status();
    }));
    Fail(ProveOperations::WriteProofStep(
        call, std::move(step), [] { return absl::OkStatus(); }, run.get()));
  }
  return run->entries.size();
}

void Run(const std::string& path, uint64_t entries, bool with_index) {
  SystemClock clock;
  Uuid7Source ids(clock);
  std::vector<double> held;
  SqliteOptions options{path, &clock};
  options.on_group = [&held](int, double held_ms) { held.push_back(held_ms); };
  auto opened = OpenSqliteDatabase(options);
  Fail(opened.status());
  Database& database = **opened;
  Fail(Migrate(database, "audit", AuditMigrations(), ids));
  Salts salts;
  PayloadVault vault(SampleMasters());
  Fail(database.Transact([&vault](Transaction& tx) { return vault.Open(tx); }));
  CheckpointSigner* signer_to_wake = nullptr;
  AuditOperations operations(clock, SamplePseudonyms(), SampleKey(), salts, vault, [&] {
    if (with_index && signer_to_wake != nullptr) signer_to_wake->Wake();
  });
  KeyIndexKeeper keeper(database);
  CheckpointSigner signer(database, operations, keeper);
  signer_to_wake = &signer;
  ProveOperations prove(clock, operations);
  if (with_index) {
    signer.Start();
    keeper.Start();
  }
  std::mt19937_64 random(1);
  const uint64_t patients = std::max<uint64_t>(1, entries / 50);
  std::vector<double> batches;
  double making = 0;
  const Clock::time_point begin = Clock::now();
  for (uint64_t at = 1; at <= entries;) {
    const Clock::time_point made = Clock::now();
    Batch batch{"scheduling", kEpoch, {}};
    for (; batch.drafts.size() < 1000 && at <= entries; ++at) {
      batch.drafts.push_back(DraftOf(at, patients, random));
    }
    making += MsSince(made);
    const Clock::time_point before = Clock::now();
    Fail(database.Transact([&](Transaction& tx) { return operations.Append(tx, batch).status(); }));
    batches.push_back(MsSince(before));
  }
  const double seconds = (MsSince(begin) - making) / 1000;
  std::printf("%s: %.0f entries/s appended in batches of 1000\n",
              with_index ? "with index" : "without   ", static_cast<double>(entries) / seconds);
  PrintSpread("  a batch", batches);
  PrintSpread("  the writer held", std::exchange(held, {}));
  if (!with_index) return;
  const Clock::time_point settled = Clock::now();
  signer.Stop();
  keeper.Stop();
  KeyIndexKeeper settler(database);
  Fail(settler.Recover());
  Fail(settler.Build(UINT64_MAX).status());
  for (bool more = true; more;) more = *settler.Merge();
  std::printf("index settled after another %.0f ms\n", MsSince(settled));
  uint64_t next = entries + 1;
  std::vector<double> signing;
  for (int i = 0; i < 200; ++i) {
    Batch batch{"scheduling", kEpoch, {DraftOf(next++, patients, random)}};
    Fail(database.Transact([&](Transaction& tx) { return operations.Append(tx, batch).status(); }));
    Fail(settler.Build(UINT64_MAX).status());
    Fail(database.Transact([&](Transaction& tx) -> absl::Status {
      const Clock::time_point before = Clock::now();
      const absl::Status status = operations.SignCheckpoint(tx);
      signing.push_back(MsSince(before));
      return status;
    }));
  }
  for (bool more = true; more;) more = *settler.Clear();
  PrintSpread("signing, tail 0 to 255", signing);
  std::vector<double> proving;
  std::vector<double> absent;
  size_t found = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string patient = absl::StrCat("patients/p-", random() % patients);
    Clock::time_point before = Clock::now();
    found += Prove(database, prove, patient);
    proving.push_back(MsSince(before));
    before = Clock::now();
    Prove(database, prove, absl::StrCat("patients/none-", i));
    absent.push_back(MsSince(before));
  }
  PrintSpread(absl::StrCat("proving ", found / 1000, " entries").c_str(), proving);
  PrintSpread("proving that there is none", absent);
  std::vector<double> actors;
  for (int i = 0; i < 5; ++i) {
    const Clock::time_point before = Clock::now();
    found = Prove(database, prove, absl::StrCat("users/u-", i));
    actors.push_back(MsSince(before));
  }
  PrintSpread(absl::StrCat("proving ", found, " entries").c_str(), actors);
  Fail(database.Read([](Transaction& tx) -> absl::Status {
    const auto cover = LoadIndexCover(tx);
    std::printf("%zu runs\n", cover->runs.size());
    return absl::OkStatus();
  }));
}

}  // namespace
}  // namespace meso::audit

int main(int argc, char** argv) {
  uint64_t entries = 0;
  if (argc != 3 || !absl::SimpleAtoi(argv[2], &entries)) return 2;
  meso::ConfigureLog("rate", meso::LogFormat::kText, meso::Severity::kWarning);
  meso::audit::Run(absl::StrCat(argv[1], ".plain"), entries, false);
  meso::audit::Run(argv[1], entries, true);
  return 0;
}
