// Counting allocations, so that "nothing is allocated in steady state" is measured and not believed.
// The program's own operator new: malloc, a counter, and nothing else.
#include <atomic>
#include <cstdlib>
#include <new>

#include "qkvbench/base/system.hpp"

namespace qkvbench {

namespace {
constinit std::atomic<std::uint64_t> g_allocations{0};
}

std::uint64_t allocations() { return g_allocations.load(std::memory_order_relaxed); }

}  // namespace qkvbench

// Arrays come here too: the library's version calls this one. So would its form that does not throw, but the address
// sanitizer has one of its own, whose memory our delete must not free.
void* operator new(std::size_t size) {
  qkvbench::g_allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  qkvbench::g_allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size == 0 ? 1 : size);
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
