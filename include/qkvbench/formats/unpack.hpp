// Reading archives that nobody vouches for: tar and zip, plain or compressed with gzip or xz, and single gzip files.
// Writes nothing: whoever asks gets each member's name and its bytes, piece by piece, and decides what to keep.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace qkvbench::formats {

/// Takes the next piece of a file.
using Pieces = std::function<void(std::string_view)>;

/// One member of an archive. read() hands over its content, at most once, while the member is the current one.
struct Member {
  std::string name;
  std::optional<std::uint64_t> bytes;  ///< as the archive declares it
  std::function<void(const Pieces&)> read;
};

/// Calls each(member) for every regular file of an archive, in its order. Throws Error (input) naming the archive when
/// it is damaged or cut short, when a name is absolute or contains "..", when a member is a link or a device, when the
/// members declare more than `max_bytes` together, or when there are more than a million.
void read_archive(const std::filesystem::path& path, std::uint64_t max_bytes,
                  const std::function<void(const Member&)>& each);

/// The content of a gzip file, piece by piece. Throws Error (input).
void read_gzip(const std::filesystem::path& path, const Pieces& take);

}  // namespace qkvbench::formats
