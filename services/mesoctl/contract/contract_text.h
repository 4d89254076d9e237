// Reads the comments of the contract from a descriptor set with source info: what each element
// means, and the errors of each RPC.
//
// An error line of a comment is `CODE / REASON[, REASON...]: when; what to do`, continued on lines
// that are indented further. Used by the build (contract_text_main.cc), which writes the tables of
// api_text.h and proto/errors.md. Pure.
#ifndef MESO_SERVICES_MESOCTL_CONTRACT_CONTRACT_TEXT_H_
#define MESO_SERVICES_MESOCTL_CONTRACT_CONTRACT_TEXT_H_

#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meso::mesoctl {

struct ErrorLine {
  std::string reason;
  std::string code;
  std::string method;  // full name; "" = any method
  std::string text;
  bool operator==(const ErrorLine& other) const { return Fields() == other.Fields(); }
  bool operator<(const ErrorLine& other) const { return Fields() < other.Fields(); }

 private:
  std::tuple<const std::string&, const std::string&, const std::string&, const std::string&>
  Fields() const {
    return {reason, code, method, text};
  }
};

struct ContractText {
  std::map<std::string, std::string> comments;  // by full name, without their error lines
  std::vector<ErrorLine> errors;                // sorted
};

// Takes a comment apart: what is said, and the error lines, `method` filled in.
std::string SplitComment(absl::string_view comment, const std::string& method,
                         std::vector<ErrorLine>* errors);

// Errors: INVALID_ARGUMENT when the set is incomplete or an error line names an unknown code.
absl::StatusOr<ContractText> ReadContractText(const google::protobuf::FileDescriptorSet& files);

// A C++ file that defines ApiComments and ErrorNotes.
std::string AsSource(const ContractText& text);

// The table of all errors for people.
std::string AsMarkdown(const ContractText& text);

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_CONTRACT_CONTRACT_TEXT_H_
