// Naming a file by its content.
#include "qkvbench/formats/source_file.hpp"

#include "qkvbench/formats/sha256.hpp"

namespace qkvbench::formats {

SourceFile source_file(std::string path, std::string_view content) {
  return {std::move(path), sha256(content), content.size()};
}

}  // namespace qkvbench::formats
