// Ranks that talk by MPI. Built only where MPI was found; base/ranks is what everybody else uses.
// Not a wrapper of MPI: two functions.
#pragma once
#include <memory>
#include <string>

#include "qkvbench/base/ranks.hpp"

namespace qkvbench {

/// Starts MPI. Once a process; leave() ends it.
std::unique_ptr<Ranks> join_mpi();
/// "Open MPI v4.1.4".
std::string mpi_name();

}  // namespace qkvbench
