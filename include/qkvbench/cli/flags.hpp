// What a file needs that registers flags: CLI11, bounds on numbers, and what a command does once they are read.
// Included by sources alone: the library takes seconds to compile.
#pragma once
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <type_traits>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/command.hpp"

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

/// Has the session call f with the command's flags when this is the command that was typed.
template <class Flags, class F>
void on_call(CLI::App& command, Session& session, const std::shared_ptr<Flags>& flags, F f) {
  command.callback([&session, flags, f] { session.action = [&session, flags, f] { return f(session, *flags); }; });
}

}  // namespace qkvbench::cli
