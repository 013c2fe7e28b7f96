// A file that something was read from, as results and manifests name it.
// Says nothing of what is in it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace qkvbench::formats {

struct SourceFile {
  std::string path, sha256;
  std::uint64_t bytes = 0;
};

/// What is said of a file with this content.
SourceFile source_file(std::string path, std::string_view content);

}  // namespace qkvbench::formats
