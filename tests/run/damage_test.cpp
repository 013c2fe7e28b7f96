// Files of a run that were cut short or in which one bit changed: all are found, and the last good checkpoint is used.
// Long random search is the fuzzers'; sizes here are such that every bit can be tried.
#include "data/image_fixtures.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/data/idx.hpp"
#include "qkvbench/formats/manifest.hpp"
#include "qkvbench/formats/npy.hpp"
#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/formats/token_file.hpp"
#include "qkvbench/run/run_files.hpp"
#include "support/catch.hpp"
#include "support/crash.hpp"
#include "support/messages.hpp"

namespace qkvbench::run {

namespace {

using test::TemporaryDirectory;
namespace fs = std::filesystem;

/// Calls use(damaged) with every truncation of a content and with every bit of it changed, in the short form with some
/// of them. Writes nothing itself.
void damage(const std::string& content, int few, const std::function<void(const std::string&)>& use) {
  const auto stride = static_cast<std::size_t>(test::rounds(few, 1));
  for (std::size_t n = 0; n < content.size(); n += stride) use(content.substr(0, n));
  use(content.substr(0, content.size() - 1));
  for (std::size_t bit = 0; bit < 8 * content.size(); bit += stride) {
    std::string changed = content;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    use(changed);
  }
  use(content + "x");
}

void overwrite(const fs::path& path, const std::string& content) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  std::fwrite(content.data(), 1, content.size(), file);
  std::fclose(file);
}

Exit status_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.status();
  }
  return Exit::kDone;
}

std::string checkpoint_bytes(const std::string& step) {
  const std::vector<real> values{1, 2, 3, 4, 5, 6};
  std::string bytes = formats::safetensors_header({{"param.a", {2, 3}, values}}, {{"state", step}, {"config", "{}"}});
  return bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(real));
}

void write_checkpoint(Checkpoints& checkpoints, index_t step) {
  checkpoints.save(step, [&](const fs::path& path) {
    const std::string bytes = checkpoint_bytes(std::to_string(step));
    const std::string_view piece = bytes;
    write_file_atomic(path, bytes);
    return formats::manifest_entry(path.filename().string(), {&piece, 1});
  });
}

/// Which checkpoint is used, and what was said of those that were not.
struct Used {
  std::string step;
  std::vector<std::string> said;
};
Used newest(const fs::path& directory) {
  Used used;
  Checkpoints(directory).load_newest(
      [&](const fs::path& path) { used.step = formats::Safetensors::read(path).metadata("state"); },
      [&](const std::string& text) { used.said.push_back(text); });
  return used;
}

}  // namespace

TEST_CASE("a checkpoint that is damaged anywhere is named and left, and the one before is used", "[crash]") {
  const TemporaryDirectory dir;
  Checkpoints checkpoints(dir.path());
  CHECK_FALSE(checkpoints.any());
  for (const index_t step : {5, 10, 15}) write_checkpoint(checkpoints, step);
  CHECK_FALSE(fs::exists(dir / "checkpoint-5.sha256"));
  CHECK(newest(dir.path()).step == "15");
  for (const char* name : {"checkpoint-15.safetensors", "checkpoint-15.sha256"}) {
    const fs::path path = dir.path() / name;
    const std::string content = read_file(path);
    damage(content, 11, [&](const std::string& damaged) {
      overwrite(path, damaged);
      const Used used = newest(dir.path());
      REQUIRE(used.step == "10");
      REQUIRE(used.said.size() == 2);
      REQUIRE(used.said[0].find("checkpoint-15.") != std::string::npos);
      REQUIRE(used.said[1].find("checkpoint-10.") != std::string::npos);
      REQUIRE(read_file(path) == damaged);
    });
    overwrite(path, content);
    REQUIRE(newest(dir.path()).step == "15");
  }
  fs::remove(dir / "checkpoint-15.safetensors");
  CHECK(newest(dir.path()).step == "10");
}

TEST_CASE("a damaged checkpoint stays when later ones come and go, and when none is whole it is status 3", "[crash]") {
  const TemporaryDirectory dir;
  {
    Checkpoints checkpoints(dir.path());
    write_checkpoint(checkpoints, 5);
    write_checkpoint(checkpoints, 10);
  }
  overwrite(dir / "checkpoint-10.safetensors", "short");
  Checkpoints checkpoints(dir.path());
  CHECK(checkpoints.load_newest([](const fs::path&) {}, [](const std::string&) {}));
  write_checkpoint(checkpoints, 7);
  write_checkpoint(checkpoints, 12);
  CHECK(read_file(dir / "checkpoint-10.safetensors") == "short");
  checkpoints.clear();
  CHECK(read_file(dir / "checkpoint-10.safetensors") == "short");
  CHECK_FALSE(fs::exists(dir / "checkpoint-12.safetensors"));
  testing::check_error(Exit::kInput, {"no checkpoint in", "checkpoint-10.safetensors", "--overwrite"},
                       [&] { newest(dir.path()); });
}

