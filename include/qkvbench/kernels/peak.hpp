// How fast this machine can multiply and add at all: the yardstick of the benchmarks.
// A measurement, not a data-sheet number, and it says nothing of memory.
#pragma once

namespace qkvbench::kernels {

/// GFLOP/s of independent fused multiply-adds in registers on threads() threads, the best of several tries
/// within about `seconds`.
double measure_fma_peak_gflops(double seconds);

}  // namespace qkvbench::kernels
