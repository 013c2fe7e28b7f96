// --json when things go wrong, bytes that are no UTF-8, and JSON from standard input.
// The forms of answers are in schema_test.
#include "qkvbench/formats/json.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"

using nlohmann::json;
using qkvbench::read_file;
using qkvbench::write_file_atomic;
using qkvbench::test::only_entry;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
using qkvbench::testing::has;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> tiny(std::vector<std::string> more) {
  std::vector<std::string> all{"train",   "--task",   "copy",      "--d-model",    "8",         "--layers", "1",
                               "--heads", "2",        "--n-train", "32",           "--seq-len", "8",        "--n-test",
                               "8",       "--epochs", "1",         "--batch-size", "16"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// The error object that a failing command puts into stdout, which says the same as its one line.
json error_of(const Outcome& r, int status) {
  INFO(r.out << r.err);
  CHECK(r.status == status);
  CHECK(std::count(r.err.begin(), r.err.end(), '\n') == 1);
  const json answer = json::parse(r.out);
  CHECK(answer["kind"] == "error");
  CHECK(answer["schema_version"] == 1);
  CHECK(answer["tool"].contains("version"));
  const json error = answer["error"];
  CHECK(error.size() == 4);
  CHECK(error["status"] == status);
  CHECK(has(r.err, error["what"]));
  for (const char* part : {"where", "mend"})
    if (!error[part].is_null()) CHECK(has(r.err, error[part]));
  return error;
}

int shell(const std::string& line) { return WEXITSTATUS(std::system(line.c_str())); }

}  // namespace

TEST_CASE("an error goes where --json says, whatever it is") {
  const TemporaryDirectory dir;
  const auto fails = [](std::vector<std::string> arguments, int status) {
    arguments.insert(arguments.end(), {"--json", "-"});
    return error_of(run_qkvbench(arguments), status);
  };
  json error = fails({"train", "--varient", "qk_v"}, 2);
  CHECK(error["where"] == "--varient");
  CHECK(error["mend"].get<std::string>().starts_with("did you mean '--variant'?"));
  CHECK(error["what"] == "unknown flag '--varient'");
  error = fails({"train", "--lr", "fast"}, 2);
  CHECK(error["where"] == "--lr");
  fails({"train", "--threads", "0"}, 2);
  fails({"verify"}, 2);
  CHECK(fails({"trian"}, 2)["where"] == "trian");
  fails({}, 2);
  error = fails({"eval", dir / "no thing"}, 3);
  CHECK(error["where"] == dir / "no thing");
  error = fails({"report", dir / "nothing"}, 3);
  CHECK(error["where"] == dir / "nothing");
  CHECK(error["mend"] == "give a result.json, a run directory, a directory of runs or recorded results (*.jsonl.gz)");
  write_file_atomic(dir / "c.json", R"({"d_modle": 3})");
  error = fails({"inspect", "--config", dir / "c.json"}, 2);
  CHECK(error["where"] == dir / "c.json");
  write_file_atomic(dir / "file", "");
  error = fails(tiny({"--out", dir / "file"}), 4);
  CHECK(error["where"] == dir / "file");
  // --json=FILE, and a file rather than stdout.
  const Outcome r = run_qkvbench({"list", "nothing", "--json=" + (dir / "e.json")});
  CHECK(r.status == 2);
  CHECK(r.out.empty());
  CHECK(json::parse(read_file(dir / "e.json"))["error"]["status"] == 2);
  // Where it cannot be written there is only the line.
  const Outcome lost = run_qkvbench({"list", "tasks", "--json", dir / "no/such.json"});
  CHECK(lost.status == 4);
  CHECK(has(lost.err, "cannot write"));
  CHECK(run_qkvbench({"list", "tasks", "--json", "/dev/full"}).status == 4);
}

TEST_CASE("a signal leaves an error object, or the result of the run that it stopped") {
  const TemporaryDirectory dir;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    // The pipe holds the command up where it reads its configuration.
    REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
    int pipe = -1;  // can be opened once the command waits at its other end
    const Outcome r = run_qkvbench({"inspect", "--config", dir / "pipe", "--json", dir / "s.json"}, [&](pid_t child) {
      for (int i = 0; i < 60'000 && pipe < 0; ++i) {
        pipe = ::open((dir / "pipe").c_str(), O_WRONLY | O_NONBLOCK);
        if (pipe < 0) usleep(1000);
      }
      kill(child, signal);
    });
    REQUIRE(pipe >= 0);
    ::close(pipe);
    CHECK(r.status == 128 + signal);
    CHECK(json::parse(read_file(dir / "s.json"))["error"]["status"] == 128 + signal);
    fs::remove(dir / "pipe");
    fs::remove(dir / "s.json");
  }
  const Outcome r = run_qkvbench(tiny({"--epochs", "100000", "--out", dir / "runs", "--json", "-"}), [&](pid_t child) {
    for (int i = 0; i < 20000 && !fs::exists(dir / "runs"); ++i) usleep(1000);
    usleep(500'000);
    kill(child, SIGINT);
  });
  INFO(r.err);
  CHECK(r.status == 130);
  const json answer = json::parse(r.out);
  if (answer["kind"] == "train")
    CHECK(answer["runs"][0]["result"]["status"] == "interrupted");
  else
    CHECK(answer["error"]["status"] == 130);  // before there was anything to save
}

TEST_CASE("names that are no UTF-8 are worked with and told, never the end of a run") {
  const TemporaryDirectory dir;
  const std::string odd = "caf\xe9";
  const Outcome r = run_qkvbench(tiny({"--out", dir / odd, "--json", dir / (odd + ".json")}));
  INFO(r.err);
  REQUIRE(r.status == 0);
  const fs::path run = only_entry(dir / odd);
  const json result = json::parse(read_file(run / "result.json"));
  CHECK(result["argv"].dump().find("caf\\\\xE9") != std::string::npos);
  CHECK(has(json::parse(read_file(dir / (odd + ".json")))["runs"][0]["directory"], "caf\\xE9"));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"eval", run},
        {"predict", run, "123"},
        {"attention", run, "--out", dir / (odd + ".svg")},
        {"report", dir / odd, "--csv", dir / (odd + ".csv"), "--out", dir / (odd + ".html")},
        {"compare", run, run},
        {"eval", dir / (odd + "2")},
        {"train", "--variant", odd}}) {
    auto all = arguments;
    all.insert(all.end(), {"--json", "-"});
    const Outcome other = run_qkvbench(all);
    INFO(arguments[0] << ": " << other.err);
    CHECK(other.status != 1);
    CHECK(json::parse(other.out).is_object());
  }
  // The name of a text is in the configuration: it comes back from there as it was.
  std::string text;
  for (int i = 0; i < 300; ++i) text += "abc bca "[i % 8];
  write_file_atomic(dir / (odd + ".txt"), text);
  const Outcome lm =
      run_qkvbench({"train", "--task", "lm", "--corpus", dir / (odd + ".txt"), "--d-model", "8", "--layers", "1",
                    "--heads", "2", "--seq-len", "8", "--batch-size", "4", "--steps", "3", "--out", dir / "lm"});
  INFO(lm.err);
  REQUIRE(lm.status == 0);
  const fs::path model = only_entry(dir / "lm");
  const Outcome again = run_qkvbench({"train", "--config", model / "result.json", "--out", dir / "lm"});
  CHECK(again.status == 0);
  CHECK(has(again.err, "already finished"));
  CHECK(run_qkvbench({"eval", model}).status == 0);
  CHECK(run_qkvbench({"report", dir / "lm"}).status == 0);
}

