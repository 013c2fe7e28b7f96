// The same case in PyTorch, where python3 has it: the peer that a user would take instead.
// Its script is part of the program; it runs in a process of its own.
#pragma once
#include "qkvbench/run/bench.hpp"

namespace qkvbench::run {

/// A python3 that can import torch: the one in PATH, or the system's that it may hide.
/// Throws Error (input), one line that says how to mend it, when there is none.
std::string find_peer();

/// Runs the case with as many threads as are set, in each of the settings that make sense on this machine for about
/// `seconds` each, and gives the faster one. Throws Error (input) with the peer's last words when it fails.
PeerResult run_peer(const std::string& python3, const BenchCase& c, BenchKind kind, double seconds);

/// The same with its forward pass under torch.autocast in bfloat16; none where PyTorch fails at that, as early versions
/// and some processors do.
std::optional<PeerResult> run_peer_bf16(const std::string& python3, const BenchCase& c, BenchKind kind, double seconds);

}  // namespace qkvbench::run
