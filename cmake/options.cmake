# What every target shares. Warnings are one interface target, linked PRIVATE; nothing global but the language.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# Some libraries ask for these; precompiled headers want them to be the same everywhere.
add_compile_options(-pthread)
add_compile_definitions(_FILE_OFFSET_BITS=64)

include(CTest)

option(MILEPOST_WERROR "Treat warnings as errors" OFF)
option(MILEPOST_FUZZ "Build the libFuzzer targets (clang only)" OFF)
set(MILEPOST_SANITIZE "" CACHE STRING "Sanitizers for everything: address,undefined or thread")

add_library(milepost_warnings INTERFACE)
target_compile_options(milepost_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False for std::string's operator+ in gcc 12 (its bug 105651).
  target_compile_options(milepost_warnings INTERFACE -Wno-restrict)
endif()
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Several files compiled as one look like a header with unnamed namespaces in it.
  target_compile_options(milepost_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()
if(MILEPOST_WERROR)
  target_compile_options(milepost_warnings INTERFACE -Werror)
endif()

# A sanitizer only works when every object has it, so this one is global.
if(MILEPOST_SANITIZE)
  add_compile_options(-fsanitize=${MILEPOST_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MILEPOST_SANITIZE})
endif()

# mold links a test binary in a tenth of bfd's time.
find_program(MILEPOST_MOLD mold)
if(MILEPOST_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()

find_program(MILEPOST_CCACHE ccache)
if(MILEPOST_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${MILEPOST_CCACHE})
  # What it needs to cache files that use precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${MILEPOST_CCACHE})
endif()
