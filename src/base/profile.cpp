// Which profile measures the calling thread.
// Threads that work for it in a loop are not measured: it waits for them.
#include "qkvbench/base/profile.hpp"

#include "qkvbench/base/error.hpp"

namespace qkvbench {

constinit thread_local Profile* Profile::current_ = nullptr;

Profile::Profile() : since_(seconds_now()) {
  if (current_ != nullptr) fail_internal("a profile measures this thread already");
  current_ = this;
}

Profile::~Profile() { current_ = nullptr; }

}  // namespace qkvbench
