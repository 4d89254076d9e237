# Run by the build (see MesoText.cmake): writes STEM.h and STEM.cc with FUNCTION() from FILE.
string(TOUPPER "MESO_GENERATED_${NAME}_H_" guard)
file(READ ${FILE} text)
file(WRITE ${STEM}.h "// A text embedded at build time.
#ifndef ${guard}
#define ${guard}

#include \"absl/strings/string_view.h\"

namespace meso {
absl::string_view ${FUNCTION}();
}  // namespace meso

#endif  // ${guard}
")
file(WRITE ${STEM}.cc "#include \"generated/${NAME}.h\"

namespace meso {
absl::string_view ${FUNCTION}() { return R\"meso_text(${text})meso_text\"; }
}  // namespace meso
")
