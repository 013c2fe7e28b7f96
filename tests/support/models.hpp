// The models that runs have left in a directory.
// Not what is in them.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "qkvbench/base/files.hpp"

namespace qkvbench::test {

/// Run name -> bytes of the model, of all finished runs.
inline std::map<std::string, std::string> models_in(const std::filesystem::path& out) {
  std::map<std::string, std::string> models;
  for (const auto& entry : std::filesystem::directory_iterator(out))
    if (exists(entry.path() / "model.safetensors") && exists(entry.path() / "result.json"))
      models[entry.path().filename().string()] = read_file(entry.path() / "model.safetensors");
  return models;
}

}  // namespace qkvbench::test
