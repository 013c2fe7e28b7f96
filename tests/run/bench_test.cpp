// The benchmark's cases: their sizes, their FLOPs, their data; limits of the machine; and records read back.
// Nothing is timed.
#include "qkvbench/run/bench.hpp"

#include <map>

#include "qkvbench/base/files.hpp"
#include "qkvbench/run/bench_compare.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"

namespace qkvbench::run {

using qkvbench::test::TemporaryDirectory;
using qkvbench::testing::check_error;

TEST_CASE("FLOPs of a training step are those that the PyTorch peer's script counts", "[run]") {
  // Computed with the formula of torch_peer.py, in Python.
  const std::map<std::string, double> flop{
      {"encoder-d32-l2-t16", 327155712},    {"encoder-d64-l2-t64", 5637144576},
      {"encoder-d64-l4-t128", 25769803776}, {"encoder-d256-l4-t128", 335007449088},
      {"vit-mnist-d64-l2", 4266393600},     {"vit-cifar-d256-l2", 81840046080},
      {"gpt-char-d128-l4-t64", 3964207104}, {"gpt-char-d384-l6-t256", 290523709440},
      {"gpt2-124m-t64", 191612583936}};
  CHECK(bench_cases().size() == flop.size());
  for (const BenchCase& c : bench_cases()) {
    INFO(c.name);
    CHECK(training_flop(c) == flop.at(c.name));
  }
}

TEST_CASE("a case's model has as many positions as it says, and its data fit the model", "[run]") {
  for (const BenchCase& c : bench_cases()) {
    INFO(c.name);
    const nn::Model model(bench_model_config(c));
    CHECK(model.family().positions() == c.seq_len);
    const auto data = bench_data(c);
    CHECK(data->size() % c.batch_size == 0);
    Batch batch, again;
    const std::vector<index_t> examples{2, 0};
    data->fill(examples, batch);
    bench_data(c)->fill(examples, again);
    CHECK((batch.ids == again.ids && batch.features == again.features && batch.targets == again.targets));
    CHECK(batch.input[0] == 2);
    CHECK(static_cast<index_t>(batch.ids.size() + batch.features.size()) == batch.input.elements());
    CHECK(static_cast<index_t>(batch.targets.size()) == 2 * data->targets_per_example());
    const index_t symbols = c.vocab > 0 ? c.vocab : 10;
    for (const auto& numbers : {batch.ids, batch.targets})
      for (const std::int32_t id : numbers) CHECK((id >= 0 && id < symbols));
  }
}

TEST_CASE("gpt2-124m has the parameters of GPT-2's small model, with the vocabulary padded", "[run]") {
  const nn::Model model(bench_model_config(find_bench_case("gpt2-124m-t64")));
  // 12 blocks of 7,087,872; 50,304 tokens and 64 positions of 768; the last LayerNorm.
  CHECK(model.parameters().total() == 12 * 7'087'872 + (50304 + 64) * 768 + 2 * 768);
}

TEST_CASE("of a limit the best counts, and a row is marked when one beside it is more than 10 % lower",
          "[run][bench]") {
  LimitRange call, quiet, busy_after, edge;
  CHECK_FALSE(host_changed(quiet, call));  // of no measurement
  for (const double v : {200, 195}) quiet.add(v);
  for (const double v : {190, 120}) busy_after.add(v);
  for (const double v : {180, 181}) edge.add(v);
  CHECK(quiet.least == 195);
  CHECK(quiet.best == 200);
  for (const LimitRange& row : {busy_after, quiet, edge, LimitRange{}}) call.add(row);
  CHECK(call.least == 120);
  CHECK(call.best == 200);
  CHECK_FALSE(host_changed(quiet, call));
  CHECK(host_changed(busy_after, call));
  CHECK_FALSE(host_changed(edge, call));  // exactly 10 %
  call.add(201);                          // a later row may show that an earlier one was held up
  CHECK(host_changed(edge, call));
}

TEST_CASE("a row's share is of the call's best limit, whatever was measured beside the row", "[run][bench]") {
  CaseRecord record{};
  record.result.config = find_bench_case("encoder-d32-l2-t16");
  record.result.gflop_per_s = 100;
  record.fma_peak_gflops.add(90);
  record.fma_peak_gflops.add(160);
  MachineLimits limits{record.fma_peak_gflops, {}, {}};
  limits.fma_peak_gflops.add(200);
  const Json row = case_json(record, limits), of_call = limits_json(limits);
  CHECK(row["peak_share"] == 0.5);
  CHECK(row["fma_peak_gflops_min"] == 90);
  CHECK(row["fma_peak_gflops_max"] == 160);
  CHECK(row["host_changed"] == true);
  CHECK(of_call["fma_peak_gflops"] == 200);
  CHECK(of_call["fma_peak_gflops_min"] == 90);
  limits.fma_peak_gflops = record.fma_peak_gflops = {150, 160};
  CHECK(case_json(record, limits)["host_changed"] == false);
}

TEST_CASE("a record is read back; what is none is refused in one line", "[run]") {
  const TemporaryDirectory dir;
  const std::string path = dir / "record.json";
  const Json good{{"bench", "train"},
                  {"env", {{"cpu", "a"}, {"threads", 2}}},
                  {"cases", {{{"case", "x"}, {"tokens_per_s", 2.5}}, {{"case", "y"}, {"tokens_per_s", 4}}}}};
  write_file_atomic(path, good.dump());
  const EarlierBench earlier = read_earlier_bench(path, "train");
  CHECK(earlier.speed("x") == 2.5);
  CHECK(earlier.speed("y") == 4);
  CHECK_FALSE(earlier.speed("z").has_value());
  CHECK(earlier.differences({{"cpu", "a"}, {"threads", 2}}).empty());
  CHECK(earlier.differences({{"cpu", "b"}, {"threads", 1}}) == "cpu a then, b now; threads 2 then, 1 now");

  const auto refused = [&](const std::string& text, const std::string& part) {
    write_file_atomic(path, text);
    check_error(Exit::kInput, {path, part}, [&] { read_earlier_bench(path, "train"); });
  };
  const auto without = [&](const char* key) {
    Json json = good;
    json.erase(key);
    return json.dump();
  };
  for (const char* key : {"bench", "env", "cases"}) refused(without(key), "missing or of the wrong kind");
  refused("", "no valid JSON");
  refused(good.dump().substr(0, good.dump().size() / 2), "no valid JSON");
  refused("[1, 2]", "no record of qkvbench bench train");
  for (const char* speed : {"0", "-1", "null", "\"fast\""})
    refused(R"({"bench":"train","env":{},"cases":[{"case":"x","tokens_per_s":)" + std::string(speed) + "}]}",
            "no record of qkvbench bench train");
  write_file_atomic(path, good.dump());
  check_error(Exit::kInput, {"but of bench train"}, [&] { read_earlier_bench(path, "eval"); });
  check_error(Exit::kInput, {"none.json"}, [&] { read_earlier_bench(dir / "none.json", "train"); });
}

TEST_CASE("docs/benchmarks.md shows every case of the benchmark", "[run]") {
  const std::string page = read_file(SOURCE_DIR "/docs/benchmarks.md");
  for (const std::string name : {"train", "decode"}) {
    const std::size_t begin = page.find("\n<!-- bench " + name + " -->\n"),
                      end = page.find("\n<!-- end of bench " + name + " -->\n");
    INFO(name);
    REQUIRE(begin != std::string::npos);
    REQUIRE(end != std::string::npos);
    CHECK(begin < end);
    const std::string tables = page.substr(begin, end - begin);
    if (name != "train" || tables.find('|') == std::string::npos) continue;  // `make bench` was not run yet
    for (const BenchCase& c : bench_cases()) CHECK(tables.find(c.name) != std::string::npos);
  }
}

}  // namespace qkvbench::run
