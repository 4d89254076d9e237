// Run by the build: contract_text SET SOURCE MARKDOWN writes the tables of the contract's comments;
// contract_text --check SET MARKDOWN compares a committed table with a fresh one.
#include <fstream>
#include <iostream>
#include <iterator>

#include "services/mesoctl/contract/contract_text.h"

namespace {

bool Write(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  return file.good();
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() != 3) {
    std::cerr << "usage: contract_text SET SOURCE MARKDOWN\n"
                 "       contract_text --check SET MARKDOWN\n";
    return 2;
  }
  const bool check = words[0] == "--check";
  std::ifstream input(words[check ? 1 : 0], std::ios::binary);
  google::protobuf::FileDescriptorSet files;
  if (!files.ParseFromIstream(&input)) {
    std::cerr << "contract_text: cannot read the descriptor set\n";
    return 2;
  }
  const auto text = meso::mesoctl::ReadContractText(files);
  if (!text.ok()) {
    std::cerr << "contract_text: " << text.status().message() << "\n";
    return 1;
  }
  const std::string markdown = meso::mesoctl::AsMarkdown(*text);
  if (!check) return Write(words[1], AsSource(*text)) && Write(words[2], markdown) ? 0 : 1;
  std::ifstream committed(words[2], std::ios::binary);
  if (std::string(std::istreambuf_iterator<char>(committed), {}) == markdown) return 0;
  std::cerr << words[2] << " is not what the protos say; write it with: ninja error_table\n";
  return 1;
}
