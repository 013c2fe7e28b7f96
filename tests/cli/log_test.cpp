// What a run leaves for other programs to plot: metrics.jsonl, TensorBoard's event file and report's CSV, each read by
// Python. Which numbers they are is tested elsewhere.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/python.hpp"

using nlohmann::json;
using qkvbench::read_file;
using qkvbench::write_file_atomic;
using qkvbench::test::only_entry;
using qkvbench::test::Outcome;
using qkvbench::test::python_with;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

constexpr const char* kEvents = "events.out.tfevents.0.qkvbench";

std::vector<std::string> tiny(std::vector<std::string> more) {
  std::vector<std::string> all{
      "train", "--task",    "copy", "--d-model", "8", "--layers", "1", "--heads",     "2", "-q",           "--n-train",
      "320",   "--seq-len", "8",    "--n-test",  "8", "--epochs", "2", "--log-every", "2", "--batch-size", "16"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

json events_of(const fs::path& run) {
  const std::string out = run.string() + "-events.json";
  REQUIRE(std::system((python_with("json") + " " SOURCE_DIR "/tests/support/read_events.py " +
                       (run / kEvents).string() + " > " + out)
                          .c_str()) == 0);
  return json::parse(read_file(out));
}

/// That the events are the curve, a step each, and the metrics of the end.
void check_events(const fs::path& run) {
  const json events = events_of(run), result = json::parse(read_file(run / "result.json"));
  const json& curve = result["curve"];
  REQUIRE(events.size() == curve.size() + 1);
  const auto same = [](const json& event, const std::string& tag, const json& number) {
    INFO(tag);
    CHECK(event[2].at(tag).get<float>() == number.get<float>());
  };
  double before = 1.6e9;
  for (std::size_t i = 0; i < events.size(); ++i) {
    CHECK(events[i][1].get<double>() >= before);
    before = events[i][1];
    if (i == curve.size()) break;
    CHECK(events[i][0] == curve[i]["step"]);
    for (const char* key : {"loss", "accuracy"})
      same(events[i], std::string("train/") + key, curve[i][std::string("train_") + key]);
    for (const char* key : {"lr", "grad_norm"}) same(events[i], std::string("train/") + key, curve[i][key]);
  }
  CHECK(events.back()[0] == result["train"]["steps"]);
  same(events.back(), "test/accuracy", result["metrics"]["test_accuracy"]);
  same(events.back(), "test/loss", result["metrics"]["test_loss"]);
  for (const auto& [tag, number] : events.back()[2].items()) CHECK(tag.rfind("train", 0) != 0);  // stand in the curve
}

}  // namespace

TEST_CASE("train --tensorboard writes the curve as events, and of a finished run too, once") {
  const TemporaryDirectory dir;
  REQUIRE(run_qkvbench(tiny({"--out", dir / "with", "--tensorboard"})).status == 0);
  REQUIRE(run_qkvbench(tiny({"--out", dir / "without"})).status == 0);
  const fs::path with = only_entry(dir / "with"), without = only_entry(dir / "without");
  check_events(with);
  CHECK_FALSE(fs::exists(without / kEvents));
  for (const char* file : {"metrics.jsonl", "model.safetensors"})
    CHECK(read_file(with / file) == read_file(without / file));
  const std::string events = read_file(with / kEvents);
  REQUIRE(run_qkvbench(tiny({"--out", dir / "with", "--tensorboard"})).status == 0);
  CHECK(read_file(with / kEvents) == events);  // the times too
  REQUIRE(run_qkvbench(tiny({"--out", dir / "without", "--tensorboard"})).status == 0);
  check_events(without);
  // Of a sweep.
  write_file_atomic(dir / "g.json",
                    R"({"grid": {"task": "copy", "d_model": 8, "layers": 1, "heads": 2, "n_train": 320, "seq_len": 8,
                        "n_test": 8, "epochs": 2, "log_every": 2, "batch_size": 16}})");
  REQUIRE(run_qkvbench({"sweep", dir / "g.json", "--tensorboard", "-q", "--out", dir / "sweep"}).status == 0);
  check_events(only_entry(dir / "sweep"));
}

