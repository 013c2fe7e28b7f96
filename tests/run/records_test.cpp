// Records read back: what is taken, in which order, and that everything else is named with its reason.
// What is done with them is tested in tests/report.
#include "qkvbench/run/records.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cmath>

#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/results.hpp"
#include "support/temporary.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;
using test::TemporaryDirectory;
using testing::check_error;
using testing::config_of;
using testing::made_up_result;
using testing::write_result;

namespace {

/// Checks that one file is left out and that its reason has these parts; returns the reason.
void check_left_out(const RecordSet& set, std::initializer_list<std::string> parts) {
  CHECK(set.records.empty());
  REQUIRE(set.left_out.size() == 1);
  const std::string reason = set.left_out[0].reason;
  INFO("reason: " << reason);
  CHECK(reason.find('\n') == std::string::npos);
  CHECK(reason.find(set.left_out[0].path.string()) == std::string::npos);
  for (const std::string& part : parts) CHECK(reason.find(part) != std::string::npos);
}

/// The records of a folder that holds this one result, in a run directory without a hash in its name.
RecordSet read_only(const Json& result) {
  const TemporaryDirectory folder;
  write_result(folder.path("some-run"), result);
  return read_records({folder.path()});
}

Json some_result() { return made_up_result(config_of("reverse", "q_kv", 3), 0.75); }

std::vector<std::string> names_of(const RecordSet& set) {
  std::vector<std::string> names;
  for (const Record& r : set.records) names.push_back(r.config.task.id + " " + r.config.model.variant.id());
  return names;
}

}  // namespace

TEST_CASE("a record holds what its file says") {
  const Config config = config_of("lm", "q_kv", 7, 4, 2);
  const RecordSet set = read_only(made_up_result(config, 6.25));
  CHECK(set.left_out.empty());
  REQUIRE(set.records.size() == 1);
  const Record& r = set.records[0];
  CHECK(r.status == Status::kCompleted);
  CHECK(r.run == run_name(config));
  CHECK(config_json(r.config) == config_json(config));
  CHECK(r.metrics.value("perplexity") == 6.25);
  CHECK_FALSE(r.metrics.value("val_loss"));  // null: nothing was scored
  CHECK(r.curve.size() == 3);
  CHECK(r.curve[1].step == 20);
  CHECK(r.curve[1].train_loss == 1);
  CHECK(r.model.params_total == model_costs(config).params_total);
  CHECK(r.model.kv_cache_bytes_per_token == model_costs(config).kv_cache_bytes_per_token);
  CHECK(r.timing.wall_s == 2.5);
  const Tool tool = this_tool();
  for (const std::string& part : {tool.version, tool.git_sha, tool.compiler, tool.flags, tool.gemm})
    CHECK(r.build.find(part) != std::string::npos);
}

TEST_CASE("files, run directories and directories of runs are read, each file once, in an order of their own") {
  const TemporaryDirectory folder;
  const fs::path results = folder.path("results");
  for (const char* variant : {"qkv", "q_k_v+", "qk_v", "q_k_v"}) write_result(results, config_of("sort", variant), 0.5);
  write_result(results, config_of("reverse", "qkv"), 0.5);
  write_result(results, config_of("sort", "q_k_v", 0, 4, 1), 0.5);
  write_result(results, config_of("sort", "q_k_v", 0, 4, 2), 0.5);
  folder.write("results/notes.txt", "no run");
  fs::create_directories(results / "plots" / "deeper");
  write_result(results / "plots" / "deeper", config_of("copy", "qkv"), 0.5);  // too deep: not a run of this directory
  const RecordSet set = read_records({results});
  CHECK(set.left_out.empty());
  CHECK(names_of(set) == std::vector<std::string>{"reverse qkv", "sort q_k_v", "sort q_k_v", "sort q_k_v",
                                                  "sort q_k_v+", "sort qk_v", "sort qkv"});
  CHECK(set.records[1].config.model.kv_heads == 4);
  CHECK(set.records[3].config.model.kv_heads == 1);
  // The same, reached in other ways, in another order, and through links that go round in circles.
  std::vector<fs::path> paths{results / run_name(config_of("sort", "qkv")), results, results / "."};
  for (const Record& r : set.records) paths.insert(paths.begin(), r.path);
  fs::create_directory_symlink(results, results / "round");
  fs::create_directory_symlink(set.records[0].path.parent_path(), results / "again");
  const RecordSet same = read_records(paths);
  CHECK(same.left_out.empty());
  REQUIRE(same.records.size() == set.records.size());
  for (std::size_t i = 0; i < set.records.size(); ++i) CHECK(same.records[i].run == set.records[i].run);
  check_error(Exit::kInput, {"there is no", "elsewhere"}, [&] { read_records({results / "elsewhere"}); });
  CHECK(read_records({results / "plots" / "deeper" / "."}).records.size() == 1);
}

