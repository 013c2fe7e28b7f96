// The checksum of zip archives and gzip files.
// zlib computes it.
#pragma once
#include <cstdint>
#include <string_view>

namespace qkvbench::formats {

std::uint32_t crc32(std::string_view bytes);

}  // namespace qkvbench::formats
