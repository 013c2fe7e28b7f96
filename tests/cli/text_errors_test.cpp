// What goes wrong with texts: one line that says what, where and how to mend, and the right status.
// The readers' own errors are tried closer by in tests/data.
#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using qkvbench::write_file_atomic;
using qkvbench::test::only_entry;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;

namespace {

void check_failure(const Outcome& r, int status, const std::vector<std::string>& parts) {
  INFO(r.err);
  CHECK(r.status == status);
  CHECK(r.out.empty());
  CHECK(r.err.starts_with("error: "));
  CHECK(std::count(r.err.begin(), r.err.end(), '\n') == 1);
  for (const std::string& part : parts) {
    INFO("part: " << part);
    CHECK(r.err.find(part) != std::string::npos);
  }
}

/// n times `c`, then `end`.
std::string filled(std::size_t n, char c, const std::string& end = "") {
  std::string text(n, c);
  text.append(end);
  return text;
}

std::vector<std::string> train(const std::filesystem::path& out, std::vector<std::string> more) {
  std::vector<std::string> args{"train", "--task", "lm", "--steps", "2", "--seq-len", "16", "-q", "--out", out};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

}  // namespace

TEST_CASE("corpora that cannot be read, or are too short, are status 3") {
  const TemporaryDirectory dir;
  const std::string text = dir / "text.txt", tokens = dir / "tokens";
  std::filesystem::create_directory(tokens);
  const auto corpus = [&](const std::string& spec) { return run_qkvbench(train(dir / "out", {"--corpus", spec})); };
  check_failure(corpus(dir / "missing.txt"), 3, {"missing.txt", "no such file"});
  write_file_atomic(text, "");
  check_failure(corpus(text), 3, {"text.txt", "empty"});
  write_file_atomic(text, "short");
  check_failure(corpus(text), 3, {"text.txt", "training part", "seq_len 16", "longer text"});
  write_file_atomic(text, filled(100, 'a', "\xff"));
  check_failure(corpus(text), 3, {"text.txt", "byte 100", "bytes:"});
  check_failure(corpus(tokens), 3, {"train.bin"});
  write_file_atomic(dir / "tokens/val.bin", filled(200, '\0'));
  write_file_atomic(dir / "tokens/train.bin", filled(201, '\0'));
  check_failure(corpus(tokens), 3, {"train.bin", "201 bytes", "odd"});
  write_file_atomic(dir / "tokens/train.bin", filled(100, '\0', "\xff\xff"));
  check_failure(corpus(tokens), 3, {"train.bin", "65535", "byte 100", "50304"});
}

TEST_CASE("a vocabulary that is too small, and options that text has no use for, are status 2") {
  const TemporaryDirectory dir;
  check_failure(run_qkvbench(train(dir.path(), {"--vocab", "20"})), 2, {"stories", "165", "vocab 20", "--vocab"});
  check_failure(run_qkvbench(train(dir.path(), {"--epochs", "3"})), 2, {"--epochs", "lm"});
  check_failure(run_qkvbench(train(dir.path(), {"--micro-batch", "64", "--batch-size", "12"})), 2,
                {"micro_batch 64", "batch_size 12"});
  check_failure(run_qkvbench({"train", "--corpus", "stories", "-q", "--out", dir.path()}), 2, {"--corpus", "reverse"});
}

TEST_CASE("prompts that the vocabulary lacks, and models that write no text, are status 2") {
  const TemporaryDirectory dir;
  REQUIRE(run_qkvbench(train(dir.path(), {"--layers", "1", "--d-model", "8", "--heads", "2"})).status == 0);
  const std::string model = only_entry(dir.path());
  check_failure(run_qkvbench({"generate", model, "--prompt", "the zebra"}), 2, {"zebra", "byte 4", "165 words"});
  check_failure(run_qkvbench({"generate", model, "--prompt", ""}), 2, {"prompt", "token"});
  check_failure(run_qkvbench({"generate", model, "--context", "17"}), 2, {"context of 17", "16 learned"});
  check_failure(run_qkvbench({"predict", model, "314"}), 2, {"lm", "generate"});
  const TemporaryDirectory lists;
  REQUIRE(run_qkvbench({"train", "--task", "copy", "--d-model", "8", "--n-train", "64", "-q", "--out", lists.path()})
              .status == 0);
  check_failure(run_qkvbench({"generate", only_entry(lists.path())}), 2, {"copy", "lm"});
}

TEST_CASE("flags of eval that do not go together are told, not passed over") {
  const std::string model = SOURCE_DIR "/tests/fixtures/mc/model.safetensors";
  const auto refuses = [&](std::vector<std::string> more, const std::vector<std::string>& parts) {
    more.insert(more.begin(), {"eval", model});
    check_failure(run_qkvbench(more), 2, parts);
  };
  for (const char* flag : {"--swap", "--whole", "--cached"})
    refuses({"--documents", "t.txt", flag}, {"--documents", "do not go with it"});
  refuses({"--documents", "t.txt", "--blend", "0.5"}, {"--documents", "do not go with it"});
  refuses({"--blend", "0.5", "--swap"}, {"give one of them"});
  refuses({"--swap", "--cached"}, {"--cached"});
  refuses({"--each-layer"}, {"--blend"});
  refuses({"--blend", "1.5"}, {"between 0 and 1"});
  refuses({"--padded"}, {"--documents"});
  refuses({"--swap", "--corpus", SOURCE_DIR "/README.md"}, {"two projections"});  // it is q_kv
}

TEST_CASE("a finished run on a text that has changed since is not passed off as this one's") {
  const TemporaryDirectory dir;
  write_file_atomic(dir / "text.txt", filled(300, 'a', "bcdefgh"));
  const auto args = train(dir / "out", {"--corpus", dir / "text.txt", "--vocab", "8"});
  REQUIRE(run_qkvbench(args).status == 0);
  write_file_atomic(dir / "text.txt", filled(300, 'b', "acdefgh"));
  check_failure(run_qkvbench(args), 2, {"other data", "--overwrite"});
  auto again = args;
  again.push_back("--overwrite");
  CHECK(run_qkvbench(again).status == 0);
}
