// Lists that predict takes and refuses, and hints that name only what the command has.
// What a model makes of a list or an image is in commands_test.cpp and vision_test.cpp.
#include <cmath>
#include <cstring>
#include <regex>

#include "data/image_fixtures.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/data/tokenizer.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/utf8.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"

using nlohmann::json;
using qkvbench::test::only_entry;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
using qkvbench::testing::has;

namespace {

std::string trained(const TemporaryDirectory& dir, std::vector<std::string> more = {}) {
  std::vector<std::string> args{"train", "--task",       "copy", "--d-model", "8", "--heads", "2",     "--n-train",
                                "32",    "--batch-size", "16",   "--n-test",  "8", "-q",      "--out", dir / "out"};
  args.insert(args.end(), more.begin(), more.end());
  REQUIRE(run_qkvbench(args).status == 0);
  return only_entry(dir / "out");
}

/// That every flag that an error names is one of the command's.
void check_flags(const std::string& command, const std::string& error) {
  const std::string help = run_qkvbench({command, "--help"}).out;
  static const std::regex flag("--[a-z][a-z-]+");
  for (std::sregex_iterator at(error.begin(), error.end(), flag), end; at != end; ++at) {
    INFO(command << ": " << error << at->str());
    CHECK(std::regex_search(help, std::regex(at->str() + "[^a-z-]")));
  }
}

void check_refused(const Outcome& said, const std::vector<std::string>& parts, const std::string& command = "predict") {
  INFO(said.err);
  CHECK(said.status == 2);
  CHECK(said.out.empty());
  CHECK(said.err.starts_with("error: "));
  CHECK(std::count(said.err.begin(), said.err.end(), '\n') == 1);
  for (const std::string& part : parts) {
    INFO("part: " << part);
    CHECK(has(said.err, part));
  }
  for (std::size_t at = 0; at < said.err.size();) {  // UTF-8 throughout
    const std::size_t bytes = qkvbench::formats::code_point_at(said.err, at).bytes;
    REQUIRE(bytes > 0);
    at += bytes;
  }
  check_flags(command, said.err);
}

}  // namespace

TEST_CASE("a list is one word of digits, or symbols between spaces or commas") {
  const TemporaryDirectory dir;
  const std::string model = trained(dir);
  const json wanted{3, 1, 4, 1, 2};
  for (const char* list : {"31412", "3 1 4 1 2", "3,1,4,1,2", "3, 1, 4, 1, 2", " 3  1\t4\n1 2 ", "3 1,4 1,2"}) {
    const Outcome said = run_qkvbench({"predict", model, list, "--json", "-"});
    INFO(list << ": " << said.err);
    REQUIRE(said.status == 0);
    CHECK(json::parse(said.out)["input"] == wanted);
  }
  const auto refused = [&](const std::string& list, const std::vector<std::string>& parts) {
    check_refused(run_qkvbench({"predict", model, list}), parts);
  };
  refused("3 1 4 12", {"'3 1 4 12' holds '12'", "symbols 0-9"});
  refused("3,1,4,12", {"holds '12'"});
  refused("3 01", {"holds '01'"});
  refused("3 1 4.5", {"holds '4.5'"});
  refused("3 -1", {"holds '-1'"});
  refused("3.14", {"holds '.'"});
  refused("12a4", {"holds 'a'"});
  refused("0x1f", {"holds 'x'"});
  refused("3,,1", {"'3,,1' has an empty place"});
  refused(",3", {"empty place"});
  refused("3 , ", {"empty place"});
  refused(",", {"empty place"});
  refused("", {"list is empty"});
  refused(" \t ", {"list is empty"});
  // Characters of several bytes are quoted whole, bytes that begin none and controls are written out.
  refused("１２", {"holds '１'"});
  refused("1 ２3", {"holds '２3'"});
  refused("1é", {"holds 'é'"});
  refused("1\xff", {"holds '\\xff'"});
  refused("1 \xe2\x82", {"holds '\\xe2\\x82'"});
  refused("1\x1b[31m2", {"holds '\\x1b'"});
  refused("1 \x07 2", {"holds '\\x07'"});
}

TEST_CASE("a list that is too long is refused with what predict can do about it") {
  const TemporaryDirectory dir;
  const std::string model = trained(dir);
  const Outcome said = run_qkvbench({"predict", model, std::string(129, '1')});
  check_refused(said, {"129 symbols", "128 learned positions", "at most"});
  CHECK_FALSE(has(said.err, "--max-len"));
  CHECK(run_qkvbench({"predict", model, std::string(128, '1')}).status == 0);
}