TEST_CASE("a file that is cut short anywhere is left out") {
  const std::string text = some_result().dump(2);
  const TemporaryDirectory folder;
  for (std::size_t size = 0; size < text.size(); size += 97) {
    folder.write("run/result.json", text.substr(0, size));
    const RecordSet set = read_records({folder.path()});
    check_left_out(set, {"no valid JSON"});
  }
}

TEST_CASE("whatever has no field or another type in a field that is read is left out and says which") {
  const auto changed = [](const std::string& pointer, const Json& value) {
    Json json = some_result();
    json[Json::json_pointer(pointer)] = value;
    return read_only(json);
  };
  struct Case {
    const char* pointer;
    Json value;
    const char* said;
  };
  for (const Case& c : {Case{"/schema_version", 2, "schema_version is 2, and this program reads 1"},
                        {"/schema_version", "1", "schema_version"},
                        {"/status", 3, "status is no text"},
                        {"/status", "done", "status 'done'"},
                        {"/tool", Json::array(), "tool is no object"},
                        {"/tool/git_sha", nullptr, "tool.git_sha is no text"},
                        {"/env/isa", 512, "env.isa"},
                        {"/env/cpu", Json::object(), "env.cpu"},
                        {"/config", "reverse", "config is no object"},
                        {"/config/d_model", 0, "--d-model"},
                        {"/config/d_model", 64.5, "--d-model"},
                        {"/config/d_model", "64", "config.d_model is not as a run writes it"},
                        {"/config/lr", true, "lr must be a text or a number"},
                        {"/config/task", "revers", "did you mean 'reverse'"},
                        {"/config/variant", "Q=K-V", "config.variant is no id"},
                        {"/config/variant", "qq", "unknown variant"},
                        {"/config/kv_heads", 0, "kv_heads 0"},
                        {"/config/kv_heads", 3, "kv_heads 3"},
                        {"/config/surprise", 1, "surprise"},
                        {"/config/corpus", "stories", "config.corpus does not concern task reverse"},
                        {"/metrics", nullptr, "metrics is no object"},
                        {"/metrics/test_accuracy", "good", "metrics.test_accuracy is neither a number nor null"},
                        {"/model/params_total", -1, "model.params_total is no count"},
                        {"/model/params_total", 1e300, "model.params_total"},
                        {"/model/macs_forward", nullptr, "model.macs_forward"},
                        {"/curve", Json::object(), "curve is no list"},
                        {"/curve/0", 1, "a point of curve is no object"},
                        {"/curve/0/step", 1.5, "step is no count"},
                        {"/curve/0/train_loss", "low", "train_loss"},
                        {"/timing/wall_s", "long", "timing.wall_s"},
                        {"/timing", 1, "timing is no object"}}) {
    INFO(c.pointer);
    check_left_out(changed(c.pointer, c.value), {c.said});
  }
  for (const char* pointer : {"/schema_version", "/status", "/tool", "/config", "/model", "/metrics", "/curve",
                              "/timing", "/env", "/config/lr", "/config/task", "/model/params_total"}) {
    Json json = some_result();
    const Json::json_pointer place(pointer);
    json[place.parent_pointer()].erase(place.back());
    INFO(pointer);
    check_left_out(read_only(json), {std::string(pointer) == "/config/task" ? "config" : "there is no"});
  }
  check_left_out(read_only(Json::array()), {"no JSON object"});
  check_left_out(read_only({{"name", "some other tool's"}}), {"there is no schema_version"});
}

