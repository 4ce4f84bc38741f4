# What a plugin's CMakeLists.txt calls, in the host's own tree and after find_package(milepost).

# milepost_add_plugin(NAME SOURCES...): a module with hidden visibility that exports one symbol, milepost_plugin_v1. It becomes
# plugins/NAME.so in the build folder, with a conformance.json of the source folder beside it, for `milepost plugins test`.
function(milepost_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE milepost::sdk)
  set_target_properties(${name} PROPERTIES
    PREFIX "" CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
  target_link_options(${name} PRIVATE
    LINKER:--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/conformance.json AND NOT name MATCHES "-sandbox$")
    configure_file(conformance.json ${CMAKE_BINARY_DIR}/plugins/${name}.conformance.json COPYONLY)
  endif()
  if(MILEPOST_PRECOMPILE)
    target_precompile_headers(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:<milepost/plugin.hpp$<ANGLE-R>>)
  endif()
  # clang's sanitizers leave their runtime's symbols open in a module.
  if(NOT MILEPOST_SANITIZE)
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
endfunction()

# milepost_add_conformance(NAME ARGUMENTS...): the ctest NAME.conformance, which proves the plugin by the host that came with the SDK;
# the arguments are those of `milepost plugins test`. docs/conformance.md says what it needs.
function(milepost_add_conformance name)
  if(TARGET milepost)
    set(host milepost)
  elseif(MILEPOST_EXECUTABLE)
    set(host ${MILEPOST_EXECUTABLE})
  else()
    message(FATAL_ERROR "milepost_add_conformance(${name}): this SDK came without a host: set MILEPOST_EXECUTABLE to a milepost")
  endif()
  add_test(NAME ${name}.conformance COMMAND ${host} plugins test $<TARGET_FILE:${name}> ${ARGN})
  set_tests_properties(${name}.conformance PROPERTIES TIMEOUT 600)
endfunction()

# milepost_install_plugins(NAMES...): where a host under the same prefix finds them, with the samples that tell `milepost test` what
# their doubles take.
function(milepost_install_plugins)
  install(TARGETS ${ARGN} LIBRARY DESTINATION lib/milepost/plugins COMPONENT plugins)
  foreach(name IN LISTS ARGN)
    install(FILES ${CMAKE_BINARY_DIR}/plugins/${name}.conformance.json DESTINATION lib/milepost/plugins COMPONENT plugins OPTIONAL)
  endforeach()
endfunction()
