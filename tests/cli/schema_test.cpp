// Results against the schema, checked by a library that no one here wrote (Python's jsonschema), and checkpoints read
// by a reader written from the format's specification alone.
#include <cstdlib>

#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/python.hpp"

using qkvbench::test::python_with;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;

TEST_CASE("results of every ending follow the schema, and a changed one does not") {
  const TemporaryDirectory out;
  const std::string python = python_with("jsonschema");
  qkvbench::write_file_atomic(out / "schema.json", run_qkvbench({"schema"}).out);
  REQUIRE(run_qkvbench({"train", "--task", "swap", "--variant", "qv_k+", "--n-train", "64", "--n-test", "16", "--out",
                        out / "completed"})
              .status == 0);
  for (const char* task : {"glyphs", "anomaly"})
    REQUIRE(run_qkvbench({"train", "--task", task, "--n-train", "64", "--n-test", "16", "--n-val", "8", "--epochs", "1",
                          "--out", out / "completed"})
                .status == 0);
  REQUIRE(run_qkvbench({"train", "--lr", "1000000", "--grad-clip", "0", "--warmup", "0", "--schedule", "constant",
                        "--optimizer", "adamw", "--weight-decay", "1000", "--n-train", "256", "--batch-size", "32",
                        "--out", out / "diverged"})
              .status == 5);
  REQUIRE(run_qkvbench(
              {"import", SOURCE_DIR "/tests/fixtures/interop/pt/llm_qk_final_ddp_fp32.pt", "--out", out / "imported"})
              .status == 0);
  qkvbench::write_file_atomic(out / "check.py", R"(
import copy, glob, json, sys
import jsonschema
schema = json.load(open(sys.argv[1] + "/schema.json"))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
results = [json.load(open(path)) for path in glob.glob(sys.argv[1] + "/*/*/result.json")]
assert sorted(r["status"] for r in results) == 3 * ["completed"] + ["diverged", "imported"], results
for result in results:
    validator.validate(result)
    for key in result:  # every field is required, but that only what was imported has an origin
        if key == "origin":
            continue
        broken = copy.deepcopy(result)
        del broken[key]
        assert not validator.is_valid(broken), key
    broken = copy.deepcopy(result)
    broken["config"]["surprise"] = 1
    assert not validator.is_valid(broken)
)");
  CHECK(std::system((python + " " + (out / "check.py") + " " + out.path().string()).c_str()) == 0);
}

TEST_CASE("a checkpoint is readable from the specification alone") {
  const TemporaryDirectory out;
  REQUIRE(run_qkvbench({"train", "--task", "copy", "--variant", "qk_v+", "--n-train", "64", "--n-test", "16", "--out",
                        out.path()})
              .status == 0);
  const std::string model = (qkvbench::test::only_entry(out.path()) / "model.safetensors").string();
  qkvbench::write_file_atomic(out / "read.py", R"(
import json, struct, sys
data = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", data[:8])[0]
assert size % 8 == 0
header = json.loads(data[8:8 + size])
config = json.loads(header.pop("__metadata__")["config"])
assert config["variant"] == "qk_v+"
end = 0
for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
    begin, stop = entry["data_offsets"]
    count = 1
    for n in entry["shape"]:
        count *= n
    assert begin == end and stop - begin == 4 * count and entry["dtype"] == "F32", name
    end = stop
assert 8 + size + end == len(data)
assert header["blocks.1.attn.c_qk.weight"]["shape"] == [64, 64]
assert header["blocks.0.attn.pos_w"]["shape"] == [10]
assert header["pos_emb.weight"]["shape"] == [128, 64]
)");
  CHECK(std::system((python_with("json") + " " + (out / "read.py") + " " + model).c_str()) == 0);
}
