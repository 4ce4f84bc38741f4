#include "host/cli/scaffold.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "host/cli/tool.hpp"

namespace milepost::cli {

namespace fs = std::filesystem;

namespace {

/// A folder that is gone when this is, unless it was kept.
class Draft {
 public:
  explicit Draft(const fs::path& pattern) : path_(pattern.string()) { made_ = ::mkdtemp(path_.data()) != nullptr; }
  ~Draft() {
    std::error_code ignored;
    if (made_) fs::remove_all(path_, ignored);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  bool made() const { return made_; }
  fs::path path() const { return path_; }
  void keep() { made_ = false; }

 private:
  std::string path_;
  bool made_ = false;
};

std::unexpected<Error> missing(std::string what) { return fail(ErrorKind::permanent, std::move(what)); }

std::string first_lines(const std::string& text) {
  std::size_t end = 0;
  for (int lines = 0; lines < 12 && end < text.size(); ++lines)
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
  return text.substr(0, end);
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += by.size()) text.replace(at, what.size(), by);
  return text;
}

/// "loan-desk" as LoanDesk, LOAN_DESK.
std::string pascal(const std::string& name) {
  std::string out;
  bool upper = true;
  for (const char c : name) {
    if (c == '-' || c == '_') {
      upper = true;
      continue;
    }
    out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = false;
  }
  return out;
}

/// The template's own names become the wanted ones.
std::string filled(std::string text, const Scaffold& wanted, const Sdk& sdk) {
  text = replaced(std::move(text), "deliver_it", wanted.action);
  text = replaced(std::move(text), "DeliverIt", pascal(wanted.action));
  text = replaced(std::move(text), "acme", wanted.name);
  text = replaced(std::move(text), "Acme", pascal(wanted.name));
  if (!sdk.prefix.empty()) text = replaced(std::move(text), "HINTS /usr/local", "HINTS " + sdk.prefix.string());
  return text;
}

}  // namespace

Sdk find_sdk() {
  std::error_code fault;
  const auto beside = fs::read_symlink("/proc/self/exe", fault).parent_path();
  Sdk sdk;
  const auto prefix = beside.parent_path();
  for (const auto& templates :
       {prefix / "share/milepost/template", prefix.parent_path().parent_path() / "sdk/template"})
    if (sdk.templates.empty() && fs::is_directory(templates, fault)) sdk.templates = templates;
  if (fs::is_directory(prefix / "lib/cmake/milepost", fault)) sdk.prefix = prefix;
  return sdk;
}

std::string check_plugin_name(const std::string& name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  if (name.empty() || name.size() > 64 || name[0] < 'a' || name[0] > 'z' || !std::ranges::all_of(name, fits))
    return "\"" + name + "\" cannot be a name: lower-case letters, digits, \"_\" and \"-\", a letter first, at most 64";
  if (name.ends_with("-sandbox")) return "\"" + name + "\": a name must not end in -sandbox, which is the double's";
  return "";
}

Status check_toolchain(const Sdk& sdk) {
  if (sdk.templates.empty())
    return missing("the SDK's templates are not beside this host: install it (cmake --install BUILD --prefix PREFIX)");
  if (!run_tool({"cmake", "--version"}).ok())
    return missing("cmake is not found: install CMake 3.25 or later (apt-get install cmake)");
  const Draft draft(fs::temp_directory_path() / "milepost-toolchain-XXXXXX");
  if (!draft.made()) return missing("no temporary folder can be made in " + fs::temp_directory_path().string());
  const char* named = std::getenv("CXX");
  const std::string compiler = named != nullptr && *named != '\0' ? named : "c++";
  const auto probe = draft.path() / "probe.cpp";
  std::ofstream(probe) << "#include <expected>\nstd::expected<int, int> f() { return 1; }\n";
  const auto compiled = run_tool({compiler, "-std=c++23", "-fsyntax-only", probe.string()});
  if (compiled.status == 127)
    return missing(compiler + " is not found: install g++ 12 or later (apt-get install g++), or set CXX");
  if (!compiled.ok())
    return missing(compiler + " does not compile C++23: install g++ 12 or later, or set CXX\n" +
                   first_lines(compiled.output));
  std::ofstream(draft.path() / "CMakeLists.txt")
      << "cmake_minimum_required(VERSION 3.25)\nproject(probe LANGUAGES CXX)\nfind_package(milepost 0.1 REQUIRED"
      << (sdk.prefix.empty() ? "" : " HINTS " + sdk.prefix.string()) << ")\n"
      << "if(NOT TARGET GTest::gtest_main)\n  find_package(GTest REQUIRED)\nendif()\n";
  const auto configured = run_tool({"cmake", "-S", draft.path().string(), "-B", (draft.path() / "build").string()});
  if (!configured.ok())
    return missing(
        "a plugin cannot be configured here: the SDK needs CMake 3.25, nlohmann/json and GoogleTest (apt-get install "
        "nlohmann-json3-dev libgmock-dev), and "
        "to be installed itself\n" +
        first_lines(configured.output));
  return {};
}

Result<std::vector<std::string>> write_scaffold(const Scaffold& wanted, const Sdk& sdk) {
  const auto target = wanted.in / wanted.name;
  const auto from = sdk.templates / wanted.kind;
  std::error_code fault;
  if (fs::exists(fs::symlink_status(target, fault)))
    return missing(target.string() + " is there already: choose another name, or remove it");
  if (!fs::is_directory(from, fault)) return missing("the SDK has no template " + from.string());
  Draft draft(wanted.in / ("." + wanted.name + "-XXXXXX"));
  if (!draft.made())
    return missing("nothing can be written in " + fs::absolute(wanted.in).string() +
                   ": check that it is there, and its permissions");
  std::vector<std::string> files;
  const auto copy = [&](const fs::path& folder) -> Status {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      auto name = filled(entry.path().lexically_relative(folder).string(), wanted, sdk);
      if (name == "gitignore") name = ".gitignore";
      const auto to = draft.path() / name;
      fs::create_directories(to.parent_path());
      std::ifstream in(entry.path(), std::ios::binary);
      std::ofstream out(to, std::ios::binary);
      out << filled(std::string(std::istreambuf_iterator<char>(in), {}), wanted, sdk) << std::flush;
      if (!in || !out) return missing(to.string() + " cannot be written");
      const bool secret = to.filename() == "secrets.yaml";
      fs::permissions(to, secret ? fs::perms::owner_read | fs::perms::owner_write : fs::perms(0644));
      files.push_back(name);
    }
    return {};
  };
  try {
    for (const auto& folder : {sdk.templates / "shared", from})
      if (const auto copied = copy(folder); !copied) return fail(copied.error());
    fs::permissions(draft.path(), fs::perms(0755));
    fs::rename(draft.path(), target);
  } catch (const fs::filesystem_error& thrown) {
    return missing(thrown.what());
  }
  draft.keep();
  std::ranges::sort(files);
  return files;
}

}  // namespace milepost::cli
