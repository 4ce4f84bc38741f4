#include "host/config/load.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>
#include <vector>

#include "host/config/fault_codes.hpp"
#include "host/config/files.hpp"
#include "host/config/links.hpp"
#include "host/config/mapping.hpp"
#include "host/config/readers.hpp"
#include "host/config/side_by_side.hpp"
#include "host/config/systems.hpp"
#include "host/config/templates.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostYamlBytes = 1 << 20;

void add(Faults& faults, std::string_view code, Position at, std::string message, std::string remedy = {},
         bool warning = false) {
  faults.push_back({std::string(code), std::move(at), "", std::move(message), std::move(remedy), warning});
}

void sort(Faults& faults) {
  std::ranges::stable_sort(faults, {}, [](const Fault& fault) {
    return std::tuple(std::cref(fault.at.file).get(), fault.at.line, fault.at.column, fault.code);
  });
}

std::string where(const Position& at) { return at.file + " line " + std::to_string(at.line); }

/// One YAML file: its document, and the report that its readers write to.
struct File {
  std::unique_ptr<yaml::Document> document;  ///< nullptr: not readable
  Report report;
};

File parse(std::string_view text, const std::string& name, Faults& faults) {
  const auto before = faults.size();
  File file{yaml::parse(text, name, faults), Report(name, faults)};
  if (faults.size() != before) file.report.spoil();
  return file;
}

File open(const std::string& root, const std::string& name, Faults& faults) {
  const auto content = read_file(fs::path(root) / name, kMostYamlBytes);
  if (content) return parse(*content, name, faults);
  add(faults, content.error().too_large ? code::kTooLarge : code::kUnreadable, {name, 0, 0},
      "the file cannot be read: " + content.error().message);
  return {nullptr, Report(name, faults)};
}

/// The *.yaml of a folder, as paths from the root. No folder is no files.
std::vector<std::string> yaml_files(const std::string& root, const std::string& folder, Faults& faults) {
  std::vector<std::string> out;
  const auto names = list_folder(fs::path(root) / folder);
  if (!names && !names.error().missing)
    add(faults, code::kUnreadable, {folder, 0, 0}, "the folder cannot be read: " + names.error().message);
  if (!names) return out;
  for (const auto& name : *names) {
    const auto file = folder + "/" + name;
    if (name.ends_with(".yaml"))
      out.push_back(file);
    else if (name.ends_with(".yml"))
      add(faults, code::kIgnoredFile, {file, 0, 0}, "the file is not read: its name does not end in .yaml",
          "rename it to end in .yaml", true);
  }
  return out;
}

/// Two of one name: which one is meant cannot be known, so neither is used.
class Names {
 public:
  Names(std::string_view code, std::string kind) : code_(code), kind_(std::move(kind)) {}
  /// `owner` is left out when `name` is taken, and so is who took it first.
  void claim(const std::string& name, const std::string& owner, const Position& at, const std::string& path,
             Faults& faults) {
    const auto [first, fresh] = taken_.try_emplace(name, owner, at);
    if (fresh) return;
    faults.push_back({std::string(code_), at, path,
                      kind_ + " " + in_quotes(name) + " is taken already, in " + where(first->second.second),
                      "give one of them another", false});
    excluded_.insert({owner, first->second.first});
  }
  const std::set<std::string>& excluded() const { return excluded_; }

 private:
  std::string_view code_;
  std::string kind_;
  std::map<std::string, std::pair<std::string, Position>> taken_;
  std::set<std::string> excluded_;
};

class Loader {
 public:
  Loader(std::string root, const Catalog& catalog, Loaded& out)
      : out_(out),
        secrets_(Secrets::load(root, out.folder.host.secrets, out.faults)),
        context_{.catalog = catalog,
                 .secrets = secrets_,
                 .secrets_from = out.folder.host.secrets,
                 .schema_files = {root, out.faults}},
        templates_(root),
        root_(std::move(root)) {}

  void run() {
    load_templates(root_, out_.faults);
    connections();
    pipelines();
    out_.folder.schemas = context_.schema_files.take();
  }

