# meso_text(target name file)
#
# Embeds a text file into the target as `absl::string_view meso::NamePascal()` in generated/NAME.h, so that a binary has its
# default content without a file beside it. The target must be a library with sources of its own. The file is at most 60 KB.
function(meso_text target name file)
  meso_pascal(pascal ${name})
  file(SIZE ${file} size)
  if(size GREATER 60000)
    message(FATAL_ERROR "meso_text(${target} ${name}): ${file} has ${size} bytes, more than a string literal may")
  endif()
  set(stem ${CMAKE_BINARY_DIR}/generated/${name})
  set(script ${CMAKE_SOURCE_DIR}/cmake/EmbedText.cmake)
  add_custom_command(
    OUTPUT ${stem}.cc ${stem}.h
    COMMAND ${CMAKE_COMMAND} -D NAME=${name} -D FUNCTION=${pascal} -D STEM=${stem} -D FILE=${file}
            -P ${script}
    DEPENDS ${file} ${script}
    VERBATIM)
  target_sources(${target} PRIVATE ${stem}.cc ${stem}.h)
  target_include_directories(${target} PUBLIC ${CMAKE_BINARY_DIR})
endfunction()
