# The facts /buildinfo shows: meso_build_info(TARGET) makes them a library of its own, so that a new commit costs one
# small file and the links.
find_package(Git QUIET)

function(meso_build_info target)
  set(output ${CMAKE_BINARY_DIR}/generated/build_info.cc)
  set(script ${CMAKE_SOURCE_DIR}/cmake/BuildInfo.cmake)
  set(contract ${CMAKE_BINARY_DIR}/generated/contract.binpb)
  # prometheus-cpp says its version nowhere.
  set(libraries "abseil=${absl_VERSION}" "gRPC=${gRPC_VERSION}" "OpenSSL=${OPENSSL_VERSION}"
      "protobuf=${Protobuf_VERSION}" "SQLite=${SQLite3_VERSION}")
  file(STRINGS ${MESO_HTTPLIB_INCLUDE}/httplib.h line REGEX "define CPPHTTPLIB_VERSION")
  string(REGEX MATCH "[0-9.]+" httplib "${line}")
  list(APPEND libraries "cpp-httplib=${httplib}")
  set(hiredis "")
  foreach(part MAJOR MINOR PATCH)
    file(STRINGS ${MESO_HIREDIS_INCLUDE}/hiredis/hiredis.h line REGEX "define HIREDIS_${part} ")
    string(REGEX MATCH "[0-9]+" number "${line}")
    list(APPEND hiredis ${number})
  endforeach()
  list(JOIN hiredis "." hiredis)
  list(APPEND libraries "hiredis=${hiredis}")
  list(JOIN libraries "|" joined)
  add_custom_target(${target}_facts
    COMMAND ${CMAKE_COMMAND} -D SOURCE=${CMAKE_SOURCE_DIR} -D OUTPUT=${output} -D CONTRACT=${contract}
            -D "GIT=${GIT_EXECUTABLE}" -D VERSION=${PROJECT_VERSION} -D BUILD_TYPE=${CMAKE_BUILD_TYPE}
            -D "COMPILER=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}" -D "LIBRARIES=${joined}"
            -P ${script}
    BYPRODUCTS ${output}
    DEPENDS ${script} ${contract}
    COMMENT "Noting what this build is made from"
    VERBATIM)
  add_library(${target} STATIC ${output})
  add_dependencies(${target}_facts api_descriptors)
  add_dependencies(${target} ${target}_facts)
  target_link_libraries(${target} PRIVATE meso_options)
endfunction()