TEST_CASE("events are whole after a kill, and each step is there once when the run goes on") {
  const TemporaryDirectory dir;
  const std::vector<std::string> call =
      tiny({"--out", dir / "runs", "--epochs", "40", "--checkpoint-every", "50", "--resume"});
  auto first = call;
  first.emplace_back("--tensorboard");
  const Outcome killed = run_qkvbench(first, [&](pid_t child) {
    for (int i = 0; i < 20000; ++i) {  // until there is a checkpoint and something behind it
      usleep(200);
      if (!fs::exists(dir / "runs") || fs::is_empty(dir / "runs")) continue;
      const fs::path run = only_entry(dir / "runs");
      if (fs::exists(run / "checkpoint-50.sha256") && fs::file_size(run / kEvents) > 5000) break;
    }
    kill(child, SIGKILL);
  });
  const fs::path run = only_entry(dir / "runs");
  if (killed.status == 128 + SIGKILL) {
    // What a loss of power can leave: half a record.
    fs::resize_file(run / kEvents, fs::file_size(run / kEvents) - 7);
    const int file = ::open((run / kEvents).c_str(), O_WRONLY | O_APPEND);
    CHECK(::write(file, "torn", 4) == 4);
    ::close(file);
  }
  REQUIRE(run_qkvbench(call).status == 0);  // goes on with the file that is there
  check_events(run);
  // What stands in another's place is written anew, a file of something else too.
  for (const std::string& content : {std::string(), std::string("no events"), read_file(run / kEvents) + "more"}) {
    write_file_atomic(run / kEvents, content);
    REQUIRE(run_qkvbench(first).status == 0);
    check_events(run);
  }
}

TEST_CASE("metrics.jsonl and report --csv-runs are tables that csv, json and pandas take as they are") {
  const TemporaryDirectory dir;
  REQUIRE(run_qkvbench(tiny({"--out", dir / "runs", "--variant", "q_k_v,q_kv"})).status == 0);
  REQUIRE(run_qkvbench({"train", "--task", "lm", "--seq-len", "8", "--steps", "2", "--d-model", "8", "--heads", "2",
                        "--layers", "1", "-q", "--out", dir / "runs"})
              .status == 0);
  REQUIRE(run_qkvbench({"report", dir / "runs", "-q", "--csv-runs", dir / "runs.csv"}).status == 0);
  write_file_atomic(dir / "read.py", R"(
import csv, glob, json, os, sys
directory = sys.argv[1]
for path in glob.glob(directory + "/runs/*/metrics.jsonl"):
    with open(path) as file:
        rows = [json.loads(line) for line in file]
    assert rows and all(set(row) == set(rows[0]) and list(row)[0] == "step" for row in rows)
    assert all(value is None or type(value) in (int, float) for row in rows for value in row.values())
    assert [row["step"] for row in rows] == sorted({row["step"] for row in rows})
with open(directory + "/runs.csv", newline="") as file:
    rows = list(csv.DictReader(file))
assert len(rows) == 3
for row in rows:
    assert None not in row and not any("{" in cell for cell in row.values())
    with open(row["path"]) as file:
        result = json.load(file)
    assert os.path.basename(os.path.dirname(row["path"])) == row["run"]
    for key, value in result["config"].items():
        assert row[key] == str(value) or float(row[key]) == value, key
    for part in ("metrics", "timing"):
        for key, value in result[part].items():
            assert value is None or float(row[key]) == value, key
try:
    import pandas
except ImportError:
    sys.exit()
table = pandas.read_csv(directory + "/runs.csv")
assert len(table) == 3 and table["test_accuracy"].dtype == float
assert len(pandas.read_json(glob.glob(directory + "/runs/*/metrics.jsonl")[0], lines=True)) > 0
)");
  CHECK(std::system((python_with("json") + " " + (dir / "read.py") + " " + dir.path().string()).c_str()) == 0);
}
