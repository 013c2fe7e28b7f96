// Completions and the man page: in step with --help, and scripts that a shell takes.
// Shells that are not installed are passed over; bash is there wherever the tests run.
#include <set>

#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/patterns.hpp"
#include "support/process.hpp"

using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
using qkvbench::testing::found;
using qkvbench::testing::has;

namespace {

std::string completion(const std::string& form) {
  const Outcome r = run_qkvbench({"completion", form});
  REQUIRE(r.status == 0);
  return r.out;
}

/// The lines of a text that are about a command: from one that has `head` to the next that has `next`.
std::string part(const std::string& text, const std::string& head, const std::string& next) {
  const std::size_t begin = text.find(head);
  REQUIRE(begin != std::string::npos);
  return text.substr(begin, text.find(next, begin + head.size()) - begin);
}

/// What a shell's own words print, run with the script.
std::string bash(const TemporaryDirectory& dir, const std::string& commands) {
  const std::string script = dir.write("try.sh", completion("bash") + commands);
  const std::string out = dir / "out";
  REQUIRE(std::system(("bash " + script + " > " + out).c_str()) == 0);
  return qkvbench::read_file(out);
}

}  // namespace

TEST_CASE("completions and the man page have every command's flags, and no others") {
  const std::string bash = completion("bash"), zsh = completion("zsh"), fish = completion("fish"),
                    man = completion("man");
  for (const std::string& command : found(run_qkvbench({"help"}).out, "\n  ([a-z]+)  ")) {
    if (command == "data" || command == "list") continue;  // whose commands have the flags
    INFO(command);
    const std::set<std::string> flags = found(run_qkvbench({command, "--help"}).out, "\n  (?:-[a-z],)?(--[a-z0-9-]+)");
    CHECK(flags.size() > 3);
    CHECK(found(part(bash, "\" " + command + "\") words=", ";;"), "[ '](--[a-z0-9-]+)") == flags);
    CHECK(found(part(zsh, "\n_qkvbench_" + command + "() {", "\n}"), "'(--[a-z0-9-]+)\\[") == flags);
    CHECK(found(part(man, ".SS " + command + "\n", ".SS "), "fB((?:\\\\-\\\\-)[a-z0-9\\\\-]+)\\\\fR").size() ==
          flags.size());
    for (const std::string& flag : flags)
      CHECK(has(fish, "'__fish_seen_subcommand_from " + command + "' -l " + flag.substr(2) + " "));
  }
}

TEST_CASE("bash completes commands, flags and values") {
  const TemporaryDirectory dir;
  const std::string ask =
      "\ntry() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _qkvbench; echo \"${COMPREPLY[@]}\"; }\n";
  CHECK(bash(dir, ask + "try qkvbench tra") == "train\n");
  CHECK(bash(dir, ask + "try qkvbench train --vari") == "--variant\n");
  CHECK(bash(dir, ask + "try qkvbench train --variant q_") == "q_k_v q_kv\n");
  CHECK(bash(dir, ask + "try qkvbench data fet") == "fetch\n");
  CHECK(bash(dir, ask + "try qkvbench data fetch --overw") == "--overwrite\n");
}
