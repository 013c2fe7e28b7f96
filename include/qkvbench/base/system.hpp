// What machine this is and what the process has used, for the record of a result.
// Nothing here may influence a result.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace qkvbench {

/// "Intel(R) Xeon(R) Processor", or "unknown".
std::string cpu_name();
/// The widest vector instructions this build uses: "avx512", "avx2", "avx", "neon" or "baseline".
std::string isa_name();
/// "Linux 6.1.0", or "unknown".
std::string os_name();
/// Largest resident memory of this process so far, in bytes.
std::int64_t peak_rss_bytes();
/// The file of the running program, to start it again.
std::filesystem::path program_path();
/// Seconds on a clock that never goes back.
double seconds_now();

}  // namespace qkvbench
