// Files that are cut short, lie about their size or hold nonsense, given to the binary as a user would: one line that
// names the file and the place, status 3, memory in proportion, and nothing written.
// Every reader's own cases are in tests/data.
#include <sys/resource.h>

#include <map>

#include "data/image_fixtures.hpp"
#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"
#include "support/environment.hpp"
#include "support/process.hpp"

using qkvbench::write_file_atomic;
using qkvbench::test::idx;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

/// A folder's files by name.
using Files = std::map<std::string, std::string>;

/// Ten images of 4 × 4 in MNIST's form, and what is changed of them.
Files mnist(const Files& changed) {
  Files files;
  for (const char* stem : {"train", "t10k"}) {
    files[std::string(stem) + "-images-idx3-ubyte"] = idx({10, 4, 4}, std::string(160, 'x'));
    files[std::string(stem) + "-labels-idx1-ubyte"] = idx({10}, std::string("\0\1\2\3\4\5\6\7\10\11", 10));
  }
  for (const auto& [name, content] : changed) {
    if (name.ends_with(".gz")) files.erase(name.substr(0, name.size() - 3));
    files[name] = content;
  }
  return files;
}

/// Two classes of one good image each, and one more file.
Files images(const std::string& name, const std::string& content) {
  const std::string good = qkvbench::test::png(qkvbench::test::gradient(3, 8, 8));
  return {{"train/a/1.png", good}, {"train/b/1.png", good}, {"test/a/1.png", good}, {"train/b/" + name, content}};
}

Files features(const std::string& matrix) {
  const std::string labels =
      qkvbench::test::npy("<i4", "(2,)", qkvbench::test::bytes_of(std::vector<std::int32_t>{0, 1}));
  return {{"train.npy", matrix}, {"test.npy", matrix}, {"train-labels.npy", labels}, {"test-labels.npy", labels}};
}

/// The bytes at `at` replaced.
std::string patched(std::string bytes, std::size_t at, const std::string& by) {
  return bytes.replace(at, by.size(), by);
}

struct Case {
  std::string task;
  Files files;
  std::vector<std::string> said;
};

std::vector<Case> cases() {
  const std::string train = "train-images-idx3-ubyte", labels = "train-labels-idx1-ubyte";
  const std::string noise = qkvbench::test::text_of(qkvbench::test::some_bytes(160, 1));
  const std::string packed = qkvbench::test::gzip(idx({10, 4, 4}, noise));
  const std::string bomb = qkvbench::test::gzip(idx({10, 4, 4}, std::string(std::size_t{64} << 20, '\0')));
  const std::string jpeg = qkvbench::test::jpeg(qkvbench::test::gradient(3, 32, 32));
  const std::string size_100000("\0\1\x86\xa0", 4);
  // The sizes stand behind the IHDR mark of a PNG, behind the frame mark of a JPEG; a PNG's checksum covers them.
  std::string png = patched(qkvbench::test::png(qkvbench::test::gradient(3, 8, 8)), 16, size_100000 + size_100000);
  const uLong sum = crc32(0, reinterpret_cast<const Bytef*>(png.data()) + 12, 17);
  for (int i = 0; i < 4; ++i) png[static_cast<std::size_t>(29 + i)] = static_cast<char>(sum >> (24 - 8 * i));
  return {
      {"mnist", mnist({{train + ".gz", packed.substr(0, packed.size() / 2)}}), {train + ".gz", "cut short", "176"}},
      {"mnist", mnist({{train + ".gz", bomb}}), {train + ".gz", "bytes, more than"}},
      {"mnist", mnist({{train, patched(idx({10, 4, 4}, noise), 2, "\x0d")}}), {train, "00 00 0d 03"}},
      {"mnist", mnist({{labels, idx({10}, std::string(10, '\12'))}}), {labels, "label 10 at byte 8"}},
      {"mnist", mnist({{labels, idx({9}, std::string(9, '\1'))}}), {train, "10 images", labels, "9 labels"}},
      {"mnist", mnist({{train, idx({10, 100000, 100000}, noise)}}), {train, "promises more bytes"}},
      {"mnist", mnist({{train, idx({10, 20000, 20000}, noise)}}), {train, "20000", "t10k-images-idx3-ubyte", "of 4"}},
      {"mnist",
       mnist({{train, idx({10, 20000, 20000}, noise)}, {"t10k-images-idx3-ubyte", idx({10, 20000, 20000}, noise)}}),
       {train, "4,000,000,016", "only 176"}},
      {"images", images("cut.jpg", jpeg.substr(0, jpeg.size() / 2)), {"train/b/cut.jpg", "cut short"}},
      {"images",
       images("big.jpg", patched(jpeg, jpeg.find("\xff\xc0") + 5, "\xff\xdc\xff\xdc")),
       {"train/b/big.jpg", "65500 × 65500"}},
      {"images", images("big.png", png), {"train/b/big.png", "100000 × 100000"}},
      {"anomaly", features(qkvbench::test::npy("<f4", "(100000, 100000)", "four")), {".npy", "promises"}},
  };
}

long largest_child_kilobytes() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  return usage.ru_maxrss;
}

}  // namespace

TEST_CASE("hostile files of images and features cost one line and status 3") {
  for (const Case& c : cases()) {
    const TemporaryDirectory dir;
    for (const auto& [name, content] : c.files) {
      fs::create_directories((dir.path() / "data" / name).parent_path());
      write_file_atomic(dir.path() / "data" / name, content);
    }
    std::vector<std::string> args{"train", "--task",     c.task,      "--data", dir / "data",
                                  "--out", dir / "runs", "--threads", "1"};
    if (c.task == "anomaly") args.insert(args.end(), {"--source", "npy"});
    const Outcome r = run_qkvbench(args);
    INFO(c.task << ": " << r.err);
    CHECK(r.status == 3);
    CHECK(r.out.empty());
    CHECK(r.err.rfind("error: ", 0) == 0);
    CHECK(std::count(r.err.begin(), r.err.end(), '\n') == 1);
    for (const std::string& part : c.said) {
      INFO(part);
      CHECK(r.err.find(part) != std::string::npos);
    }
    CHECK_FALSE(fs::exists(dir / "runs"));
  }
  CHECK(largest_child_kilobytes() < 512 * 1024);
}
