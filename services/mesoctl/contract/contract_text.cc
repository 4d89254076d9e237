#include "services/mesoctl/contract/contract_text.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "google/rpc/code.pb.h"

namespace meso::mesoctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::EnumDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using google::protobuf::SourceLocation;

constexpr char kOurPackages[] = "meso/";
// The errors of this message's comment belong to every method.
constexpr char kAccess[] = "meso.options.v1.Access";
// A row of the table names at most so many methods.
constexpr size_t kMethodsShown = 3;

bool IsUpperSnake(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isupper(static_cast<unsigned char>(c)) || c == '_' ||
           absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

// Adds what one joined error line says; false when it is none.
bool AddErrors(absl::string_view line, const std::string& method, std::vector<ErrorLine>* errors) {
  const size_t slash = line.find(" / ");
  const size_t colon = line.find(": ");
  if (slash == absl::string_view::npos || colon == absl::string_view::npos || colon < slash) {
    return false;
  }
  const absl::string_view code = line.substr(0, slash);
  std::vector<absl::string_view> reasons =
      absl::StrSplit(line.substr(slash + 3, colon - slash - 3), ',');
  for (absl::string_view& reason : reasons) reason = absl::StripAsciiWhitespace(reason);
  if (!IsUpperSnake(code) || !std::all_of(reasons.begin(), reasons.end(), IsUpperSnake)) {
    return false;
  }
  for (const absl::string_view reason : reasons) {
    errors->push_back({std::string(reason), std::string(code), method,
                       std::string(absl::StripAsciiWhitespace(line.substr(colon + 2)))});
  }
  return true;
}

bool BeginsError(absl::string_view line) {
  const size_t slash = line.find(" / ");
  return slash != absl::string_view::npos && IsUpperSnake(line.substr(0, slash));
}

class Reader {
 public:
  explicit Reader(ContractText& text) : text_(text) {}

  void Add(const FileDescriptor& file) {
    for (int i = 0; i < file.message_type_count(); ++i) Add(*file.message_type(i));
    for (int i = 0; i < file.enum_type_count(); ++i) Add(*file.enum_type(i));
    for (int i = 0; i < file.service_count(); ++i) Add(*file.service(i));
  }

 private:
  template <typename Element>
  void AddComment(const Element& element, const std::string& name, const std::string& method = "") {
    SourceLocation location;
    if (!element.GetSourceLocation(&location)) return;
    std::vector<ErrorLine> errors;
    text_.comments[name] = SplitComment(location.leading_comments, method, &errors);
    if (!method.empty() || name == kAccess) {
      text_.errors.insert(text_.errors.end(), errors.begin(), errors.end());
    }
  }
  void Add(const Descriptor& message) {
    AddComment(message, message.full_name());
    for (int i = 0; i < message.field_count(); ++i) {
      AddComment(*message.field(i), message.field(i)->full_name());
    }
    for (int i = 0; i < message.enum_type_count(); ++i) Add(*message.enum_type(i));
    for (int i = 0; i < message.nested_type_count(); ++i) Add(*message.nested_type(i));
  }
  void Add(const EnumDescriptor& type) {
    AddComment(type, type.full_name());
    for (int i = 0; i < type.value_count(); ++i) {
      // A value's own full name leaves out the enum's.
      AddComment(*type.value(i), absl::StrCat(type.full_name(), ".", type.value(i)->name()));
    }
  }
  void Add(const ServiceDescriptor& service) {
    AddComment(service, service.full_name());
    for (int i = 0; i < service.method_count(); ++i) {
      const MethodDescriptor& method = *service.method(i);
      AddComment(method, method.full_name(), method.full_name());
    }
  }

  ContractText& text_;
};

absl::Status CheckCodes(const ContractText& text) {
  for (const ErrorLine& line : text.errors) {
    google::rpc::Code code;
    if (google::rpc::Code_Parse(line.code, &code)) continue;
    return absl::InvalidArgumentError(absl::StrCat(line.method, ": an error line begins with ",
                                                   line.code, ", which is no gRPC code"));
  }
  return absl::OkStatus();
}

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", absl::CEscape(text), "\""); }

std::string ShortMethod(const std::string& full_name) {
  if (full_name.empty()) return "any";
  const std::vector<std::string> parts = absl::StrSplit(full_name, '.');
  return absl::StrCat(parts[parts.size() - 2], ".", parts.back());
}

// Rows of the same reason and text become one.
struct Row {
  std::string code;
  std::string text;
  std::vector<std::string> methods;
};

std::string MethodsCell(const std::vector<std::string>& methods) {
  const size_t shown = std::min(methods.size(), kMethodsShown);
  std::string cell =
      absl::StrJoin(methods.begin(), methods.begin() + static_cast<long>(shown), ", ");
  if (methods.size() > shown) absl::StrAppend(&cell, " and ", methods.size() - shown, " more");
  return cell;
}

