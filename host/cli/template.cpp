// `milepost template`: copies of templates, made and brought up to date.
#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "host/cli/command.hpp"
#include "host/deploy/deployment.hpp"
#include "host/deploy/write_file.hpp"
#include "host/cli/table.hpp"
#include "host/cli/tool.hpp"
#include "host/config/fault_text.hpp"
#include "host/config/files.hpp"
#include "host/config/templates.hpp"
#include "host/config/yaml.hpp"

namespace milepost::cli {
namespace {

namespace fs = std::filesystem;
using Params = std::map<std::string, std::string>;

constexpr std::size_t kMostCopy = 1 << 20;  // bytes

std::string root_of(const Arguments& arguments) { return fs::absolute(arguments.folder()).lexically_normal().string(); }

/// The folder's templates; faults of theirs are told on standard error.
std::map<std::string, config::Template> templates_of(const std::string& root) {
  config::Faults faults;
  auto out = config::load_templates(root, faults);
  if (!faults.empty()) fmt::print(stderr, "{}", config::render(faults, root, ::isatty(STDERR_FILENO) != 0));
  return out;
}

int no_template(const std::string& name, const std::map<std::string, config::Template>& all) {
  std::vector<std::string> names;
  for (const auto& [each, unused] : all) names.push_back(each);
  const auto near = config::nearest(name, names);
  return failed({ErrorKind::permanent, "there is no template \"" + name + "\"" + (near.empty() ? "; `milepost template list` shows those of the folder" : "; did you mean \"" + near + "\"?")});
}

/// Whole or not at all, and durable.
Status put(const fs::path& path, const std::string& content) {
  std::error_code fault;
  fs::create_directories(path.parent_path(), fault);
  return deploy::write_file(path.string(), content);
}

/// "k=v" lines of --set.
Result<Params> params_of(const std::string& typed) {
  Params out;
  for (std::size_t start = 0; start < typed.size();) {
    const auto end = std::min(typed.find('\n', start), typed.size());
    const auto one = typed.substr(start, end - start);
    start = end + 1;
    const auto equals = one.find('=');
    if (equals == one.npos || equals == 0) return fail(ErrorKind::permanent, "--set " + one + " is not NAME=VALUE");
    if (!out.emplace(one.substr(0, equals), one.substr(equals + 1)).second) return fail(ErrorKind::permanent, "the parameter " + one.substr(0, equals) + " is set twice");
  }
  return out;
}

/// A temporary file that is gone in the end.
class Scratch {
 public:
  explicit Scratch(const std::string& content) : path_(fs::temp_directory_path() / fmt::format("milepost-{}-{}", ::getpid(), count_++)) { std::ofstream(path_, std::ios::binary) << content; }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  std::string path() const { return path_.string(); }

 private:
  static inline int count_ = 0;
  fs::path path_;
};

std::string difference(const std::string& before, const std::string& after, const std::string& file) {
  const Scratch old(before), made(after);
  return run_tool({"diff", "-u", "--label", "a/" + file, "--label", "b/" + file, old.path(), made.path()}).output;
}

struct Copy {
  std::string file, text;
  config::Copied from;
};

/// A pipeline's file by its file's name.
Result<Copy> copy_named(const std::string& root, const std::string& name) {
  const auto file = "pipelines/" + name + ".yaml";
  const auto content = config::read_file(fs::path(root) / file, kMostCopy);
  if (!content) return fail(ErrorKind::permanent, file + " cannot be read: " + content.error().message);
  config::Faults faults;
  const auto document = config::yaml::parse(*content, file, faults);
  if (document == nullptr || document->root == nullptr) return fail(ErrorKind::permanent, file + " is no YAML: see `milepost check`");
  auto from = config::copied_from(*document->root);
  if (!from) return fail(ErrorKind::permanent, file + " is a copy of no template: it has no `template:`");
  return Copy{file, *content, std::move(*from)};
}

/// The folder as it would be with a few other files: links to what is there. Gone in the end.
class Overlay {
 public:
  Overlay(const std::string& root, const std::map<std::string, std::string>& files) {
    auto name = (fs::temp_directory_path() / "milepost-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return;
    path_ = name;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(root, ignored)) link(entry.path(), path_ / entry.path().filename());
    for (const auto& [file, content] : files) {
      fs::create_directories((path_ / file).parent_path(), ignored);
      fs::remove(path_ / file, ignored);
      std::ofstream(path_ / file, std::ios::binary) << content;
    }
  }
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;
  ~Overlay() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  std::string path() const { return path_.string(); }

