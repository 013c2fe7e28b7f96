// How fast this machine can multiply and add at all, and read memory: the yardsticks of the benchmarks.
// Measurements, not data-sheet numbers.
#pragma once

namespace qkvbench::kernels {

/// GFLOP/s of independent fused multiply-adds in registers on threads() threads, the best of several tries
/// within about `seconds`.
double measure_fma_peak_gflops(double seconds);

/// Bytes a second between memory and the cores, in units of 10⁹.
struct Bandwidth {
  double read_gb_per_s;   ///< one array is read from end to end
  double triad_gb_per_s;  ///< a ← b + s·c, three arrays; counted as three times an array's bytes
};

/// GB/s of reading as below, without the triad.
double measure_read_gb_per_s(double seconds);

/// On threads() threads, in 256 MiB, of which each array of the triad is a third; the best of several tries within
/// about `seconds`. Source of the triad and its counting: McCalpin, STREAM.
Bandwidth measure_bandwidth(double seconds);

}  // namespace qkvbench::kernels
