// How commands say which flags they take: a thin face of CLI11, which is all in its headers and takes seconds to
// compile. Only flags.cpp, program.cpp, explain.cpp and completion.cpp read the library itself.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/command.hpp"
#include "qkvbench/kernels/number_format.hpp"

namespace CLI {
class Option;
}

namespace qkvbench::cli {

/// What add_option() and add_flag() give back, to say more of it.
class Flag {
 public:
  explicit Flag(CLI::Option* option) : option_(option) {}
  Flag& required();
  /// What stands behind the name in --help, such as "N [100]".
  Flag& type_name(const std::string& name);
  /// The heading in --help under which it stands.
  Flag& group(const std::string& name);
  /// Of one value that is given twice the last counts.
  Flag& take_last();
  /// May be repeated, with one value each time.
  Flag& one_at_a_time();
  /// Several values in one text: "a,b".
  Flag& comma_separated();
  Flag& one_of(const std::vector<std::string>& names);
  /// fault: "" for a text that will do, otherwise what is wrong with it and how to mend it.
  Flag& check(std::function<std::string(const std::string&)> fault);
  /// A bound on a number, inclusive; `hint`: what to write instead of one that is out of it.
  template <class T>
  Flag& between(T least, T most, const std::string& hint = "") {
    return check([=](const std::string& text) {
      const std::string fault =
          number_fault(text, static_cast<double>(least), static_cast<double>(most), std::is_integral_v<T>);
      return fault.empty() || hint.empty() ? fault : fault + "; " + hint;
    });
  }

 private:
  CLI::Option* option_;
};

/// A flag with a value ("--name") or an argument ("name") that is read into `value`, which holds its default. T is a
/// text, a number, or a vector of them: flags.cpp lists them.
template <class T>
Flag add_option(CLI::App& command, const std::string& name, T& value, const std::string& help);

/// A flag with a value that is given to `read` as it was typed.
Flag add_option(CLI::App& command, const std::string& name, std::function<void(const std::string&)> read,
                const std::string& help);

/// What --weights is, of the commands that decode a trained model.
inline constexpr const char* kWeightsHelp =
    "the weights that are read row by row: fp32, bf16 or int8 (a scale for each 64)";

/// A flag whose value is a number format: fp32, bf16 or int8.
Flag add_option(CLI::App& command, const std::string& name, kernels::NumberFormat& format, const std::string& help);

/// A flag without a value.
Flag add_flag(CLI::App& command, const std::string& name, bool& value, const std::string& help);

/// A command below a command, such as `data list`, of which one has to be named.
CLI::App& add_command(CLI::App& command, const std::string& name, const std::string& summary);

/// Whether the flag was typed.
bool is_given(const CLI::App& command, const std::string& name);

/// Refuses a command line with the flag and one of `others`, which would be of no effect beside it.
void exclude(CLI::App& command, const std::string& flag, const std::vector<std::string>& others);

/// What --help says below the flags.
void set_footer(CLI::App& command, const std::string& text);

/// Has the session call `action` when this is the command that was typed.
void on_call(CLI::App& command, Session& session, std::function<Exit()> action);

template <class Flags, class F>
void on_call(CLI::App& command, Session& session, const std::shared_ptr<Flags>& flags, F f) {
  on_call(command, session, [&session, flags, f] { return f(session, *flags); });
}

}  // namespace qkvbench::cli
