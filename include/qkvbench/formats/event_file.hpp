// The event files that TensorBoard reads: scalars by tag and step, each step a record of its own.
// Written, and read back as far as whoever writes on needs; no other events than scalars.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qkvbench::formats {

/// Castagnoli's checksum, of x³² + x²⁸ + x²⁷ + x²⁶ + x²⁵ + x²³ + … (iSCSI, TFRecord): not that of zip.
std::uint32_t crc32c(std::string_view bytes);

/// A TFRecord: length in 8 bytes, its masked checksum in 4, the bytes, theirs in 4.
std::string tf_record(std::string_view bytes);

/// The bytes of the record that begins at `at`; nothing where none is whole and unchanged. Its size in the file is 16
/// more.
std::string_view tf_record_at(std::string_view file, std::size_t at);

/// The first record of a file: which version its events have. `wall_time_s`: since 1970.
std::string version_record(double wall_time_s);

/// A record of scalars of one step; those that are not finite are left out.
std::string scalars_record(double wall_time_s, std::int64_t step,
                           const std::vector<std::pair<std::string, double>>& scalars);

/// When an event happened, by its bytes; 0 where they do not begin with it.
double wall_time_of(std::string_view event);

}  // namespace qkvbench::formats
