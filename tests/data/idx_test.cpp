// IDX and gzip: good files in every spelling, and files that lie, stop short or hold nonsense.
// Real MNIST is not a fixture; tests make their own few images.
#include "qkvbench/data/idx.hpp"

#include "data/image_fixtures.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

namespace qkvbench::testing {

namespace {

using data::Split;
using test::gzip;
using test::idx;

const std::string kImages = "train-images-idx3-ubyte", kLabels = "train-labels-idx1-ubyte",
                  kTestImages = "t10k-images-idx3-ubyte", kTestLabels = "t10k-labels-idx1-ubyte";

/// Five training and two test images of 4 × 4.
struct Fixture {
  Fixture() {
    dir.write(kImages, idx({5, 4, 4}, test::text_of(pixels)));
    dir.write(kLabels, idx({5}, std::string("\0\1\2\3\2", 5)));
    dir.write(kTestImages + ".gz", gzip(idx({2, 4, 4}, std::string(32, 'x'))));
    dir.write(kTestLabels + ".gz", gzip(idx({2}, std::string("\3\0", 2))));
  }
  data::ImageSet read(Split split = Split::kTrain) const { return data::read_idx(dir.path(), split, 4); }

  std::vector<std::uint8_t> pixels = test::some_bytes(80, 1);
  test::TemporaryDirectory dir;
};

}  // namespace

TEST_CASE("IDX is read plain and packed, with sizes known from headers", "[data]") {
  const Fixture f;
  const data::ImageSizes sizes = data::idx_sizes(f.dir.path());
  CHECK(sizes.side == 4);
  CHECK(sizes.channels == 1);
  CHECK(sizes.n_train == 5);
  CHECK(sizes.n_test == 2);
  const data::ImageSet train = f.read(), test = f.read(Split::kTest);
  CHECK(train.pixels == f.pixels);
  CHECK(train.labels == std::vector<std::int32_t>{0, 1, 2, 3, 2});
  CHECK(test.pixels == std::vector<std::uint8_t>(32, 'x'));
  CHECK(test.labels == std::vector<std::int32_t>{3, 0});
  REQUIRE(train.files.size() == 2);
  CHECK(train.files[0].path == kImages);
  CHECK(train.files[0].bytes == 96);
}

TEST_CASE("a packed file in two members, and a name with a dot, are read too", "[data]") {
  const Fixture f;
  const std::string whole = idx({5, 4, 4}, test::text_of(f.pixels));
  std::filesystem::remove(f.dir.path(kImages));
  f.dir.write("train-images.idx3-ubyte.gz", gzip(whole.substr(0, 40)) + gzip(whole.substr(40)));
  CHECK(f.read().pixels == f.pixels);
}

TEST_CASE("a packed file whose bytes are not those of its checksum is refused", "[data]") {
  const Fixture f;
  std::filesystem::remove(f.dir.path(kImages));
  std::string packed = gzip(idx({5, 4, 4}, test::text_of(f.pixels)));
  char& checksum = packed[packed.size() - 8];  // libarchive, for one, reads over it
  checksum = static_cast<char>(checksum ^ 1);
  f.dir.write(kImages + ".gz", packed);
  check_error(Exit::kInput, {kImages + ".gz", "damaged"}, [&] { f.read(); });
}

TEST_CASE("a set that lies there plain and packed is one, if both are the same, and copies are none of it", "[data]") {
  const Fixture f;
  const std::string whole = idx({5, 4, 4}, test::text_of(f.pixels));
  f.dir.write(kImages + ".gz", gzip(whole));
  f.dir.write("train-images.idx3-ubyte", whole);
  for (const char* copy : {" (1)", ".part", "~", ".tmp"})
    f.dir.write(kImages + copy, idx({1, 4, 4}, "another set 1234"));
  CHECK(f.read().pixels == f.pixels);
  CHECK(f.read().files[0].path == kImages);
  std::string other = whole;
  other.back() = static_cast<char>(other.back() ^ 1);
  f.dir.write(kImages + ".gz", gzip(other));
  check_error(Exit::kInput, {kImages + ".gz", "not the same as " + kImages, "remove"}, [&] { f.read(); });
  f.dir.write(kImages + ".gz", gzip(idx({2, 4, 4}, std::string(32, 'x'))));
  check_error(Exit::kInput, {kImages + ".gz", "not the same as " + kImages, "remove"}, [&] { f.read(); });
}

TEST_CASE("IDX files that are damaged say which and where", "[data]") {
  const Fixture f;
  const std::string images = idx({5, 4, 4}, test::text_of(f.pixels));
  const auto with = [&](const std::string& name, const std::string& content, std::initializer_list<std::string> parts) {
    const Fixture g;
    std::filesystem::remove(g.dir.path(name));
    g.dir.write(name, content);
    check_error(Exit::kInput, parts, [&] { g.read(); });
  };
  with(kImages, images.substr(0, 50), {kImages, "promises 96", "only 50"});
  with(kImages, images + "x", {kImages, "promises 96", "more"});
  with(kImages, gzip(images).substr(0, 60), {kImages, "cut short"});
  with(kImages, "", {kImages, "begins with"});
  with(kImages, images.substr(0, 9), {kImages, "within its header"});
  with(kImages, idx({5}, "12345"), {kImages, "00 00 08 01", "00 00 08 03"});
  with(kImages, std::string("\x89PNG\r\n\x1a\n"), {kImages, "89 50 4e 47"});
  with(kImages, idx({5, 4, 3}, std::string(60, 'x')), {kImages, "4 × 3", "square"});
  with(kImages, idx({5, 0, 4}, ""), {kImages, "size 2"});
  with(kImages, idx({6, 4, 4}, std::string(96, 'x')), {kImages, "6 images", kLabels, "5 labels"});
  with(kLabels, idx({5}, std::string("\0\1\4\3\2", 5)), {kLabels, "label 4 at byte 10", "4 classes"});
  // Sizes whose product would be more than any memory, packed into a few bytes.
  with(kImages, gzip(idx({0xffffffff, 0xffffffff, 0xffffffff}, "x")), {kImages, "promises more bytes"});
  with(kImages, gzip(idx({5, 20000, 20000}, "x")), {kImages, "only 17"});
  with(kImages, images + std::string(1 << 17, 'x'), {kImages, "more than"});
  std::string damaged = gzip(images);
  damaged[30] = static_cast<char>(damaged[30] ^ 0x55);
  with(kImages, damaged, {kImages, "gzip stream"});
  std::filesystem::remove(f.dir.path(kLabels));
  check_error(Exit::kInput, {"there is no", kLabels}, [&] { f.read(); });
}

}  // namespace qkvbench::testing