TEST_CASE("a finished run that is damaged anywhere is status 3", "[crash]") {
  const TemporaryDirectory out;
  REQUIRE(test::run_qkvbench(test::small_run(out.path())).status == 0);
  const RunFiles files(test::only_entry(out.path()));
  REQUIRE(finished_result(files));
  const std::string model = read_file(files.model);
  for (const auto& [path, few] :
       {std::pair{files.result, 61}, {files.manifest, 7}, {files.model, 997}, {files.metrics, 37}}) {
    const std::string content = read_file(path);
    damage(content, few, [&](const std::string& damaged) {
      overwrite(path, damaged);
      REQUIRE(status_of([&] { finished_result(files); }) == Exit::kInput);
      if (path == files.model) REQUIRE(status_of([&] { check_model(files, damaged); }) == Exit::kInput);
    });
    overwrite(path, content);
    REQUIRE(finished_result(files));
  }
  // And as a user meets it.
  overwrite(files.model, model.substr(0, model.size() - 1) + static_cast<char>(model.back() ^ 1));
  const test::Outcome eval = test::run_qkvbench({"eval", files.directory.string()});
  CHECK(eval.status == 3);
  CHECK(eval.err.find("model.safetensors is damaged") != std::string::npos);
  const test::Outcome again = test::run_qkvbench(test::small_run(out.path()));
  CHECK(again.status == 3);
  CHECK(test::run_qkvbench(test::small_run(out.path(), {"--overwrite"})).status == 0);
  CHECK(read_file(files.model) == model);
}

TEST_CASE("a data file whose header is damaged anywhere, or that is cut short anywhere, is status 3", "[crash]") {
  const TemporaryDirectory dir;
  const std::string sizes{"\0\0\0\2\0\0\0\3\0\0\0\3", 12};
  const std::string pixels(18, '\x07'), images = std::string("\0\0\x08\x03", 4) + sizes + pixels;
  const std::string labels = std::string("\0\0\x08\x01", 4) + sizes.substr(0, 4) + "\1\2";
  std::string tokens("\x88\xd8\x34\x01\1\0\0\0\2\0\0\0", 12);
  tokens.resize(1024);
  for (const char* split : {"train", "t10k"}) {
    overwrite(dir / (std::string(split) + "-images-idx3-ubyte"), images);
    overwrite(dir / (std::string(split) + "-labels-idx1-ubyte"), labels);
  }
  struct Row {
    std::string name, content;
    std::size_t header;
    std::function<void()> read;
  };
  const auto read_images = [&] {
    data::idx_sizes(dir.path());
    data::read_idx(dir.path(), data::Split::kTest, 10);
  };
  const std::string matrix = test::npy("<f4", "(2, 3)", ""), list = test::npy("|u1", "(6,)", "");
  const std::vector<Row> rows{
      {"t10k-images-idx3-ubyte", images, 16, read_images},
      {"t10k-labels-idx1-ubyte", labels, 8, read_images},
      {"x.npy", matrix + std::string(24, '\0'), matrix.size(), [&] { formats::read_npy_matrix(dir / "x.npy"); }},
      {"l.npy", list + std::string(6, '\1'), list.size(), [&] { formats::read_npy_labels(dir / "l.npy"); }},
      {"x.bin", tokens + std::string("\1\0\2\0", 4), tokens.size(),
       [&] { formats::read_token_file(dir / "x.bin", 50257, 1 << 20); }},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    overwrite(dir / row.name, row.content);
    REQUIRE_NOTHROW(row.read());
    for (std::size_t n = 0; n < row.content.size(); n += n < 256 ? 1 : 17) {
      overwrite(dir / row.name, row.content.substr(0, n));
      INFO("cut to " << n << " bytes");
      REQUIRE(status_of(row.read) == Exit::kInput);
    }
    const auto stride = static_cast<std::size_t>(test::rounds(row.header > 256 ? 29 : 1, 1));
    for (std::size_t bit = 0; bit < 8 * row.header; bit += stride) {
      std::string changed = row.content;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
      overwrite(dir / row.name, changed);
      INFO("bit " << bit);
      REQUIRE(status_of(row.read) == Exit::kInput);
    }
    overwrite(dir / row.name, row.content);
  }
}

}  // namespace qkvbench::run
