#include "host/plugins/elf.hpp"

#include <elf.h>

#include <charconv>
#include <cstddef>
#include <cstring>
#include <expected>
#include <map>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "milepost/abi.h"
#include "milepost/plugin.hpp"

namespace milepost::plugins {

namespace {

#if defined(__x86_64__)
constexpr int kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr int kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr int kMachine = EM_RISCV;
#else
#error "name this machine's EM_ constant here"
#endif

constexpr std::string_view kSymbol = "milepost_plugin_v";

std::string machine_name(int machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "ARM64";
    case EM_386:
      return "32-bit x86";
    case EM_ARM:
      return "32-bit ARM";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "POWER";
    case EM_S390:
      return "IBM Z";
    default:
      return "machine " + std::to_string(machine);
  }
}

using Fault = std::unexpected<std::string>;

/// Bounded reads: every offset in the file is a claim.
class File {
 public:
  explicit File(std::string_view bytes) : bytes_(bytes) {}

  std::size_t size() const { return bytes_.size(); }
  bool holds(std::uint64_t offset, std::uint64_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }
  template <class T>
  std::optional<T> at(std::uint64_t offset) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!holds(offset, sizeof(T))) return std::nullopt;
    T out;
    std::memcpy(&out, bytes_.data() + offset, sizeof out);
    return out;
  }
  /// The NUL-terminated text at `index` of a string table; nullopt when it runs out of the table.
  std::optional<std::string_view> text(const Elf64_Shdr& table, std::uint64_t index) const {
    if (!holds(table.sh_offset, table.sh_size) || index >= table.sh_size) return std::nullopt;
    const auto rest = bytes_.substr(table.sh_offset + index, table.sh_size - index);
    const auto end = rest.find('\0');
    if (end == rest.npos) return std::nullopt;
    return rest.substr(0, end);
  }

 private:
  std::string_view bytes_;
};

std::string truncated(std::string_view what, std::uint64_t end, const File& file) {
  return "is truncated or damaged: " + std::string(what) + " ends at byte " + std::to_string(end) + ", the file has " +
         std::to_string(file.size()) + ": copy it again";
}

std::expected<Elf64_Ehdr, std::string> check_header(const File& file, std::string_view bytes) {
  if (bytes.empty()) return Fault("is empty: copy it again");
  if (!bytes.starts_with(std::string_view(ELFMAG, SELFMAG)))
    return Fault(
        "is no shared library (it does not begin as an ELF file does): remove it, or build it with "
        "milepost_add_plugin");
  const auto header = file.at<Elf64_Ehdr>(0);
  if (!header) return Fault(truncated("its header", sizeof(Elf64_Ehdr), file));
  const auto built = [&](const std::string& what) {
    return Fault("is built for " + what + ", this host runs on " + machine_name(kMachine) + ": build it for " +
                 machine_name(kMachine));
  };
  if (header->e_ident[EI_DATA] != ELFDATA2LSB) return built("a big-endian machine");
  if (header->e_ident[EI_CLASS] != ELFCLASS64)
    return built(header->e_machine == EM_ARM || header->e_machine == EM_386 ? machine_name(header->e_machine)
                                                                            : std::string("a 32-bit machine"));
  if (header->e_machine != kMachine) return built(machine_name(header->e_machine));
  if (header->e_type != ET_DYN)
    return Fault(std::string("is ") +
                 (header->e_type == ET_EXEC  ? "an executable"
                  : header->e_type == ET_REL ? "an object file"
                                             : "some other kind of ELF file") +
                 ", not a shared library: link it with -shared");
  return *header;
}

/// The section table, each section within the file.
std::expected<std::vector<Elf64_Shdr>, std::string> read_sections(const File& file, const Elf64_Ehdr& header) {
  const auto programs_end = header.e_phoff + std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr);
  if (header.e_phentsize != sizeof(Elf64_Phdr) || !file.holds(header.e_phoff, programs_end - header.e_phoff))
    return Fault(truncated("its segment table", programs_end, file));
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = file.at<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
    if (segment && !file.holds(segment->p_offset, segment->p_filesz))
      return Fault(truncated("a segment", segment->p_offset + segment->p_filesz, file));
  }
  if (header.e_shnum == 0 || header.e_shentsize != sizeof(Elf64_Shdr))
    return Fault("has no section table: do not strip it with sstrip, `strip` is fine");
  const auto size = std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr);
  if (!file.holds(header.e_shoff, size)) return Fault(truncated("its section table", header.e_shoff + size, file));
  std::vector<Elf64_Shdr> sections;
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    const auto section = *file.at<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr));
    if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL && !file.holds(section.sh_offset, section.sh_size))
      return Fault(truncated("a section", section.sh_offset + section.sh_size, file));
    sections.push_back(section);
  }
  return sections;
}

