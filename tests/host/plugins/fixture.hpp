// What the tests of this folder share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "host/http/client.hpp"
#include "host/plugins/call.hpp"
#include "host/plugins/registry.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::plugins {

inline std::string good(const std::string& name) { return MILEPOST_BINARY_DIR "/tests/plugins/good/" + name + ".so"; }
inline std::string bad(const std::string& name) { return MILEPOST_BINARY_DIR "/tests/plugins/bad/" + name + ".so"; }

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// A folder of its own for each test, removed afterwards.
class Folder {
 public:
  Folder() {
    std::string name = ::testing::TempDir() + "milepost-plugins-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& name = "") const { return name.empty() ? path_ : path_ + "/" + name; }
  Folder& with(const std::string& library, const std::string& name) {
    std::filesystem::copy_file(library, path(name), std::filesystem::copy_options::overwrite_existing);
    return *this;
  }

 private:
  std::string path_;
};

/// A registry over libraries, and the services that instances need.
class PluginTest : public ::testing::Test {
 protected:
  void install(const std::string& library) {
    folder_.with(library, std::filesystem::path(library).filename().string());
    registry_ = Registry::discover({folder_.path()}, "", {}, {});
  }
  config::Connection connection(const std::string& use, const Json& with) const {
    config::Connection out;
    out.name = use + "-main";
    out.use = use;
    out.with.json = with;
    out.allow_private = true;
    return out;
  }
  /// REQUIRES: the connection is sound.
  std::unique_ptr<Account> account(const std::string& use, const Json& with) {
    auto made = registry_->account(connection(use, with), config::Secrets(), services_);
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return made ? std::move(*made) : nullptr;
  }
  static Event event(const std::string& id) {
    Event out;
    out.id = id;
    out.subject = "L-1001";
    out.payload = Document(std::string(R"({"amount": 25000.00, "big": 12345678901234567890123})"));
    return out;
  }

  Folder folder_;
  telemetry::ManualClock clock_{telemetry::from_micros(1'700'000'000'000'000)};
  http::Client client_;
  Services services_{&client_, &clock_, nullptr};
  std::unique_ptr<Registry> registry_;
};

}  // namespace milepost::plugins
