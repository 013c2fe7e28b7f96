// What a file needs that registers flags: CLI11, and bounds on numbers.
// Included by sources alone: the library takes seconds to compile.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <type_traits>

#include "qkvbench/base/text.hpp"

namespace qkvbench::cli {

/// A bound on a number, inclusive; `hint`: what to write instead of one that is out of it.
template <class T>
CLI::Validator between(T least, T most, const std::string& hint = "") {
  return CLI::Validator(
      [=](const std::string& text) {
        const std::string fault =
            number_fault(text, static_cast<double>(least), static_cast<double>(most), std::is_integral_v<T>);
        return fault.empty() || hint.empty() ? fault : fault + "; " + hint;
      },
      "");
}

}  // namespace qkvbench::cli
