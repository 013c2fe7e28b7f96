// The number type of the whole library and the type of its sizes.
// Not a template parameter: the library is compiled a second time with QKVBENCH_DOUBLE, so that
// gradients can be checked in double precision without every kernel becoming a header.
#pragma once
#include <cstddef>

namespace qkvbench {

#ifdef QKVBENCH_DOUBLE
using real = double;
#else
using real = float;
#endif

/// Signed size of anything that is counted, indexed or strided.
using index_t = std::ptrdiff_t;

}  // namespace qkvbench