TEST_CASE("a configuration, a grid and an earlier record come from standard input") {
  const TemporaryDirectory dir;
  const std::string q = "'" + qkvbench::test::qkvbench_path() + "' ",
                    to = " > " + (dir / "out") + " 2> " + (dir / "err");
  CHECK(shell("echo '{\"d_model\": 24}' | " + q + "inspect --config - --heads 2 --json -" + to) == 0);
  CHECK(json::parse(read_file(dir / "out"))["configurations"][0]["config"]["d_model"] == 24);
  CHECK(shell("echo '{\"d_modle\": 24}' | " + q + "inspect --config -" + to) == 2);
  CHECK(has(read_file(dir / "err"), "standard input: unknown key 'd_modle'"));
  CHECK(shell(q + "inspect --config - < /dev/null" + to) == 3);
  CHECK(shell(q + "inspect --config - <&-" + to) == 3);
  CHECK(shell("echo '{\"grid\": {\"task\": [\"copy\", \"sort\"], \"seed\": [0, 1]}}' | " + q +
              "sweep - --status --json - --out " + (dir / "none") + to) == 0);
  CHECK(json::parse(read_file(dir / "out"))["runs"].size() == 4);
  CHECK(shell("echo '{\"grid\": {\"seed\": [0, 1]}}' | " + q + "sweep - --slurm 2" + to) == 2);
  CHECK(has(read_file(dir / "err"), "a file"));
  const std::string bench = "bench data --task copy --seconds 0 -q ";
  CHECK(shell(q + bench + "--json - | " + q + bench + "--compare -" + to) == 0);
  CHECK(has(read_file(dir / "out"), "×"));
}

TEST_CASE("a file that --json, --csv and the like write again keeps mode and link") {
  const TemporaryDirectory dir;
  REQUIRE(run_qkvbench(tiny({"--out", dir / "runs"})).status == 0);
  const fs::path run = only_entry(dir / "runs");
  for (std::vector<std::string> arguments : {std::vector<std::string>{"list", "tasks", "--json"},
                                             {"report", dir / "runs", "--csv"},
                                             {"report", dir / "runs", "--md"},
                                             {"report", dir / "runs", "--latex"},
                                             {"report", dir / "runs", "--out"},
                                             {"attention", run, "--out"},
                                             {"eval", "nothing", "--json"}}) {
    INFO(arguments[0] << " " << arguments.back());
    write_file_atomic(dir / "secret", "old");
    fs::permissions(dir / "secret", fs::perms::owner_read | fs::perms::owner_write);
    fs::remove(dir / "link");
    fs::create_symlink("secret", dir / "link");
    arguments.push_back(dir / "link");
    run_qkvbench(arguments);
    CHECK(fs::is_symlink(dir / "link"));
    CHECK(read_file(dir / "secret").size() > 3);
    CHECK(fs::status(dir / "secret").permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  }
  const std::string q = "'" + qkvbench::test::qkvbench_path() + "' ";
  CHECK(shell(q + "list tasks --json /dev/stdout > " + (dir / "whole")) == 0);
  CHECK(json::parse(read_file(dir / "whole"))["kind"] == "list-tasks");
  CHECK(shell(q + "list tasks --json /dev/fd/3 3> " + (dir / "three") + " > " + (dir / "text")) == 0);
  CHECK(json::parse(read_file(dir / "three"))["kind"] == "list-tasks");
}