void AppendRows(const std::string& reason, const std::vector<Row>& rows, std::string& out) {
  bool first = true;
  for (const Row& row : rows) {
    absl::StrAppend(&out, "| ", first ? reason : "", " | ", first ? row.code : "", " | ",
                    absl::StrReplaceAll(row.text, {{"|", "\\|"}}), " | ", MethodsCell(row.methods),
                    " |\n");
    first = false;
  }
}

}  // namespace

std::string SplitComment(absl::string_view comment, const std::string& method,
                         std::vector<ErrorLine>* errors) {
  std::string said;
  std::string error;
  const auto end_error = [&] {
    if (!error.empty() && !AddErrors(error, method, errors)) absl::StrAppend(&said, error, "\n");
    error.clear();
  };
  bool paragraph_ended = false;
  for (absl::string_view line : absl::StrSplit(comment, '\n')) {
    absl::ConsumePrefix(&line, " ");
    const bool indented = absl::StartsWith(line, "  ");
    const absl::string_view words = absl::StripAsciiWhitespace(line);
    if (!error.empty() && indented && !words.empty()) {
      absl::StrAppend(&error, " ", words);
      continue;
    }
    end_error();
    if (words.empty()) {
      paragraph_ended = true;
    } else if (BeginsError(words)) {
      error = std::string(words);
    } else if (!absl::StartsWith(words, "Errors") || words.back() != ':') {
      if (!said.empty()) said += paragraph_ended ? "\n" : " ";
      absl::StrAppend(&said, words);
      paragraph_ended = false;
    }
  }
  end_error();
  return said;
}

absl::StatusOr<ContractText> ReadContractText(const google::protobuf::FileDescriptorSet& files) {
  DescriptorPool pool;
  ContractText text;
  Reader reader(text);
  for (const auto& file : files.file()) {
    const FileDescriptor* built = pool.BuildFile(file);
    if (built == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("the descriptor set is incomplete: ", file.name(), " can't be read"));
    }
    if (absl::StartsWith(file.name(), kOurPackages)) reader.Add(*built);
  }
  std::sort(text.errors.begin(), text.errors.end());
  text.errors.erase(std::unique(text.errors.begin(), text.errors.end()), text.errors.end());
  MESO_RETURN_IF_ERROR(CheckCodes(text));
  return text;
}

std::string AsSource(const ContractText& text) {
  std::string out =
      "// Generated from the comments of the protos.\n"
      "#include \"services/mesoctl/contract/api_text.h\"\n\n"
      "namespace meso::mesoctl {\nnamespace {\n\n"
      "constexpr ApiComment kComments[] = {\n";
  for (const auto& [name, comment] : text.comments) {
    absl::StrAppend(&out, "    {", Quoted(name), ", ", Quoted(comment), "},\n");
  }
  absl::StrAppend(&out, "};\n\nconstexpr ErrorNote kErrors[] = {\n");
  for (const ErrorLine& line : text.errors) {
    absl::StrAppend(&out, "    {", Quoted(line.code), ", ", Quoted(line.reason), ", ",
                    Quoted(line.method), ", ", Quoted(line.text), "},\n");
  }
  absl::StrAppend(&out,
                  "};\n\n}  // namespace\n\n"
                  "absl::Span<const ApiComment> ApiComments() { return kComments; }\n"
                  "absl::Span<const ErrorNote> ErrorNotes() { return kErrors; }\n\n"
                  "}  // namespace meso::mesoctl\n");
  return out;
}

std::string AsMarkdown(const ContractText& text) {
  std::map<std::string, std::vector<Row>> table;
  for (const ErrorLine& line : text.errors) {
    std::vector<Row>& rows = table[line.reason];
    const auto same = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
      return row.code == line.code && row.text == line.text;
    });
    if (same == rows.end()) {
      rows.push_back({line.code, line.text, {ShortMethod(line.method)}});
    } else {
      same->methods.push_back(ShortMethod(line.method));
    }
  }
  std::string out =
      "# The errors\n\n"
      "Generated from the comments of the protos (`ninja error_table` writes it; a test compares "
      "it). "
      "`mesoctl errors explain REASON`\nsays the same offline. A reason is the `ErrorInfo.reason` "
      "of the status' details.\n\n"
      "| reason | code | when; what to do | methods |\n|---|---|---|---|\n";
  for (auto& [reason, rows] : table) {
    std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
      return a.methods.size() > b.methods.size();
    });
    AppendRows(reason, rows, out);
  }
  return out;
}

}  // namespace meso::mesoctl
