# What a plugin's CMakeLists.txt calls, in the host's own tree and after find_package(milepost).

# milepost_add_plugin(NAME SOURCES...): a module with hidden visibility that exports one symbol, milepost_plugin_v1. It becomes
# plugins/NAME.so in the build folder.
function(milepost_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE milepost::sdk)
  set_target_properties(${name} PROPERTIES
    PREFIX "" CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
  target_link_options(${name} PRIVATE
    LINKER:--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  if(MILEPOST_PRECOMPILE)
    target_precompile_headers(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:<milepost/plugin.hpp$<ANGLE-R>>)
  endif()
  # clang's sanitizers leave their runtime's symbols open in a module.
  if(NOT MILEPOST_SANITIZE)
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
endfunction()

# milepost_install_plugins(NAMES...): where a host under the same prefix finds them.
function(milepost_install_plugins)
  install(TARGETS ${ARGN} LIBRARY DESTINATION lib/milepost/plugins COMPONENT plugins)
endfunction()