const Elf64_Shdr* section_of(const std::vector<Elf64_Shdr>& sections, std::uint32_t type) {
  for (const auto& section : sections)
    if (section.sh_type == type) return &section;
  return nullptr;
}

struct Exported {
  std::string name;
  unsigned char type;
  std::uint64_t size;
};

/// What the loader would offer to others, less what linkers of old exported by themselves.
std::expected<std::vector<Exported>, std::string> exports(const File& file, const std::vector<Elf64_Shdr>& sections) {
  const auto* table = section_of(sections, SHT_DYNSYM);
  if (table == nullptr) return std::vector<Exported>();
  if (table->sh_link >= sections.size()) return Fault("is damaged: its symbols have no names: copy it again");
  std::vector<Exported> found;
  for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= table->sh_size; at += sizeof(Elf64_Sym)) {
    const auto symbol = *file.at<Elf64_Sym>(table->sh_offset + at);
    const auto binding = ELF64_ST_BIND(symbol.st_info);
    const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    if (symbol.st_shndx == SHN_UNDEF || binding == STB_LOCAL) continue;
    if (visibility == STV_HIDDEN || visibility == STV_INTERNAL) continue;
    const auto name = file.text(sections[table->sh_link], symbol.st_name);
    if (!name) return Fault("is damaged: a symbol's name lies outside the file: copy it again");
    if (*name == "_init" || *name == "_fini" || *name == "_edata" || *name == "_end" || *name == "__bss_start")
      continue;
    found.push_back({std::string(*name), static_cast<unsigned char>(ELF64_ST_TYPE(symbol.st_info)), symbol.st_size});
  }
  return found;
}

std::string sdk_series() {
  constexpr std::string_view version = MILEPOST_SDK_VERSION;
  return std::string(version.substr(0, version.rfind('.')));
}

std::string check_exports(const std::vector<Exported>& exports) {
  const std::string ours = std::string(kSymbol) + std::to_string(MP_ABI_MAJOR);
  const Exported* found = nullptr;
  std::string others, stray;
  std::size_t strays = 0;
  for (const auto& symbol : exports) {
    const auto major = std::string_view(symbol.name).substr(std::min(kSymbol.size(), symbol.name.size()));
    const bool plugin =
        symbol.name.starts_with(kSymbol) && !major.empty() && major.find_first_not_of("0123456789") == major.npos;
    if (symbol.name == ours) found = &symbol;
    if (plugin && symbol.name != ours) others += (others.empty() ? "" : " and ") + std::string(major.substr(0, 9));
    if (symbol.name != ours && strays++ == 0) stray = symbol.name.substr(0, 200);
  }
  if (found == nullptr && !others.empty())
    return "speaks ABI " + others + ", this host speaks " + std::to_string(MP_ABI_MAJOR) +
           ": rebuild the plugin with SDK " + sdk_series() + " or update the host";
  if (found == nullptr)
    return "exports no " + ours + ": build it with milepost_add_plugin, and say MILEPOST_PLUGIN once in it";
  if (strays > 0)
    return "exports " + stray + (strays > 1 ? " and " + std::to_string(strays - 1) + " more" : "") + " besides " +
           ours + ", which could be taken for another library's: build it with milepost_add_plugin, which hides them";
  if (found->type != STT_OBJECT)
    return "exports " + ours + " as something other than data: it must be a `const mp_plugin` (see milepost/abi.h)";
  if (found->size != 0 && found->size < sizeof(mp_plugin))
    return "exports " + ours + " with " + std::to_string(found->size) + " bytes, this host needs " +
           std::to_string(sizeof(mp_plugin)) + ": rebuild the plugin with SDK " + sdk_series();
  return "";
}

/// "2.36" -> {2, 36}; what cannot be read is 0.
std::tuple<int, int, int> version(std::string_view text) {
  int parts[3] = {};
  for (int& part : parts) {
    const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), part);
    if (fault != std::errc()) break;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    if (!text.starts_with('.')) break;
    text.remove_prefix(1);
  }
  return {parts[0], parts[1], parts[2]};
}

