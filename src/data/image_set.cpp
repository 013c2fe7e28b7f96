// The bound on memory that every reader of images shares.
// What images are is in the header.
#include "qkvbench/data/image_set.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"

namespace qkvbench::data {

void check_image_memory(const std::string& origin, index_t n, index_t channels, index_t side) {
  const auto bytes = static_cast<std::uint64_t>(channels * side * side);
  if (n > 0 && bytes > kMaxImageBytes / static_cast<std::uint64_t>(n))
    fail_input(origin + ": " + with_commas(n) + " images of " + std::to_string(channels) + " × " +
               std::to_string(side) + " × " + std::to_string(side) + " bytes are more than the " +
               with_commas(static_cast<long long>(kMaxImageBytes)) + " bytes that images may take; lower --image-size");
}

}  // namespace qkvbench::data