 private:
  /// Names first, so that a connection with a fault is still one that steps may name.
  void connections() {
    std::vector<std::pair<std::string, File>> files;
    Names names(code::kDuplicateConnection, "the name");
    for (const auto& path : yaml_files(root_, "connections", out_.faults)) {
      files.emplace_back(path, open(root_, path, out_.faults));
      declare(path, files.back().second, names);
    }
    for (auto& [path, file] : files) {
      if (file.document == nullptr || !check_root(file.document->root, "connection", file.report)) continue;
      auto connection = read_connection(*file.document->root, file.report, context_);
      if (!connection || !file.report.clean() || names.excluded().contains(connection->name)) continue;
      out_.folder.connections.emplace(connection->name, std::move(*connection));
    }
  }

  void declare(const std::string& path, const File& file, Names& names) {
    const auto text = [&](const char* key) -> const yaml::Node* {
      if (file.document == nullptr || file.document->root == nullptr) return nullptr;
      const auto* value = file.document->root->find(key);
      return value != nullptr && value->scalar() ? value : nullptr;
    };
    const auto* name = text("connection");
    const auto* use = text("use");
    if (name == nullptr) {
      // Most likely the name: then what refers to it is not reported as well.
      context_.connections.try_emplace(fs::path(path).stem().string(), Declared{});
      return;
    }
    names.claim(name->text, name->text, file.report.at(*name), "connection", out_.faults);
    context_.connections.try_emplace(name->text, Declared{use == nullptr ? "" : use->text, file.report.at(*name)});
  }

  void pipelines() {
    Names names(code::kDuplicatePipeline, "the name"), paths(code::kDuplicatePath, "the path");
    const auto files = yaml_files(root_, "pipelines", out_.faults);
    std::vector<std::string> all;
    std::vector<ReadPipeline> read(files.size());
    side_by_side(files.size(), [&](std::size_t i) { read[i] = read_one(files[i]); });
    if (files.empty())
      add(out_.faults, code::kNothingToRun, {"pipelines", 0, 0}, "there are no pipelines", "write pipelines/NAME.yaml",
          true);
    for (auto& [pipeline, faults, clean] : read) {
      std::ranges::move(faults, std::back_inserter(out_.faults));
      if (!pipeline) continue;
      names.claim(pipeline->name, pipeline->name, pipeline->at, "pipeline", out_.faults);
      for (const auto& source : pipeline->sources)
        if (!source.path.empty())
          paths.claim(source.path, pipeline->name, source.path_at, "source.with.path", out_.faults);
      all.push_back(pipeline->name);
      if (!clean)
        out_.unsound.push_back(std::move(*pipeline));
      else if (const auto [at, fresh] = out_.folder.pipelines.try_emplace(pipeline->name, std::move(*pipeline)); !fresh)
        out_.unsound.push_back(std::move(*pipeline));
    }
    auto links = check_links(out_.folder.pipelines, all);
    out_.faults.insert(out_.faults.end(), links.faults.begin(), links.faults.end());
    for (auto& fault : unsound_links(all)) out_.faults.push_back(std::move(fault));
    check_loans(std::move(all));
    for (auto at = out_.folder.pipelines.begin(); at != out_.folder.pipelines.end();) {
      auto& [name, pipeline] = *at;
      const bool out = names.excluded().contains(name) || paths.excluded().contains(name) ||
                       links.pipelines.contains(name) || lacks_connection(pipeline);
      if (out) out_.unsound.push_back(std::move(pipeline));
      at = out ? out_.folder.pipelines.erase(at) : std::next(at);
    }
  }

  void check_loans(std::vector<std::string> known) {
    const auto& loans = out_.folder.loans;
    for (auto& fault : check_rings(loans, out_.folder.pipelines)) out_.faults.push_back(std::move(fault));
    for (const auto& [name, ignored] : context_.connections) known.push_back(name);
    for (const auto& names : {context_.catalog.connectors(), context_.catalog.sources(), context_.catalog.steps()}) known.insert(known.end(), names.begin(), names.end());
    for (auto& fault : check_systems(loans, known)) out_.faults.push_back(std::move(fault));
  }

  struct ReadPipeline {
    std::optional<Pipeline> pipeline;
    Faults faults;  ///< of the file
    bool clean = false;
  };
  /// Beside others. [any]
  ReadPipeline read_one(const std::string& name) {
    ReadPipeline out;
    auto file = open(root_, name, out.faults);
    if (file.document == nullptr || !check_root(file.document->root, "pipeline", file.report)) return out;
    templates_.apply(*file.document, file.report, out.faults);
    out.pipeline = read_pipeline(*file.document->root, file.report, context_);
    out.clean = file.report.clean();
    return out;
  }

