// The fuzz target over its corpus and a fixed number of mutations of it, the same in every run.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace meso {
namespace {

constexpr int kMutations = 40000;

void Feed(const std::string& scan) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(scan.data()), scan.size());
}

std::vector<std::string> Corpus() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator("tests/fuzz/corpus/gs1")) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> scans;
  for (const std::string& path : paths) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    scans.push_back(text.str());
  }
  return scans;
}

// One to four changes: a flipped bit, another byte, a cut, a repeated or foreign piece.
std::string Mutate(std::string scan, const std::vector<std::string>& corpus, std::mt19937& random) {
  static const std::string kTelling = "^\x1d()[]{}\\/%?&=#+|]0123456789";
  const auto below = [&random](size_t limit) { return limit == 0 ? 0 : random() % limit; };
  for (size_t changes = 1 + below(4); changes > 0; --changes) {
    const size_t at = below(scan.size() + 1);
    const std::string& other = corpus[below(corpus.size())];
    switch (below(6)) {
      case 0:
        if (at < scan.size()) scan[at] = static_cast<char>(scan[at] ^ (1 << below(8)));
        break;
      case 1:
        if (at < scan.size()) scan[at] = static_cast<char>(random());
        break;
      case 2:
        scan.resize(at);
        break;
      case 3:
        scan.insert(at, 1, kTelling[below(kTelling.size())]);
        break;
      case 4:
        scan.insert(at, other.substr(below(other.size())));
        break;
      default:
        scan.erase(at, below(5));
    }
  }
  return scan;
}

TEST(Gs1FuzzTest, ReadsTheCorpusAgainAsItWasRead) {
  const std::vector<std::string> corpus = Corpus();
  EXPECT_GE(corpus.size(), 20);
  for (const std::string& scan : corpus) Feed(scan);
}

TEST(Gs1FuzzTest, SurvivesEveryTruncationAndEveryFlippedBitOfTheCorpus) {
  for (const std::string& scan : Corpus()) {
    for (size_t size = 0; size < scan.size(); ++size) Feed(scan.substr(0, size));
    for (size_t bit = 0; bit < scan.size() * 8; ++bit) {
      std::string flipped = scan;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      Feed(flipped);
    }
  }
}

TEST(Gs1FuzzTest, SurvivesMutationsOfTheCorpus) {
  const std::vector<std::string> corpus = Corpus();
  std::mt19937 random(20260930);  // NOLINT(cert-msc51-cpp): the same in every run
  for (int i = 0; i < kMutations; ++i)
    Feed(Mutate(corpus[random() % corpus.size()], corpus, random));
}

}  // namespace
}  // namespace meso
