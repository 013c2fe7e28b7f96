// Everything that can be wrong on a command line or in a file: one line that says what and how to mend it,
// the right exit status, and nothing written.

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;

namespace {

struct Case {
  std::vector<std::string> arguments;
  int status;
  std::vector<std::string> said;  // parts of the one line
};

void check(const Case& c) {
  const Outcome r = run_qkvbench(c.arguments);
  std::string line;
  for (const std::string& argument : c.arguments) line += argument + " ";
  INFO(line << "\n" << r.err);
  CHECK(r.status == c.status);
  CHECK(r.out.empty());
  CHECK(r.err.rfind("error: ", 0) == 0);
  CHECK(std::count(r.err.begin(), r.err.end(), '\n') == 1);
  for (const std::string& part : c.said) CHECK(r.err.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("a wrong command line is status 2 and suggests what was meant") {
  const TemporaryDirectory out;
  const auto train = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"train", "--out", out / "runs"});
    return more;
  };
  check({{}, 2, {"no command", "qkvbench help"}});
  check({{"hepl"}, 2, {"unknown command 'hepl': did you mean 'help'?"}});
  check({{"help", "trian"}, 2, {"unknown command 'trian': did you mean 'train'?"}});
  check({{"paint"}, 2, {"unknown command 'paint' (see qkvbench help)"}});
  check({train({"--init", "x"}), 2, {"unknown flag '--init': did you mean '--init-from'?"}});
  check({train({"--colour-of-it"}), 2, {"unknown flag '--colour-of-it' (see"}});
  check({train({"--seed", "4-0"}), 2, {"--seed", "'4-0'", "write 0-4"}});
  check({train({"--seed", "0-4000"}), 2, {"--seed", "sweep"}});
  check({{"trian"}, 2, {"unknown command 'trian'", "did you mean 'train'"}});
  check({train({"--varient", "qk_v"}), 2, {"unknown flag '--varient'", "did you mean '--variant'"}});
  check({train({"--variant", "qk-vv"}), 2, {"unknown variant 'qk-vv'", "did you mean 'qk_v'"}});
  check({train({"--variant", "QKV"}), 2, {"'q_k_v' (three)", "'qkv' (one)"}});
  check({train({"--variant", "qk_v", "--kv-heads", "2"}), 2, {"shares the query's projection with K", "must be 4"}});
  check({train({"--variant", "qv_k", "--kv-heads", "1"}), 2, {"shares the query's projection with V"}});
  check({train({"--heads", "3"}), 2, {"heads 3 does not divide d_model 64"}});
  check({train({"--kv-heads", "3"}), 2, {"kv_heads 3 does not divide heads 4"}});
  check({train({"--task", "revers"}), 2, {"unknown task 'revers'", "did you mean 'reverse'"}});
  check({train({"--task", "swap", "--seq-len", "7"}), 2, {"swap", "must be even"}});
  check({train({"--lr", "fast"}), 2, {"--lr", "'fast' is no number"}});
  check({train({"--lr", "nan"}), 2, {"--lr"}});
  check({train({"--epochs", "2.5"}), 2, {"--epochs", "whole number"}});
  check({train({"--dropout", "1"}), 2, {"--dropout", "not between 0 and 0.99"}});
  check({train({"--seed", "-1"}), 2, {"--seed"}});
  check({train({"--max-len", "8"}), 2, {"--max-len"}});
  check({train({"--optimizer", "sgd"}), 2, {"unknown optimizer 'sgd'"}});
  check({train({"--schedule", "cosin"}), 2, {"did you mean 'cosine'"}});
  check({train({"--preset", "qick"}), 2, {"did you mean 'quick'"}});
  check({train({"--threads", "0"}), 2, {"--threads"}});
  check({{"list", "variant"}, 2, {"variants"}});
  check({{"bench", "--case", "encoder-d32"}, 2, {"did you mean 'encoder-d32-l2-t16'"}});
  check({{"verify"}, 2, {"--golden"}});
  CHECK_FALSE(std::filesystem::exists(out / "runs"));
}

TEST_CASE("a wrong configuration file is named") {
  const TemporaryDirectory dir;
  const auto with = [&](const std::string& text) {
    qkvbench::write_file_atomic(dir / "c.json", text);
    return std::vector<std::string>{"inspect", "--config", dir / "c.json"};
  };
  check({with(R"({"d_modle": 3})"), 2, {"c.json", "unknown key 'd_modle'", "did you mean 'd_model'"}});
  check({with(R"({"d_model": "many"})"), 2, {"c.json", "--d-model", "'many' is no whole number"}});
  check({with(R"({"d_model": true})"), 2, {"c.json", "must be a text or a number"}});
  check({with(R"({"d_model": 1e400})"), 3, {"c.json"}});
  check({with(R"({"d_model": 32, "d_model": 64})"), 3, {"c.json", "'d_model' appears twice"}});
  check({with("{"), 3, {"c.json", "no valid JSON at byte"}});
  check({with(std::string(100000, '[')), 3, {"c.json", "nests deeper"}});
  check({{"inspect", "--config", dir / "missing.json"}, 3, {"missing.json", "No such file"}});
}

