# Migrations live as SQL files beside the store that needs them and travel inside the binary.
#
#   meso_library(inventory_store SOURCES inventory_store.cc DEPS common_database inventory_domain)
#   meso_migrations(inventory_store inventory ${CMAKE_CURRENT_SOURCE_DIR}/migrations)
#
# embeds every NNNN_name.sql of the directory into the target, which must be a library with sources
# of its own. It then offers, also to everything that links the target,
#
#   #include "generated/inventory_migrations.h"
#   std::vector<meso::Migration> meso::InventoryMigrations();   // component in PascalCase
#
# in the order of their numbers, ready for meso::Migrate. Numbers run 1, 2, ... without a gap, and
# a migration that has ever been released is never edited: add the next one. The files are found by
# their place, not listed: one forgotten in a list would be a database that lacks a table. Put the
# call inside the CMakeLists.txt of the target's own directory.

function(meso_migrations target component directory)
  meso_pascal(pascal ${component})
  file(GLOB files CONFIGURE_DEPENDS ${directory}/*.sql)
  list(SORT files)
  if(NOT files)
    message(FATAL_ERROR "meso_migrations(${target} ${component}): no *.sql in ${directory}")
  endif()
  set(stem ${CMAKE_BINARY_DIR}/generated/${component}_migrations)
  set(script ${CMAKE_SOURCE_DIR}/cmake/EmbedMigrations.cmake)
  list(JOIN files "|" joined)
  add_custom_command(
    OUTPUT ${stem}.cc ${stem}.h
    COMMAND ${CMAKE_COMMAND} -D COMPONENT=${component} -D FUNCTION=${pascal}Migrations
            -D STEM=${stem} "-DFILES=${joined}" -P ${script}
    DEPENDS ${files} ${script}
    VERBATIM)
  target_sources(${target} PRIVATE ${stem}.cc ${stem}.h)
  target_include_directories(${target} PUBLIC ${CMAKE_BINARY_DIR})
endfunction()
