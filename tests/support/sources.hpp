// The sources of this repository, for tests that read them as text.
#pragma once
#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

namespace qkvbench::test {

/// Every .cpp and .hpp below these folders, which are named from the repository's root: "src".
inline std::vector<std::filesystem::path> sources_below(std::initializer_list<const char*> folders) {
  std::vector<std::filesystem::path> files;
  for (const char* folder : folders)
    for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(SOURCE_DIR) + "/" + folder))
      if (entry.path().extension() == ".hpp" || entry.path().extension() == ".cpp") files.push_back(entry.path());
  return files;
}

}  // namespace qkvbench::test
