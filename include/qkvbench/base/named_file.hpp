// The files that a user names on the command line: read and written as a shell's < and > would.
// Not for what a run keeps in its directory; that is write_file_atomic() alone.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace qkvbench {

/// The whole file; "-" is standard input. Throws Error (input) as read_file() does.
std::string read_named_file(const std::filesystem::path& path, std::uint64_t limit);

/// How messages call such a file.
std::string name_of_input(const std::filesystem::path& path);

/// Throws Error (output) when write_named_file() would fail for a reason that shows beforehand: no such directory, a
/// directory in its place, a file or descriptor that may not be written. Opens nothing, so that no pipe is woken.
void check_named_file(const std::filesystem::path& path);

/// Writes a file that someone named. A new one appears whole or not at all. One that is there keeps its mode, owner and
/// links: a symbolic link stays one and what it leads to is written. It is replaced in one step where that is possible,
/// else (hard links, another's file, a directory that may not be written) overwritten in place. Pipes and devices are
/// written to; /dev/stdout, /dev/stderr, /dev/fd/N and /proc/self/fd/N are the descriptor as it is, where it stands.
/// Throws Error (output) naming the path and the system's reason.
void write_named_file(const std::filesystem::path& path, std::string_view content);

/// The descriptor that a path such as /dev/stdout stands for; -1 for any other path.
int descriptor_named(const std::filesystem::path& path);

}  // namespace qkvbench
