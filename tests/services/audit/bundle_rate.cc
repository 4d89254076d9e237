// How fast a bundle is verified: writes one of a whole log to a file and verifies it from there.
//
//   audit_bundle_rate [--entries N] [--file FILE] [--payloads=false]
//
// A program, not a test. Leaves are of typical size: one patient in 50,000, an appointment per four
// entries, a lot, two actors, a site. Prints the rate, the processor time of the verifying thread
// and of the index's, raw SHA-256 over as many bytes in the same run, and the most memory there
// was.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <optional>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "services/audit/domain/bundle.h"
#include "services/audit/domain/key_index.h"
#include "tests/services/audit/domain/entry_samples.h"

ABSL_FLAG(uint64_t, entries, 1'000'000, "Entries of the log");
ABSL_FLAG(std::string, file, "/tmp/audit_bundle_rate.bundle",
          "Where the bundle is written; removed");
ABSL_FLAG(bool, payloads, true, "Include payloads");

namespace meso::audit {
namespace {

Draft DraftOf(uint64_t index) {
  Draft draft = SampleDraft(index + 1);
  const uint64_t mixed = index * 0x9E3779B97F4A7C15ull >> 20;
  draft.site = absl::StrCat("sites/site-", mixed % 10);
  draft.on_behalf_of = Actor{absl::StrCat("users/u", mixed % 200), {"front_desk"}, ""};
  draft.object.name =
      absl::StrFormat("%s/appointments/0198f2c4-0000-7000-8000-%012d", draft.site, index / 4);
  draft.keys = {{KeyKind::kLot, absl::StrFormat("lots/0198f2c4-0000-7000-8000-%012d", mixed % 500)},
                {KeyKind::kAppointment, draft.object.name},
                {KeyKind::kPatient, absl::StrCat("patients/PT-", mixed % 50'000)}};
  return draft;
}

// Runs as a log of this size has them: merged by 16 from 256 entries up.
std::vector<uint64_t> RunEnds(uint64_t size) {
  std::vector<uint64_t> ends;
  uint64_t begin = 0;
  for (uint64_t width = uint64_t{256} << 12; width >= 256; width /= 16) {
    for (; begin + width <= size; begin += width) ends.push_back(begin + width);
  }
  if (begin < size) ends.push_back(size);
  return ends;
}

// Writes the log twice over: the index stands before the entries and needs them.
void WriteBundle(uint64_t size, bool payloads, const std::string& path) {
  Hasher hasher;
  const PseudonymKey pseudonyms = SamplePseudonyms();
  const auto seal = [&](uint64_t i) {
    return Seal(DraftOf(i), {"scheduling", kEpoch, i + 1}, i, pseudonyms, SampleSalt(i), hasher);
  };
  std::vector<IndexRun> runs;
  Tree tree(hasher);
  uint64_t begin = 0;
  for (const uint64_t end : RunEnds(size)) {
    RunBuilder builder(begin);
    for (uint64_t i = begin; i < end; ++i) {
      const SealedEntry sealed = seal(i);
      builder.Add(i, sealed.leaf.keys);
      tree.Append(hasher.Leaf(sealed.leaf_bytes));
    }
    runs.push_back(SealRun(begin, end, builder.Finish(hasher), hasher));
    begin = end;
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  BundleWriter writer;
  writer.Begin({"meso.test/audit", size, 1, "", payloads});
  writer.AddCheckpoint(SignCheckpoint(size, tree.Root(), IndexRoot(runs, hasher), *SampleKey()));
  writer.AddIndex(runs);
  Tree again(hasher);
  for (uint64_t i = 0; i < size; ++i) {
    const SealedEntry sealed = seal(i);
    BundleEntry entry;
    entry.index = i;
    entry.leaf = sealed.leaf_bytes;
    for (const Hash& hash : again.Append(hasher.Leaf(sealed.leaf_bytes))) {
      entry.hashes += HashBytes(hash);
    }
    if (payloads) PutPayload(sealed.parts, sealed.leaf.schema_version, &entry);
    writer.AddEntry(entry);
    if (writer.size() > 1 << 20) file << writer.Take();
  }
  writer.End();
  file << writer.Take();
}

// Of the calling thread or of the whole process.
double ProcessorSeconds(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double RawSeconds(uint64_t bytes) {
  Hasher hasher;
  const std::string block(64 * 1024, 'x');
  const absl::Time begin = absl::Now();
  hasher.Begin();
  for (uint64_t done = 0; done < bytes; done += block.size()) hasher.Add(block);
  hasher.End();
  return absl::ToDoubleSeconds(absl::Now() - begin);
}

int Run() {
  const uint64_t size = absl::GetFlag(FLAGS_entries);
  const std::string path = absl::GetFlag(FLAGS_file);
  const pid_t child = fork();  // so that writing does not count as memory of verifying
  if (child == 0) {
    WriteBundle(size, absl::GetFlag(FLAGS_payloads), path);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  std::ifstream in(path, std::ios::binary);
  const absl::Time begin = absl::Now();
  const double own_begin = ProcessorSeconds(CLOCK_THREAD_CPUTIME_ID);
  const double all_begin = ProcessorSeconds(CLOCK_PROCESS_CPUTIME_ID);
  const VerifyReport report = VerifyBundle(in, {SampleKey()->verifier()}, nullptr);
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  const double own = ProcessorSeconds(CLOCK_THREAD_CPUTIME_ID) - own_begin;
  const double all = ProcessorSeconds(CLOCK_PROCESS_CPUTIME_ID) - all_begin;
  in.clear();
  in.seekg(0, std::ios::end);
  const auto bytes = static_cast<uint64_t>(in.tellg());
  unlink(path.c_str());
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const double raw = RawSeconds(bytes);
  std::cout << report.problem
            << absl::StrFormat("%d entries of %d bytes, index %s: %.2f s = %.0f entries/s\n",
                               report.entries, bytes / size,
                               report.index_derived ? "derived" : "not derived", seconds,
                               static_cast<double>(size) / seconds)
            << absl::StrFormat(
                   "processor: verifying %.2f s = %.0f entries/s of one core, index %.2f s; raw "
                   "SHA-256 of the bytes %.2f s; memory %d MB\n",
                   own, static_cast<double>(size) / own, all - own, raw, usage.ru_maxrss / 1024);
  return report.ok ? 0 : 1;
}

}  // namespace
}  // namespace meso::audit

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return meso::audit::Run();
}
