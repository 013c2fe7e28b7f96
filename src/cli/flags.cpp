// Flags as CLI11 keeps them.
// What is said of a command line that it refuses is in explain.
#include "qkvbench/cli/flags.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <optional>

#include "qkvbench/base/real.hpp"

namespace qkvbench::cli {

Flag& Flag::required() {
  option_->required();
  return *this;
}

Flag& Flag::type_name(const std::string& name) {
  option_->type_name(name);
  return *this;
}

Flag& Flag::group(const std::string& name) {
  option_->group(name);
  return *this;
}

Flag& Flag::take_last() {
  option_->take_last();
  return *this;
}

Flag& Flag::one_at_a_time() {
  option_->expected(1)->take_all();
  return *this;
}

Flag& Flag::comma_separated() {
  option_->delimiter(',');
  return *this;
}

Flag& Flag::one_of(const std::vector<std::string>& names) {
  return check([names](const std::string& text) {
    return std::ranges::find(names, text) == names.end() ? unknown_name("value", text, names) : "";
  });
}

Flag& Flag::check(std::function<std::string(const std::string&)> fault) {
  option_->check(CLI::Validator([fault = std::move(fault)](const std::string& text) { return fault(text); }, ""));
  return *this;
}

template <class T>
Flag add_option(CLI::App& command, const std::string& name, T& value, const std::string& help) {
  return Flag(command.add_option(name, value, help));
}
template Flag add_option(CLI::App&, const std::string&, std::string&, const std::string&);
template Flag add_option(CLI::App&, const std::string&, int&, const std::string&);
template Flag add_option(CLI::App&, const std::string&, long&, const std::string&);
template Flag add_option(CLI::App&, const std::string&, unsigned long&, const std::string&);
template Flag add_option(CLI::App&, const std::string&, unsigned long long&, const std::string&);  // macOS's uint64_t
template Flag add_option(CLI::App&, const std::string&, double&, const std::string&);
template Flag add_option(CLI::App&, const std::string&, std::filesystem::path&, const std::string&);
template Flag add_option(CLI::App&, const std::string&, std::optional<double>&, const std::string&);
template Flag add_option(CLI::App&, const std::string&, std::optional<std::string>&, const std::string&);
template Flag add_option(CLI::App&, const std::string&, std::optional<unsigned long>&, const std::string&);
template Flag add_option(CLI::App&, const std::string&, std::optional<unsigned long long>&, const std::string&);
template Flag add_option(CLI::App&, const std::string&, std::vector<std::string>&, const std::string&);
template Flag add_option(CLI::App&, const std::string&, std::vector<long>&, const std::string&);
template Flag add_option(CLI::App&, const std::string&, std::vector<double>&, const std::string&);

Flag add_option(CLI::App& command, const std::string& name, std::function<void(const std::string&)> read,
                const std::string& help) {
  return Flag(command.add_option_function<std::string>(name, read, help));
}

Flag add_option(CLI::App& command, const std::string& name, kernels::NumberFormat& format, const std::string& help) {
  return add_option(
             command, name, [&format](const std::string& text) { format = kernels::format_of(text); }, help)
      .one_of({kernels::kFormatNames.begin(), kernels::kFormatNames.end()})
      .type_name("FORMAT [fp32]");
}

Flag add_flag(CLI::App& command, const std::string& name, bool& value, const std::string& help) {
  return Flag(command.add_flag(name, value, help));
}

CLI::App& add_command(CLI::App& command, const std::string& name, const std::string& summary) {
  CLI::App* below = command.add_subcommand(name, summary);
  below->get_formatter()->column_width(34);
  command.require_subcommand(1);
  return *below;
}

bool is_given(const CLI::App& command, const std::string& name) { return command.get_option(name)->count() > 0; }

void exclude(CLI::App& command, const std::string& flag, const std::vector<std::string>& others) {
  for (const std::string& other : others) command.get_option(flag)->excludes(command.get_option(other));
}

void set_footer(CLI::App& command, const std::string& text) { command.footer(text); }

void on_call(CLI::App& command, Session& session, std::function<Exit()> action) {
  command.callback([&session, action = std::move(action)] { session.action = action; });
}

}  // namespace qkvbench::cli