TEST_CASE("images that are not there or not whole are status 3") {
  const TemporaryDirectory dir;
  const auto train = [&](const std::string& task, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"train", "--task", task, "--data", dir / "data", "--out", dir / "runs"});
    return more;
  };
  check({train("mnist"), 3, {"mnist", "there is no", "data"}});
  std::filesystem::create_directories(dir / "data");
  check({train("mnist"), 3, {"train-images-idx3-ubyte"}});
  check({train("cifar10"), 3, {"data_batch_1.bin"}});
  check({train("tiny-imagenet"), 3, {"wnids.txt"}});
  check({train("images"), 3, {"train/<class>"}});
  check({train("anomaly", {"--source", "npy"}), 3, {"test.npy"}});
  check({train("anomaly", {"--source", "nyp"}), 2, {"did you mean 'npy'"}});
  check({train("glyphs", {"--augment", "crop"}), 2, {"did you mean 'crop-flip'? Known: none"}});
  check({train("glyphs"), 2, {"glyphs", "leave out --data"}});
  check({train("anomaly"), 2, {"glyphs", "leave out --data"}});
  check({train("glyphs", {"--n-val", "-1"}), 2, {"--n-val"}});
  // What contradicts the images is said before they are looked for, or before any is read.
  check({{"train", "--task", "mnist", "--channels", "3"}, 2, {"mnist", "1 channels, not 3", "leave out --channels"}});
  check({{"inspect", "--task", "cifar10", "--channels", "1"}, 2, {"cifar10", "3 channels, not 1"}});
  check({{"train", "--task", "cifar100", "--classes", "10"}, 2, {"100 classes", "raise --classes"}});
  check({{"inspect", "--task", "tiny-imagenet", "--channels", "2"}, 2, {"--channels is 3, or 1 for grey, not 2"}});
  std::filesystem::create_directories(dir / "data/train/a");
  qkvbench::write_file_atomic(dir / "data/train/a/x.jpg", "\xff\xd8 and no more");
  check({train("images"), 3, {"x.jpg", "damaged or cut short"}});
}

TEST_CASE("a missing or damaged model is status 3") {
  const TemporaryDirectory dir;
  check({{"eval", dir / "nothing"}, 3, {"there is no", "nothing"}});
  check({{"eval", dir / "nothing", "--seed", "-3"}, 2, {"--seed"}});
  check({{"eval", dir / "nothing", "--n-test", "0"}, 2, {"--n-test"}});
  check({{"predict", dir / "nothing", "123"}, 3, {"there is no"}});
  check({{"verify", "--golden", dir / "nothing"}, 3, {"cannot read the directory"}});
  check({{"verify", "--golden", dir.path()}, 3, {"no .safetensors files"}});
  qkvbench::write_file_atomic(dir / "model.safetensors", "not a model");
  check({{"eval", dir.path()}, 3, {"model.safetensors", "no safetensors file"}});
  // A real file of another kind of model: its configuration is not this tool's.
  check({{"eval", SOURCE_DIR "/tests/golden/set_qkv.safetensors"}, 3, {"set_qkv.safetensors"}});
}

TEST_CASE("a model that was cut short or changed is status 3, a list that it cannot read status 2") {
  const TemporaryDirectory out;
  REQUIRE(run_qkvbench({"train", "--task", "copy", "--d-model", "8", "--heads", "2", "--seq-len", "4", "--n-train",
                        "32", "--n-test", "8", "--batch-size", "16", "--out", out.path()})
              .status == 0);
  const auto model = qkvbench::test::only_entry(out.path()) / "model.safetensors";
  check({{"predict", model.string(), "12a4"}, 2, {"'a'", "symbols 0-9"}});
  check({{"predict", model.string(), ""}, 2, {"empty"}});
  check({{"predict", model.string(), std::string(200, '1')}, 2, {"200", "128"}});
  const std::string bytes = qkvbench::read_file(model);
  qkvbench::write_file_atomic(model, bytes.substr(0, bytes.size() - 5));
  check({{"eval", model.string()}, 3, {"cut short or damaged"}});
  std::string other = bytes;
  other.replace(other.find("c_proj"), 6, "c_prxj");
  qkvbench::write_file_atomic(model, other);
  check({{"eval", model.string()}, 3, {"no parameter of this model"}});
}

TEST_CASE("output that cannot be written is status 4, before any work") {
  const TemporaryDirectory out;
  check({{"list", "tasks", "--json", out / "no/such/directory.json"}, 4, {"cannot write"}});
  check({{"list", "tasks", "--json", out.path()}, 4, {"it is a directory"}});
  qkvbench::write_file_atomic(out / "file", "");
  check({{"train", "--out", out / "file"}, 4, {"cannot make the directory"}});
}

TEST_CASE("a run that diverges ends as such: status 5, a valid result, null for what does not exist") {
  const TemporaryDirectory out;
  const Outcome r =
      run_qkvbench({"train",    "--task",    "copy",       "--lr",     "1000000",     "--grad-clip",  "0",
                    "--warmup", "0",         "--schedule", "constant", "--optimizer", "adamw",        "--weight-decay",
                    "1000",     "--n-train", "512",        "--n-test", "8",           "--batch-size", "32",
                    "--epochs", "20",        "--out",      out.path()});
  INFO(r.err);
  CHECK(r.status == 5);
  CHECK(r.err.find("not finite") != std::string::npos);
  const auto result =
      nlohmann::json::parse(qkvbench::read_file(qkvbench::test::only_entry(out.path()) / "result.json"));
  CHECK(result["status"] == "diverged");
  CHECK(result["metrics"]["test_accuracy"].is_null());
}