 private:
  /// Folders in which a file may be another are folders of our own.
  static void link(const fs::path& from, const fs::path& to) {
    std::error_code ignored;
    const auto name = to.filename();
    if (name != "pipelines" && name != "templates" && name != "kept") return fs::create_symlink(from, to, ignored);
    fs::create_directory(to, ignored);
    for (const auto& entry : fs::directory_iterator(from, ignored)) link(entry.path(), to / entry.path().filename());
  }

  fs::path path_;
};

/// Puts a copy and what it was made of, if the folder has no fault in the copy then; nothing otherwise.
int put_checked(const std::string& root, const std::string& file, const std::string& content, const config::Template& from) {
  const auto kept = config::kept_path(from.name, from.version);
  // Others are copies of it: under another text their upgrade would take the template's edits for theirs.
  if (const auto before = config::read_file(fs::path(root) / kept, kMostCopy); before ? *before != from.text : !before.error().missing)
    return failed({ErrorKind::permanent, before ? from.file + " was edited and still says version " + std::to_string(from.version) + ": count its version up"
                                                : kept + " cannot be read: " + before.error().message});
  const Overlay later(root, {{file, content}, {kept, from.text}});
  config::Faults faults;
  for (const auto& fault : deploy::load(later.path(), false).faults)
    if (!fault.warning && fault.at.file == file) faults.push_back(fault);
  if (!faults.empty()) {
    fmt::print(stderr, "{}", config::render(faults, later.path(), ::isatty(STDERR_FILENO) != 0));
    return failed({ErrorKind::permanent, file + " was not written: it would have these faults"});
  }
  if (auto done = put(fs::path(root) / kept, from.text); !done) return failed(done.error());
  if (auto done = put(fs::path(root) / file, content); !done) return failed(done.error());
  return kDone;
}

}  // namespace

int template_list(const Arguments& arguments) {
  const auto all = templates_of(root_of(arguments));
  Json list = Json::array();
  Table table({"TEMPLATE", "VERSION", "PARAMETERS", "WHAT"});
  for (const auto& [name, one] : all) {
    std::string params;
    for (const auto& [key, unused] : one.params["properties"].items()) params += (params.empty() ? "" : ", ") + key;
    table.add({name, std::to_string(one.version), params, one.description});
    list.push_back({{"name", name}, {"version", one.version}, {"file", one.file}, {"description", one.description}, {"params", one.params}, {"locked", one.locked}});
  }
  if (arguments.json()) fmt::print("{}\n", text(list));
  else if (table.empty()) fmt::print("no templates: they lie under templates/\n");
  else fmt::print("{}", table.text());
  return kDone;
}

int template_show(const Arguments& arguments) {
  if (arguments.positional.size() != 1) return wrong_use("name one template: milepost template show NAME");
  const auto all = templates_of(root_of(arguments));
  const auto found = all.find(arguments.positional[0]);
  if (found == all.end()) return no_template(arguments.positional[0], all);
  const auto& one = found->second;
  if (arguments.json()) {
    fmt::print("{}\n", text(Json{{"name", one.name}, {"version", one.version}, {"description", one.description}, {"params", one.params}, {"locked", one.locked}}));
    return kDone;
  }
  fmt::print("{}, version {}: {}\n\n", one.name, one.version, one.description);
  Table table({"PARAMETER", "TYPE", "DEFAULT", "WHAT"});
  for (const auto& [key, rule] : one.params["properties"].items()) {
    auto type = get<std::string>(rule, "/type").value_or("");
    if (const Json* words = find(rule, "/enum")) {
      type.clear();
      for (const auto& each : *words) type += (type.empty() ? "" : ", ") + (each.is_string() ? each.get<std::string>() : text(each));
    }
    const Json* standard = find(rule, "/default");
    table.add({key, type, standard == nullptr ? "(must be set)" : standard->is_string() ? standard->get<std::string>() : text(*standard), get<std::string>(rule, "/description").value_or("")});
  }
  std::string locked;
  for (const auto& each : one.locked) locked += (locked.empty() ? "" : ", ") + each;
  fmt::print("{}\nlocked: {}\n", table.text(), locked.empty() ? "nothing" : locked);
  return kDone;
}

int template_new(const Arguments& arguments) {
  if (arguments.positional.size() != 2) return wrong_use("name a template and the new pipeline: milepost template new TEMPLATE NAME --set PARAMETER=VALUE");
  const auto root = root_of(arguments);
  const auto all = templates_of(root);
  const auto found = all.find(arguments.positional[0]);
  if (found == all.end()) return no_template(arguments.positional[0], all);
  const auto& from = found->second;
  const auto params = params_of(arguments.get("set"));
  if (!params) return wrong_use(params.error().message);
  const auto& name = arguments.positional[1];
  const auto file = "pipelines/" + name + ".yaml";
  if (name.find('/') != name.npos || name.starts_with('.')) return wrong_use("\"" + name + "\" cannot be a pipeline's file");
  std::error_code ignored;
  if (fs::exists(fs::path(root) / file, ignored)) return failed({ErrorKind::permanent, file + " is there already: choose another name"});
  if (const int done = put_checked(root, file, config::copy_text(from, *params), from); done != kDone) return done;
  if (arguments.json()) fmt::print("{}\n", text(Json{{"file", file}, {"template", from.name}, {"version", from.version}}));
  else fmt::print("{}: a copy of {}, version {}\n", file, from.name, from.version);
  return kDone;
}

int template_upgrade(const Arguments& arguments) {
  if (arguments.positional.size() != 1) return wrong_use("name one pipeline's file: milepost template upgrade NAME");
  const auto root = root_of(arguments);
  const auto copy = copy_named(root, arguments.positional[0]);
  if (!copy) return failed(copy.error());
  const auto all = templates_of(root);
  const auto newest = all.find(copy->from.name);
  if (newest == all.end()) return no_template(copy->from.name, all);
  config::Faults faults;
  const auto base = config::kept_template(root, copy->from.name, copy->from.version, faults);
  if (!base) return failed({ErrorKind::permanent, "what " + copy->file + " is a copy of is not kept: " + config::kept_path(copy->from.name, copy->from.version)});
  if (newest->second.version == copy->from.version) {
    if (newest->second.text != base->text)
      return failed({ErrorKind::permanent, newest->second.file + " was edited and still says version " + std::to_string(base->version) + ": count its version up"});
    if (arguments.has("set")) return failed({ErrorKind::permanent, copy->file + " is up to date, so nothing is set: write its parameters under template.params"});
    fmt::print("{} is up to date: {}, version {}\n", copy->file, copy->from.name, copy->from.version);
    return kDone;
  }
  // Parameters that are typed now join those that the copy has.
  auto params = copy->from.params;
  const auto added = params_of(arguments.get("set"));
  if (!added) return wrong_use(added.error().message);
  for (const auto& [key, value] : *added) params[key] = value;
  const Scratch mine(copy->text), old(config::copy_text(*base, copy->from.params)), theirs(config::copy_text(newest->second, params));
  const auto merged = run_tool({"diff3", "-m", "-L", copy->file + " as it is here", "-L", fmt::format("{}, version {}", base->name, base->version), "-L",
                                fmt::format("{}, version {}", base->name, newest->second.version), mine.path(), old.path(), theirs.path()});
  if (merged.status == 1) {
    fmt::print("{}\n", merged.output);
    return failed({ErrorKind::permanent, "an edit here and one of the template meet at the marks above; " + copy->file + " was left as it is: edit it so that they no longer do, and upgrade again"});
  }
  if (!merged.ok()) return failed({ErrorKind::permanent, merged.status == 127 ? "there is no diff3 on this machine (Debian: diffutils)" : "diff3: " + merged.output});
  fmt::print("{}", difference(copy->text, merged.output, copy->file));
  if (arguments.has("dry-run")) return kDone;
  if (const int done = put_checked(root, copy->file, merged.output, newest->second); done != kDone) return done;
  fmt::print("\n{}: {}, version {} -> {}; what was edited here is kept\n", copy->file, base->name, base->version, newest->second.version);
  return kDone;
}

/// `milepost template TEMPLATE NAME --set …`, and `milepost template new-branch …` for the template branch.
int template_short(const Arguments& arguments) {
  if (arguments.positional.empty()) return wrong_use("say which: milepost template list, show, new or upgrade");
  auto full = arguments;
  auto& name = full.positional[0];
  const auto all = templates_of(root_of(arguments));
  if (!all.contains(name) && name.starts_with("new-") && all.contains(name.substr(4))) name = name.substr(4);
  if (!all.contains(name)) return no_template(name, all);
  if (full.positional.size() == 1) {
    // Named after what it was told, such as branch-duluth.
    const auto params = params_of(arguments.get("set"));
    if (!params) return wrong_use(params.error().message);
    auto made = name;
    for (const auto& [key, value] : *params) made += "-" + value;
    full.positional.push_back(made);
  }
  return template_new(full);
}

}  // namespace milepost::cli
