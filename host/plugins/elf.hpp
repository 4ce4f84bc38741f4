// What can be said of a library by reading its bytes, before anything maps or runs it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace milepost::plugins {

/// Checks that `file` is a whole shared library for this machine, that it exports milepost_plugin_v1 and nothing else,
/// and needs no newer glibc than `glibc` ("2.36"). "" is good; else what is wrong, to follow the file's name: "speaks
/// ABI 3, this host speaks 1: …". Reads any bytes whatever. [any]
std::string check_elf(std::string_view file, std::string_view glibc);

/// What a library asks of others.
struct Imports {
  struct Symbol {
    std::string name, version;  ///< "memcpy", "GLIBC_2.14"; version "" where it asks for none
    bool weak = false;          ///< may stay open
  };
  std::vector<std::string> libraries;  ///< "libc.so.6"
  std::vector<Symbol> symbols;
  std::string glibc;  ///< the newest that it asks for: "2.34"; "" for none
};
/// REQUIRES: check_elf(file, …) found nothing wrong. [any]
Imports read_imports(std::string_view file);

}  // namespace milepost::plugins
