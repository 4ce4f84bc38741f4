// A loaded plugin library, and what lives in it. Loaded once by its digest, and kept until exit: one GNU-unique symbol
// is enough to make unloading a pretence.
#pragma once

#include <mutex>
#include <string>

#include "host/plugins/image.hpp"
#include "milepost/abi.h"
#include "milepost/error.hpp"

namespace milepost::plugins {

class Library {
 public:
  /// Loads the very bytes of `image` (RTLD_NOW, RTLD_LOCAL), or finds what was loaded from the same bytes before. The
  /// error (`permanent`) follows the file's name. [any]
  static Result<Library*> load(Image image);

  const mp_plugin& plugin() const { return *plugin_; }
  std::string abi() const;  ///< "1.0"
  std::string sdk() const;

  /// MANIFEST, CREATE and DESTROY run under it: one at a time for the library.
  std::mutex& control() { return control_; }

 private:
  Library(Image image, const mp_plugin* plugin) : image_(std::move(image)), plugin_(plugin) {}
  Image image_;
  const mp_plugin* plugin_;
  std::mutex control_;
};

/// Loads `path` through Boost.DLL and gives its table once that is found sound. One call at a time: for Library, and
/// for the pre-flight's child.
Result<const mp_plugin*> load_table(const std::string& path);

}  // namespace milepost::plugins
