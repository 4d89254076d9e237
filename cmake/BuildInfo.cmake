# Run by every build (see MesoBuildInfo.cmake): writes OUTPUT, the facts about this build as C++ constants, and
# touches it only when one has changed. REVISION stays "unknown" outside a git checkout.
set(revision "unknown")
set(modified false)
if(GIT AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${GIT} -C ${SOURCE} rev-parse --verify HEAD OUTPUT_VARIABLE head
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(revision ${head})
    execute_process(COMMAND ${GIT} -C ${SOURCE} status --porcelain --untracked-files=no
                    OUTPUT_VARIABLE changes ERROR_QUIET)
    if(changes)
      set(modified true)
    endif()
  endif()
endif()
file(SHA256 ${CONTRACT} contract_hash)
string(REPLACE "|" ";" libraries "${LIBRARIES}")
set(rows "")
foreach(library IN LISTS libraries)
  string(REGEX MATCH "^([^=]*)=(.*)$" unused ${library})
  string(APPEND rows "    {\"${CMAKE_MATCH_1}\", \"${CMAKE_MATCH_2}\"},\n")
endforeach()
set(text "// Written by the build: what these binaries were made from.
#include \"common/process/build_info.h\"

namespace meso {

const BuildFacts& ThisBuild() {
  static const BuildFacts& facts = *new BuildFacts{
      \"${VERSION}\", \"${revision}\", ${modified}, \"${BUILD_TYPE}\", \"${COMPILER}\",
      \"${contract_hash}\", {
${rows}  }};
  return facts;
}

}  // namespace meso
")
set(before "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT text STREQUAL before)
  file(WRITE ${OUTPUT} "${text}")
endif()