  /// Two may have one name here: each for itself. What is missing may only have been misspelt, which is told.
  Faults unsound_links(const std::vector<std::string>& names) const {
    Faults out;
    for (const auto& pipeline : out_.unsound) {
      if (std::ranges::none_of(pipeline.sources, [](const auto& source) { return source.use == "events"; })) continue;
      for (auto& fault : check_links({{pipeline.name, pipeline}}, names).faults)
        if (fault.code != code::kMissingKey) out.push_back(std::move(fault));
    }
    return out;
  }

  /// The connection is defined, and cannot be used: its own fault is told.
  bool lacks_connection(const Pipeline& pipeline) const {
    const auto lacks = [&](const std::string& name) {
      return !name.empty() && !out_.folder.connections.contains(name);
    };
    return std::ranges::any_of(pipeline.steps, lacks, &Step::connection) ||
           std::ranges::any_of(pipeline.sources, lacks, &Source::connection);
  }

  Loaded& out_;
  Secrets secrets_;
  Context context_;
  Templates templates_;
  std::string root_;
};

LoadedHost load_host_from(const std::string& root) {
  LoadedHost out;
  const std::string name = "milepost.yaml";
  const auto content = read_file(fs::path(root) / name, kMostYamlBytes);
  if (!content && content.error().missing) return out;
  auto file = open(root, name, out.faults);
  if (file.document != nullptr) out.host = read_host(file.document->root, file.report);
  return out;
}

/// No loans.yaml, or one with a fault: the model as it is by default.
LoanModel load_loans_from(const std::string& root, Faults& faults) {
  const std::string name = "loans.yaml";
  const auto content = read_file(fs::path(root) / name, kMostYamlBytes);
  if (!content && content.error().missing) return {};
  auto file = open(root, name, faults);
  if (file.document == nullptr) return {};
  auto model = read_loans(file.document->root, file.report);
  return file.report.clean() ? model : LoanModel();
}

/// The folder as an absolute path, or a fault.
std::string find_root(const std::string& root, Faults& faults) {
  std::error_code error;
  auto absolute = fs::absolute(root.empty() ? "." : root, error).lexically_normal();
  if (!absolute.has_filename() && absolute.has_relative_path()) absolute = absolute.parent_path();
  const auto names = list_folder(absolute);
  if (!names)
    add(faults, code::kFolder, {},
        "the config folder " + in_quotes(absolute.string()) + " cannot be read: " + names.error().message,
        "name the folder that holds milepost.yaml with --config");
  return absolute.string();
}

}  // namespace

bool Loaded::ok() const { return std::ranges::all_of(faults, &Fault::warning); }

LoadedHost load_host(const std::string& root) {
  Faults faults;
  const auto absolute = find_root(root, faults);
  if (!faults.empty()) return {.host = {}, .faults = std::move(faults)};
  auto out = load_host_from(absolute);
  sort(out.faults);
  return out;
}

LoanModel load_loans(const std::string& root) {
  Faults faults;
  const auto absolute = find_root(root, faults);
  return faults.empty() ? load_loans_from(absolute, faults) : LoanModel();
}

Loaded load_folder(const std::string& root, const Catalog& catalog, const std::optional<SecretsFrom>& secrets) {
  Loaded out;
  out.folder.root = find_root(root, out.faults);
  if (!out.faults.empty()) return out;
  auto host = load_host_from(out.folder.root);
  out.folder.host = std::move(host.host);
  if (secrets) out.folder.host.secrets = *secrets;
  out.faults = std::move(host.faults);
  out.folder.loans = load_loans_from(out.folder.root, out.faults);
  Loader(out.folder.root, catalog, out).run();
  sort(out.faults);
  return out;
}

LoadedPipeline load_pipeline(std::string_view text, const std::string& file, const Catalog& catalog) {
  LoadedPipeline out;
  const Secrets secrets = Secrets::load("/", {}, out.faults);
  Context context{
      .catalog = catalog, .secrets = secrets, .secrets_from = {}, .schema_files = {"/nonexistent", out.faults}};
  auto read = parse(text, file, out.faults);
  if (read.document != nullptr && check_root(read.document->root, "pipeline", read.report)) {
    out.pipeline = read_pipeline(*read.document->root, read.report, context);
    if (!read.report.clean()) out.pipeline.reset();
  }
  sort(out.faults);
  return out;
}

}  // namespace milepost::config
