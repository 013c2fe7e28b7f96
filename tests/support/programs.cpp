// Where the programs are that tests run: compiled for each form of the rooms, so that the tests need not be.
// Nothing else.
#include "support/process.hpp"

namespace qkvbench::test {

std::string qkvbench_path() { return QKVBENCH_BINARY; }

std::string small_sources_path() { return SMALL_SOURCES_BINARY; }

std::string shim_path() { return QKVBENCH_SHIM; }

}  // namespace qkvbench::test