/// Calls `take(index, name)` for each version of another library's symbols that is asked for.
template <class Take>
void each_version(const File& file, const std::vector<Elf64_Shdr>& sections, Take take) {
  const auto* needs = section_of(sections, SHT_GNU_verneed);
  if (needs == nullptr || needs->sh_link >= sections.size()) return;
  const auto& names = sections[needs->sh_link];
  const auto inside = [&](std::uint64_t offset) { return offset < needs->sh_size; };
  std::size_t steps = 0;  // the links may form a circle
  for (std::uint64_t at = 0; inside(at) && steps < 10'000;) {
    const auto need = file.at<Elf64_Verneed>(needs->sh_offset + at);
    if (!need) break;
    std::uint64_t aux_at = at + need->vn_aux;
    for (unsigned i = 0; i < need->vn_cnt && inside(aux_at) && steps < 10'000; ++i, ++steps) {
      const auto aux = file.at<Elf64_Vernaux>(needs->sh_offset + aux_at);
      if (!aux) break;
      if (const auto name = file.text(names, aux->vna_name)) take(aux->vna_other, *name);
      if (aux->vna_next == 0) break;
      aux_at += aux->vna_next;
    }
    ++steps;
    if (need->vn_next == 0) break;
    at += need->vn_next;
  }
}

/// The newest GLIBC_x.y that the library asks for; "" for none.
std::string newest_glibc(const File& file, const std::vector<Elf64_Shdr>& sections) {
  constexpr std::string_view kPrefix = "GLIBC_";
  std::string newest;
  each_version(file, sections, [&](unsigned, std::string_view name) {
    if (name.starts_with(kPrefix) && version(name.substr(kPrefix.size())) > version(newest))
      newest = name.substr(kPrefix.size(), 32);
  });
  return newest;
}

std::string check_glibc(const File& file, const std::vector<Elf64_Shdr>& sections, std::string_view running) {
  const std::string newest = newest_glibc(file, sections);
  if (version(newest) <= version(running)) return "";
  return "needs glibc " + newest + ", this machine has " + std::string(running) +
         ": build the plugin on the oldest system that it is to run on, or update this one";
}

}  // namespace

std::string check_elf(std::string_view bytes, std::string_view glibc) {
  const File file(bytes);
  const auto header = check_header(file, bytes);
  if (!header) return header.error();
  const auto sections = read_sections(file, *header);
  if (!sections) return sections.error();
  const auto exported = exports(file, *sections);
  if (!exported) return exported.error();
  if (auto reason = check_exports(*exported); !reason.empty()) return reason;
  return check_glibc(file, *sections, glibc);
}

Imports read_imports(std::string_view bytes) {
  Imports out;
  const File file(bytes);
  const auto header = check_header(file, bytes);
  if (!header) return out;
  const auto sections = read_sections(file, *header);
  if (!sections) return out;
  out.glibc = newest_glibc(file, *sections);
  std::map<unsigned, std::string> versions;
  each_version(file, *sections, [&](unsigned index, std::string_view name) { versions[index & 0x7fff] = name; });

  if (const auto* dynamic = section_of(*sections, SHT_DYNAMIC);
      dynamic != nullptr && dynamic->sh_link < sections->size())
    for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= dynamic->sh_size; at += sizeof(Elf64_Dyn)) {
      const auto entry = file.at<Elf64_Dyn>(dynamic->sh_offset + at);
      if (!entry || entry->d_tag != DT_NEEDED) continue;
      if (const auto name = file.text((*sections)[dynamic->sh_link], entry->d_un.d_val))
        out.libraries.emplace_back(*name);
    }
  const auto* table = section_of(*sections, SHT_DYNSYM);
  const auto* versioned = section_of(*sections, SHT_GNU_versym);
  if (table == nullptr || table->sh_link >= sections->size()) return out;
  for (std::uint64_t i = 1; (i + 1) * sizeof(Elf64_Sym) <= table->sh_size; ++i) {
    const auto symbol = file.at<Elf64_Sym>(table->sh_offset + i * sizeof(Elf64_Sym));
    if (!symbol || symbol->st_shndx != SHN_UNDEF) continue;
    const auto name = file.text((*sections)[table->sh_link], symbol->st_name);
    const auto index =
        versioned == nullptr ? std::nullopt : file.at<Elf64_Half>(versioned->sh_offset + i * sizeof(Elf64_Half));
    const auto found = versions.find(index.value_or(0) & 0x7fffu);
    if (name)
      out.symbols.push_back({std::string(*name), found == versions.end() ? "" : found->second,
                             ELF64_ST_BIND(symbol->st_info) == STB_WEAK});
  }
  return out;
}

}  // namespace milepost::plugins
