// What machine this is and what the process has used, for the record of a result.
// Nothing here may influence a result.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace qkvbench {

/// "Intel(R) Xeon(R) Processor", or "unknown".
std::string cpu_name();
/// The widest vector instructions that this build uses on this processor: "amx_bf16", "avx512_bf16", "avx512", "avx2",
/// "avx", "neon" or "baseline".
std::string isa_name();
/// Whether this processor has AVX-512, its instructions for bf16, or AMX's for tiles of bf16; used by this build or
/// not.
bool cpu_has_avx512();
bool cpu_has_avx512_bf16();
bool cpu_has_amx_bf16();
/// "Linux 6.1.0", or "unknown".
std::string os_name();
/// Largest resident memory of this process so far, in bytes.
std::int64_t peak_rss_bytes();
/// The file of the running program, to start it again.
std::filesystem::path program_path();
/// Lets peak_rss_bytes() begin anew from what is resident now; does nothing where the system cannot (it is not Linux).
void restart_peak_rss();
/// How often this process asked for memory with `new` so far, on any thread.
std::uint64_t allocations();
/// Seconds on a clock that never goes back.
double seconds_now();

}  // namespace qkvbench
