# Run by the build (see MesoMigrations.cmake): writes STEM.h and STEM.cc with FUNCTION() from FILES.
string(REPLACE "|" ";" FILES "${FILES}")
string(TOUPPER "MESO_GENERATED_${COMPONENT}_MIGRATIONS_H_" guard)
file(WRITE ${STEM}.h "// The migrations of ${COMPONENT}, embedded at build time.
#ifndef ${guard}
#define ${guard}

#include <vector>

#include \"common/database/migrator.h\"

namespace meso {
std::vector<Migration> ${FUNCTION}();
}  // namespace meso

#endif  // ${guard}
")
set(rows "")
set(expected 1)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME_WE)
  if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z0-9_]+$")
    message(FATAL_ERROR "${file}: a migration is called NNNN_lower_case.sql")
  endif()
  math(EXPR number "1${CMAKE_MATCH_1} - 10000")
  if(NOT number EQUAL expected)
    message(FATAL_ERROR "${file}: the next migration must have number ${expected}")
  endif()
  math(EXPR expected "${expected} + 1")
  file(READ ${file} sql)
  string(APPEND rows "      {${number}, \"${name}\", R\"meso_sql(${sql})meso_sql\"},\n")
endforeach()
file(WRITE ${STEM}.cc "#include \"generated/${COMPONENT}_migrations.h\"

namespace meso {
std::vector<Migration> ${FUNCTION}() {
  return {
${rows}  };
}
}  // namespace meso
")
