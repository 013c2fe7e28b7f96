// Finding a model's files in a folder.
// A name out of an index becomes a path only when it is one part long.
#include "qkvbench/formats/model_folder.hpp"

#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/formats/torch_file.hpp"
#include "qkvbench/formats/utf8.hpp"

namespace qkvbench::formats {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMostJson = std::uint64_t{16} << 20;
constexpr std::size_t kMostShards = 1000;

nlohmann::json read_object(const fs::path& path) {
  nlohmann::json json = parse_json(read_file(path, kMostJson), path.string());
  if (!json.is_object()) fail_input(path.string() + ": it is no JSON object");
  return json;
}

/// The files of an index, and which tensor it says is in which.
std::map<std::string, std::string> weight_map(const fs::path& index) {
  const nlohmann::json json = read_object(index);
  const auto found = json.find("weight_map");
  if (found == json.end() || !found->is_object()) fail_input(index.string() + ": it has no weight_map");
  std::map<std::string, std::string> map;
  for (const auto& [tensor, file] : found->items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : "";
    if (name.empty() || name == "." || name == ".." || name.find_first_of(std::string_view("/\\\0", 3)) != name.npos)
      fail_input(index.string() + ": " + formats::quoted(tensor) + " lies in " + formats::quoted(name) +
                 ", which is no plain name of a file in this folder");
    map[tensor] = name;
  }
  return map;
}

void read_shards(const fs::path& index, ModelFolder& out) {
  const std::map<std::string, std::string> map = weight_map(index);
  std::set<std::string> names;
  for (const auto& [tensor, file] : map) names.insert(file);
  if (names.size() > kMostShards) fail_input(index.string() + ": it names more than a thousand files");
  for (const std::string& name : names) {
    const fs::path path = index.parent_path() / name;
    if (!fs::is_regular_file(path))
      fail_input(index.string() + ": the file " + formats::quoted(name) + " is not there");
    const Safetensors file = Safetensors::map(path);
    for (const auto& [tensor, unused] : file.tensors()) {
      const auto said = map.find(tensor);
      if (said == map.end() || said->second != name)
        fail_input(path.string() + ": " + formats::quoted(tensor) + " is not where the index says");
      out.tensors.emplace(tensor, file.foreign(tensor));
    }
    out.files.push_back(path);
  }
  for (const auto& [tensor, file] : map)
    if (!out.tensors.contains(tensor))
      fail_input(index.string() + ": " + formats::quoted(tensor) + " is not in " + formats::quoted(file));
}

}  // namespace

ModelFolder read_model_folder(const fs::path& folder) {
  ModelFolder out;
  const fs::path config = folder / "config.json";
  if (!fs::is_regular_file(config))
    fail_input(folder.string() + " has no config.json, which says the number of heads; put the model's own beside it");
  out.config = read_object(config);
  const fs::path whole = folder / "model.safetensors", index = folder / "model.safetensors.index.json",
                 torch = folder / "pytorch_model.bin";
  if (fs::is_regular_file(whole)) {
    const Safetensors file = Safetensors::map(whole);
    for (const auto& [name, unused] : file.tensors()) out.tensors.emplace(name, file.foreign(name));
    out.files.push_back(whole);
  } else if (fs::is_regular_file(index)) {
    read_shards(index, out);
  } else if (fs::is_regular_file(torch)) {
    const TorchFile file = TorchFile::open(torch);
    out.tensors = file.state_dict(file.root(), "it");
    out.files.push_back(torch);
  } else {
    fail_input(folder.string() + " has no weights: neither model.safetensors, its index, nor pytorch_model.bin");
  }
  return out;
}

}  // namespace qkvbench::formats
