// How the demo speaks: numbered chapters, sentences, what was checked, refusals, tables.
//
// Plain text of about 100 columns; colours only when asked for (a terminal). One thread.
#ifndef MESO_SERVICES_MESOCTL_NARRATIVE_H_
#define MESO_SERVICES_MESOCTL_NARRATIVE_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace meso::mesoctl {

class Narrative {
 public:
  Narrative(std::ostream& out, bool color) : out_(out), color_(color) {}

  // A numbered heading with a line above.
  void Chapter(int number, absl::string_view title);
  // A sentence or more, wrapped.
  void Say(absl::string_view text);
  // Something that was verified, or went as it should.
  void Good(absl::string_view text);
  // Something the suite refused, as it should.
  void Refused(absl::string_view text);
  // A detail below the last sentence.
  void Item(absl::string_view text);
  // Columns as wide as their widest cell; the first row is the heading. No wrapping.
  void Table(const std::vector<std::vector<std::string>>& rows);
  // A line as it is, for copying.
  void Verbatim(absl::string_view text);
  void Blank();

 private:
  void Wrapped(absl::string_view first, absl::string_view rest, absl::string_view text);
  std::string Paint(absl::string_view code, absl::string_view text) const;

  std::ostream& out_;
  const bool color_;
};

}  // namespace meso::mesoctl

#endif  // MESO_SERVICES_MESOCTL_NARRATIVE_H_
