// A loaded plugin library, and what lives in it. Loaded once by its digest, and kept until exit: one GNU-unique symbol
// is enough to make unloading a pretence.
#pragma once

#include <string>

#include "host/plugins/image.hpp"
#include "host/plugins/runner.hpp"
#include "milepost/abi.h"
#include "milepost/error.hpp"

namespace milepost::plugins {

class Library final : public Runner {
 public:
  /// Loads the very bytes of `image` (RTLD_NOW, RTLD_LOCAL), or finds what was loaded from the same bytes before. The
  /// error (`permanent`) follows the file's name. [any]
  static Result<Library*> load(Image image);

  const mp_plugin& plugin() const { return *plugin_; }
  std::string abi() const;  ///< "1.0"
  std::string sdk() const;

  Result<Life> alive() override { return Life{1}; }  // as long as ours
  Result<detail::Outcome> cross(Life life, const Crossing& crossing) override;

  /// The bytes that were loaded.
  const Image& image() const { return image_; }

 private:
  Library(Image image, const mp_plugin* plugin) : image_(std::move(image)), plugin_(plugin) {}
  Image image_;
  const mp_plugin* plugin_;
};

/// Loads `path` through Boost.DLL and gives its table once that is found sound. One call at a time: for Library, and
/// for the pre-flight's child.
Result<const mp_plugin*> load_table(const std::string& path);

}  // namespace milepost::plugins
