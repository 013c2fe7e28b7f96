// Downloading a data set with the system's curl, and installing it.
// Not an HTTP client, and nothing is printed here: whoever calls says what is done with notes and progress.
#pragma once
#include <functional>
#include <string>

#include "qkvbench/data/install.hpp"

namespace qkvbench::data {

struct FetchMonitor {
  std::function<void(const std::string& text)> note;                             ///< a source that did not serve
  std::function<void(const KnownFile& download, std::uint64_t bytes)> on_bytes;  ///< some ten times a second
};

/// Downloads what the set needs and installs it. Tried in order: $QKVBENCH_MIRROR/<set>/<file>,
/// $QKVBENCH_MIRROR/<file>, and the table's addresses. An unfinished download stays as a `.part` file and is continued;
/// a finished one is checked for size and SHA-256 before it is unpacked. The caller holds the lock. Throws Error
/// (input) that says what to do without a network, (usage) when QKVBENCH_MIRROR is no address.
InstallRecord fetch(const Source& source, const FetchMonitor& monitor);

}  // namespace qkvbench::data
