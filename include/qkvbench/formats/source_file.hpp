// A file that something was read from, as results and manifests name it.
// Says nothing of what is in it.
#pragma once
#include <cstdint>
#include <string>

namespace qkvbench::formats {

struct SourceFile {
  std::string path, sha256;
  std::uint64_t bytes = 0;
};

}  // namespace qkvbench::formats