TEST_CASE("a model whose numbers are not finite, or overflow, has no answer and no score") {
  const TemporaryDirectory dir;
  const std::string model = qkvbench::read_file(trained(dir) + "/model.safetensors");
  std::uint64_t header = 0;
  std::memcpy(&header, model.data(), sizeof header);
  const auto with_numbers = [&](const char* name, float number, bool all) {
    std::string changed = model;
    for (std::size_t at = 8 + header; at < (all ? changed.size() : 8 + header + 4); at += 4)
      std::memcpy(changed.data() + at, &number, 4);
    return dir.write(name, changed);
  };
  const std::string nan = with_numbers("nan.safetensors", NAN, false);
  const std::string huge = with_numbers("huge.safetensors", 3e38F, true);
  for (const auto& words : {std::vector<std::string>{"predict", "", "1234"}, {"eval", ""}}) {
    std::vector<std::string> call = words;
    call[1] = nan;
    Outcome r = run_qkvbench(call);
    INFO(words[0] << ": " << r.err);
    CHECK(r.status == 3);
    CHECK(has(r.err, "nan.safetensors: "));
    CHECK(has(r.err, "has a number that is not finite"));
    call[1] = huge;
    r = run_qkvbench(call);
    INFO(r.err);
    CHECK(r.status == 5);
    CHECK(has(r.err, "is not finite: numbers in the model overflow"));
    CHECK(r.out.empty());
  }
}

TEST_CASE("errors of commands that read a model name flags that these commands have") {
  const TemporaryDirectory dir;
  const std::string model = trained(dir);
  const std::vector<std::vector<std::string>> commands{{"eval", model, "--corpus", "stories"},
                                                       {"eval", model, "--data", dir / "x"},
                                                       {"eval", model, "--cached"},
                                                       {"generate", model},
                                                       {"features", model, "--out", dir / "f"},
                                                       {"attention", model, "--example", "999999999"},
                                                       {"attention", model, "--layers", "9"},
                                                       {"train", "--corpus", "stories"},
                                                       {"inspect", "--data", "."},
                                                       {"train", "--max-len", "4", "--seq-len", "8"}};
  for (const auto& command : commands) check_refused(run_qkvbench(command), {}, command[0]);
}

TEST_CASE("a model whose images are gone or fewer is told so by flags that help") {
  const TemporaryDirectory dir;
  for (const char* name : {"train/a/1.png", "train/b/1.png", "test/a/1.png", "test/b/1.png"}) {
    std::filesystem::create_directories((dir.path() / "d" / name).parent_path());
    qkvbench::write_file_atomic(dir.path() / "d" / name, qkvbench::test::png(qkvbench::test::gradient(3, 8, 8)));
  }
  const std::string model = trained(dir, {"--task", "images", "--data", dir / "d", "--image-size", "8", "--patch", "8",
                                          "--n-train", "2", "--n-test", "2", "--batch-size", "2", "--n-val", "0"});
  std::filesystem::remove_all(dir / "d/test/b");
  for (const char* command : {"eval", "attention"}) {
    const Outcome said = run_qkvbench({command, model});
    CHECK(said.status == 2);
    CHECK(has(said.err, "2 images as in training are asked for, there are 1"));
    CHECK(has(said.err, "eval --n-test"));
  }
  CHECK(run_qkvbench({"eval", model, "--n-test", "1"}).status == 0);
  std::filesystem::remove_all(dir / "d");
  for (const char* command : {"eval", "attention", "features"}) {
    std::vector<std::string> args{command, model};
    if (args[0] == "features") args.insert(args.end(), {"--out", dir / "f"});
    const Outcome said = run_qkvbench(args);
    INFO(said.err);
    CHECK(said.status == 3);
    CHECK(has(said.err, "there is no " + (dir / "d")));
    CHECK(has(said.err, "--data of train, eval or features"));
    if (args[0] != "attention") check_flags(command, said.err);  // it is told of the other commands' flag
  }
}

TEST_CASE("a key of another task offers the task, unless one was chosen") {
  const TemporaryDirectory dir;
  const auto train = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"train", "--out", dir / "out"});
    return run_qkvbench(more);
  };
  check_refused(train({"--corpus", "tiny.txt"}), {"--corpus does not concern task reverse", "add --task lm"}, "train");
  check_refused(train({"--vocab", "100"}), {"--task recall or induction or copy-distance or lm"}, "train");
  const Outcome data = train({"--data", "pictures"});
  check_refused(data, {"--data does not concern task reverse", "add --task mnist or", "or images"}, "train");
  CHECK_FALSE(has(data.err, "glyphs"));  // which draws its images
  const Outcome chosen = train({"--task", "sort", "--corpus", "tiny.txt"});
  check_refused(chosen, {"--corpus does not concern task sort, but lm", "leave it out"}, "train");
  CHECK_FALSE(has(chosen.err, "--task"));
}
