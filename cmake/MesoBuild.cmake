# Compiler settings and the two shapes of target: a room (meso_library) and its test (meso_test).
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
add_compile_options(-pthread)
add_link_options(-pthread)

find_program(MESO_CCACHE ccache)
if(MESO_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${MESO_CCACHE})
endif()
find_program(MESO_MOLD mold)
if(MESO_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

set(MESO_LIBRARY_KIND STATIC)

# Generated code and system headers are not ours: this target carries the settings for what is.
add_library(meso_options INTERFACE)
add_library(meso_hardening INTERFACE)
target_compile_options(meso_options INTERFACE -Wall -Wextra -Werror -Wno-missing-field-initializers)
# GCC 12 at -O2 sees overlapping, endless or overlong copies where a std::string is assigned (GCC bugs 105651, 105329).
foreach(warning restrict stringop-overflow stringop-overread array-bounds)
  target_compile_options(meso_options INTERFACE $<$<CONFIG:Release>:-Wno-${warning}>)
endforeach()
target_include_directories(meso_options INTERFACE ${CMAKE_SOURCE_DIR})
if(MESO_FAILPOINTS)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    message(FATAL_ERROR "MESO_FAILPOINTS is for tests; a release is built without it")
  endif()
  target_compile_definitions(meso_options INTERFACE MESO_FAILPOINTS=1)
endif()
if(MESO_SANITIZE)
  add_compile_options(-fsanitize=${MESO_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MESO_SANITIZE})
  # Half of the code and a fifth of the compiling time. A null pointer ends the program under the address sanitizer anyway, and only
  # characters are reinterpreted here.
  add_compile_options(-fno-sanitize=null,alignment)
  # Some 250 programs with everything in each would be 13 GB, and most of the time to link them goes into writing that.
  set(MESO_LIBRARY_KIND SHARED)
  if(MESO_SANITIZE MATCHES address)
    # Protobuf's code, and long to compile. What it has of templates must not stand in for ours, which are checked.
    set(MESO_GENERATED_FLAGS -fno-sanitize=all -fvisibility-inlines-hidden)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-fstack-protector-strong -D_FORTIFY_SOURCE=2)
