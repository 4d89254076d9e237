// Run by the build on the descriptors of each service: contract_check SET STAMP. Exit 1 and one
// line per broken rule, or an empty STAMP file and exit 0.
#include <fstream>
#include <iostream>

#include "proto/contract_rules.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: contract_check DESCRIPTOR_SET STAMP\n";
    return 2;
  }
  std::ifstream input(argv[1], std::ios::binary);
  google::protobuf::FileDescriptorSet files;
  if (!files.ParseFromIstream(&input) || files.file_size() == 0) {
    std::cerr << "contract_check: cannot read " << argv[1] << "\n";
    return 2;
  }
  const std::vector<std::string> broken = meso::BrokenRules(files);
  for (const std::string& line : broken) std::cerr << line << "\n";
  if (!broken.empty()) return 1;
  return std::ofstream(argv[2]) ? 0 : 2;
}