TEST_CASE("null is no number: it is left out of the metrics and NaN in a curve") {
  Json json = some_result();
  json["metrics"]["test_accuracy"] = nullptr;
  json["curve"][1]["train_loss"] = nullptr;
  json["timing"]["wall_s"] = nullptr;
  json["status"] = "diverged";
  const RecordSet set = read_only(json);
  REQUIRE(set.records.size() == 1);
  CHECK(set.records[0].status == Status::kDiverged);
  CHECK_FALSE(set.records[0].metrics.value("test_accuracy"));
  CHECK(std::isnan(set.records[0].curve[1].train_loss));
  CHECK_FALSE(set.records[0].timing.wall_s);
}

TEST_CASE("runs that are not finished are named") {
  for (const char* status : {"interrupted", "failed"}) {
    Json json = some_result();
    json["status"] = status;
    check_left_out(read_only(json), {std::string(status) == "failed" ? "failed" : "--resume"});
  }
  const TemporaryDirectory folder;
  folder.write("results/a/checkpoint.safetensors", "");
  check_left_out(read_records({folder.path("results")}), {"not finished", "--resume"});
  check_left_out(read_records({folder.path("results/a")}), {"not finished"});
}

TEST_CASE("a configuration that was changed by hand no longer fits its directory") {
  const TemporaryDirectory folder;
  const Config config = config_of("reverse", "q_kv", 3);
  Json json = made_up_result(config, 0.75);
  json["config"]["lr"] = 0.5;
  write_result(folder.path(run_name(config)), json);
  check_left_out(read_records({folder.path()}), {"reverse-q_kv-s3-", "not of its directory"});
  check_left_out(read_records({folder.path(run_name(config))}), {"not of its directory"});
}

TEST_CASE("copies stay once and are named, contradictions go, other builds stay beside each other") {
  const TemporaryDirectory folder;
  const Config config = config_of("reverse", "q_kv", 3);
  Json json = made_up_result(config, 0.75);
  const fs::path a = write_result(folder.path("a"), json);
  json["timing"]["wall_s"] = 99;  // when and how it was run is no difference
  json["argv"] = {"another"};
  const fs::path b = write_result(folder.path("b"), json);
  RecordSet set = read_records({b, a});
  REQUIRE(set.records.size() == 1);
  CHECK(set.records[0].path == a);
  REQUIRE(set.left_out.size() == 1);
  CHECK(set.left_out[0].path == b);
  CHECK(set.left_out[0].reason.find("copy of " + a.string()) != std::string::npos);

  json["metrics"]["train_loss"] = 0.123;
  write_result(folder.path("c"), json);
  set = read_records({folder.path()});
  CHECK(set.records.empty());
  REQUIRE(set.left_out.size() == 3);
  for (const SkippedFile& one : set.left_out) CHECK(one.reason.find("contradict") != std::string::npos);

  json["tool"]["git_sha"] = "0123abc";
  write_result(folder.path("c"), json);
  set = read_records({folder.path()});
  CHECK(set.records.size() == 2);
  CHECK(set.left_out.size() == 1);
}