endif()
if(MESO_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "MESO_FUZZ needs clang: cmake --preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
include(CheckPIESupported)
check_pie_supported()
add_link_options(-Wl,-z,relro,-z,now)

# Most of a build's time goes into reading the same library headers for every file, so they are compiled once per kind of
# code: position-independent (rooms, generated code) and for programs (tests). What is here may be included without cost; every
# file still includes what it uses, which -DMESO_PRECOMPILE=OFF and clang-tidy check.
option(MESO_PRECOMPILE "Compile the most used library headers once" ON)
set(MESO_COMMON_HEADERS
    <algorithm> <chrono> <cstdint> <functional> <map> <memory> <mutex> <optional> <set> <string> <thread> <utility>
    <variant> <vector> <absl/container/flat_hash_map.h> <absl/status/statusor.h> <absl/strings/match.h>
    <absl/strings/numbers.h> <absl/strings/str_cat.h> <absl/strings/str_join.h> <absl/strings/str_split.h>
    <absl/synchronization/mutex.h> <absl/time/civil_time.h> <absl/time/time.h> <absl/types/span.h>
    <google/protobuf/descriptor.h> <google/protobuf/generated_message_reflection.h> <google/protobuf/map_field.h>
    <google/protobuf/message.h> <google/protobuf/timestamp.pb.h> <grpcpp/grpcpp.h>
    <grpcpp/impl/codegen/client_callback.h> <grpcpp/impl/codegen/server_callback_handlers.h>)
# meso_precompile(KIND FLAGS [TARGETS ...] [HEADERS ...]): the headers as code of this kind needs them, compiled with the flags.
function(meso_precompile kind flags)
  cmake_parse_arguments(ARG "" "" "TARGETS;HEADERS" ${ARGN})
  set(empty ${CMAKE_BINARY_DIR}/generated/empty.cc)
  file(CONFIGURE OUTPUT ${empty} CONTENT "// Only carries precompiled headers.\n")
  add_library(precompiled_${kind} OBJECT ${empty})
  target_precompile_headers(precompiled_${kind} PRIVATE ${MESO_COMMON_HEADERS} ${ARG_HEADERS})
  target_compile_options(precompiled_${kind} PRIVATE ${flags})
  target_link_libraries(precompiled_${kind} PRIVATE gRPC::grpc++ protobuf::libprotobuf meso_options ${ARG_TARGETS})
endfunction()
if(MESO_PRECOMPILE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  meso_precompile(rooms "")
  if(MESO_GENERATED_FLAGS)
    meso_precompile(generated "${MESO_GENERATED_FLAGS}")
  endif()
  if(MESO_TESTS)
    meso_precompile(tests -fPIE TARGETS GTest::gmock GTest::gtest HEADERS <gmock/gmock.h> <gtest/gtest.h>)
    set_target_properties(precompiled_tests PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  endif()
endif()

# The thread sanitizer must be told what the locks of an uninstrumented library do.
if(MESO_SANITIZE STREQUAL "thread")
  add_library(tsan_absl OBJECT ${CMAKE_SOURCE_DIR}/tests/support/tsan_absl.cc)
  target_link_libraries(tsan_absl PRIVATE absl::synchronization)
  add_compile_options(-Wno-tsan)  # a fence in a header of Abseil's flags, which the sanitizer does not follow
  set(MESO_IN_EVERY_PROGRAM tsan_absl)  # its objects, not an archive that a linker leaves out
endif()

# meso_precompiled(TARGET KIND): KIND is rooms, generated or tests.
function(meso_precompiled target kind)
  if(kind STREQUAL "generated")
    target_compile_options(${target} PRIVATE ${MESO_GENERATED_FLAGS})
    if(NOT MESO_GENERATED_FLAGS)
      set(kind rooms)
    endif()
  endif()
  if(TARGET precompiled_${kind})
    target_precompile_headers(${target} REUSE_FROM precompiled_${kind})
  endif()
endfunction()

# meso_library(NAME SOURCES a.cc ... DEPS target ...): one room.
function(meso_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(ARG_SOURCES)
    set(kind ${MESO_LIBRARY_KIND})
    if(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${CMAKE_SOURCE_DIR}/tests")
      set(kind STATIC)  # some hold assertions, and a program has one GoogleTest
    endif()
    add_library(${name} ${kind} ${ARG_SOURCES})
    set_target_properties(${name} PROPERTIES DEFINE_SYMBOL "")  # or the precompiled headers would not fit
    target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE meso_options)
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
    meso_precompiled(${name} rooms)
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARG_DEPS})
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR})
  endif()
endfunction()

# meso_executable(NAME SOURCES main.cc DEPS target ...).
function(meso_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${MESO_IN_EVERY_PROGRAM} ${ARG_DEPS} meso_options)
endfunction()

# meso_test(NAME SOURCES x_test.cc ... DEPS target ... [TIMEOUT s] [LABELS l] [ENV k=v]): one test binary, one ctest.
# The binary's name is the path below tests/ with underscores, so it is unique.
function(meso_test name)
  cmake_parse_arguments(ARG "SERIAL" "TIMEOUT" "SOURCES;DEPS;LABELS;ENV" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${MESO_IN_EVERY_PROGRAM} ${ARG_DEPS} meso_options GTest::gmock GTest::gtest
                                        GTest::gtest_main)
  meso_precompiled(${name} tests)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(MESO_SANITIZE)
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 6")
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  if(ARG_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
  endif()
  if(ARG_LABELS)
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
  endif()
  if(ARG_ENV)
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "${ARG_ENV}")
  endif()
endfunction()

include(MesoPascal)
include(MesoMigrations)  # meso_migrations(): SQL files embedded in a store
include(MesoText)        # meso_text(): a text file embedded in a library