TEST_CASE("one build is kept, or others fill in what it lacks; what goes is named") {
  const TemporaryDirectory folder;
  for (std::uint64_t seed = 0; seed < 3; ++seed) write_result(folder.path("new"), config_of("copy", "qkv", seed), 1);
  for (std::uint64_t seed = 2; seed < 4; ++seed) {
    Json json = made_up_result(config_of("copy", "qkv", seed), 0.5);
    json["tool"]["git_sha"] = "0123abc";
    write_result(folder.path("old/" + run_name(config_of("copy", "qkv", seed))), json);
  }
  const RecordSet all = read_records({folder.path("old"), folder.path("new")});
  REQUIRE(all.records.size() == 5);
  REQUIRE(builds_of(all.records).size() == 2);
  CHECK(builds_of(all.records)[1].find("0123abc") != std::string::npos);
  RecordSet one = all, mixed = all;
  keep_one_build(one);
  CHECK(one.records.size() == 3);
  CHECK(one.left_out.size() == 2);
  CHECK(builds_of(one.records).size() == 1);
  keep_one_build(mixed, true);
  CHECK(mixed.records.size() == 4);
  REQUIRE(mixed.left_out.size() == 1);
  CHECK(mixed.left_out[0].reason.find("0123abc") != std::string::npos);
  for (const Record& r : mixed.records) CHECK(r.metrics.value("test_accuracy") == (r.config.task.seed == 3 ? 0.5 : 1));
  RecordSet none;
  keep_one_build(none);
  CHECK(none.records.empty());
}

TEST_CASE("results of fewer numerics are never among those of more, whatever the build") {
  const TemporaryDirectory folder;
  for (const std::uint64_t seed : {0, 1}) {
    Json result = made_up_result(config_of("reverse", "q_k_v", seed), 0.5);
    if (seed == 0) result["tool"].erase("numerics");  // as before there was a count
    write_result(folder.path("runs/" + run_name(config_of("reverse", "q_k_v", seed))), result);
  }
  for (const bool mix : {false, true}) {
    RecordSet set = read_records({folder.path("runs")});
    REQUIRE(set.records.size() == 2);
    keep_one_build(set, mix);
    REQUIRE(set.records.size() == 1);
    CHECK(set.records[0].config.task.seed == 1);
    CHECK(set.records[0].tool.numerics == kNumerics);
    REQUIRE(set.left_out.size() == 1);
    CHECK(set.left_out[0].reason.find("numerics 1") != std::string::npos);
  }
}

TEST_CASE("what is no regular file, too large or closed to us is left out without being read") {
  const TemporaryDirectory folder;
  fs::create_directories(folder.path("pipe"));
  REQUIRE(::mkfifo(folder.path("pipe/result.json").c_str(), 0600) == 0);
  fs::create_directories(folder.path("link"));
  fs::create_symlink("nowhere", folder.path("link/result.json"));
  fs::create_directories(folder.path("loop"));
  fs::create_symlink("result.json", folder.path("loop/result.json"));
  fs::create_directories(folder.path("folder/result.json"));
  folder.write("huge/result.json", "");
  fs::resize_file(folder.path("huge/result.json"), std::uintmax_t{3} << 40);
  const RecordSet set = read_records({folder.path()});
  CHECK(set.records.empty());
  CHECK(set.left_out.size() == 5);
  for (const SkippedFile& one : set.left_out) {
    const std::string directory = one.path.parent_path().filename().string();
    INFO(one.path << " " << one.reason);
    CHECK(one.reason.find(directory == "huge"   ? "bytes, more than"
                          : directory == "link" ? "leads nowhere"
                          : directory == "loop" ? ""
                                                : "no regular file") != std::string::npos);
  }
  if (::geteuid() == 0) return;  // nothing is closed to root
  fs::permissions(folder.path("pipe"), fs::perms::none);
  CHECK(read_records({folder.path()}).left_out.size() == 5);
  fs::permissions(folder.path("pipe"), fs::perms::owner_all);
}

TEST_CASE("runs that are compared have their configuration in common but for variant, kv heads and seed") {
  const std::string base = common_configuration(config_of("reverse", "q_k_v", 0));
  CHECK(common_configuration(config_of("reverse", "q_kv", 5, 4, 2)) == base);
  CHECK(common_configuration(config_of("reverse", "q_k_v", 0, 2)) != base);
  CHECK(common_configuration(config_of("sort", "q_k_v", 0)) != base);
}

}  // namespace qkvbench::run
