// Folders of images: classes by name, Tiny ImageNet's layout, and what is wrong with a folder said in one line.
// Images are PNGs of one colour, so that a pixel tells the file.
#include "qkvbench/data/image_folder.hpp"

#include "data/image_fixtures.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/formats/sha256.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

namespace qkvbench::testing {

namespace {

using data::Split;

std::string flat(std::uint8_t value, index_t height = 4, index_t width = 4) {
  return test::png({3, height, width, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * height * width), value)});
}

std::vector<int> first_pixels(const data::ImageSet& set) {
  std::vector<int> out;
  for (index_t i = 0; i < set.size(); ++i) out.push_back(set.image(i)[0]);
  return out;
}

void write_class_folder(const test::TemporaryDirectory& dir) {
  dir.write("train/dog/b.png", flat(20));
  dir.write("train/dog/a.PNG", flat(10, 9, 5));
  dir.write("train/cat/z.jpeg", test::jpeg({3, 8, 8, std::vector<std::uint8_t>(192, 30)}));
  dir.write("train/cat/notes.txt", "not an image");
  dir.write("test/dog/t.png", flat(40));
}

}  // namespace

TEST_CASE("a folder of classes is read in the order of its names", "[data]") {
  const test::TemporaryDirectory dir;
  write_class_folder(dir);
  const data::ImageSizes sizes = data::class_folder_sizes(dir.path());
  CHECK(sizes.classes == 2);
  CHECK(sizes.n_train == 3);
  CHECK(sizes.n_test == 1);
  const data::ImageSet train = data::read_class_folder(dir.path(), Split::kTrain, {3, 6});
  CHECK(train.side == 6);
  CHECK(train.labels == std::vector<std::int32_t>{0, 1, 1});
  CHECK(train.class_names == std::vector<std::string>{"cat", "dog"});
  CHECK(first_pixels(train) == std::vector<int>{30, 10, 20});
  const data::ImageSet test = data::read_class_folder(dir.path(), Split::kTest, {1, 2});
  CHECK(test.channels == 1);
  CHECK(test.labels == std::vector<std::int32_t>{1});
  CHECK(test.pixels == std::vector<std::uint8_t>(4, 40));
  set_threads(3);
  const data::ImageSet again = data::read_class_folder(dir.path(), Split::kTrain, {3, 6});
  set_threads(1);
  CHECK(again.pixels == train.pixels);
  REQUIRE(train.files.size() == 1);
  CHECK(again.files[0].sha256 == train.files[0].sha256);
  CHECK(test.files[0].sha256 == formats::sha256(formats::sha256(flat(40)) + "  test/dog/t.png\n"));
}

TEST_CASE("val stands in for test, and without either there are no test images", "[data]") {
  const test::TemporaryDirectory dir;
  write_class_folder(dir);
  std::filesystem::rename(dir.path("test"), dir.path("val"));
  CHECK(data::class_folder_sizes(dir.path()).n_test == 1);
  std::filesystem::remove_all(dir.path("val"));
  CHECK(data::class_folder_sizes(dir.path()).n_test == 0);
  CHECK(data::read_class_folder(dir.path(), Split::kTest, {}).size() == 0);
}

TEST_CASE("a folder that is no set of images is said to be none", "[data]") {
  const test::TemporaryDirectory dir;
  const auto read = [&](data::DecodeOptions options = {3, 4}) {
    for (const Split split : {Split::kTrain, Split::kTest}) data::read_class_folder(dir.path(), split, options);
  };
  check_error(Exit::kInput, {"train/<class>"}, read);
  dir.write("train/dog/readme", "");
  check_error(Exit::kInput, {"train", "no .jpg"}, read);
  dir.write("train/dog/a.png", flat(1));
  dir.write("test/wolf/a.png", flat(1));
  check_error(Exit::kInput, {"wolf", "known: dog"}, read);
  std::filesystem::remove_all(dir.path("test"));
  dir.write("train/dog/c.jpg", test::jpeg(test::gradient(3, 30, 30)).substr(0, 500));
  dir.write("train/dog/b.jpg", "nonsense");
  check_error(Exit::kInput, {"b.jpg", "neither"}, read);  // the first in order, whichever thread met it
  std::filesystem::remove(dir.path("train/dog/b.jpg"));
  check_error(Exit::kInput, {"c.jpg", "cut short"}, read);
  std::filesystem::remove(dir.path("train/dog/c.jpg"));
  check_error(Exit::kInput, {"1 images", "more than the 8,589,934,592", "--image-size"}, [&] { read({3, 1 << 20}); });
}

TEST_CASE("Tiny ImageNet: classes in the order of wnids.txt, val as test", "[data]") {
  const test::TemporaryDirectory dir;
  dir.write("wnids.txt", "n02\nn01\n");
  dir.write("train/n01/images/n01_0.JPEG", test::jpeg({3, 8, 8, std::vector<std::uint8_t>(192, 30)}));
  dir.write("train/n02/images/n02_0.JPEG", test::jpeg({1, 8, 8, std::vector<std::uint8_t>(64, 60)}));
  dir.write("train/n02/n02_boxes.txt", "");
  dir.write("val/images/val_0.JPEG", test::jpeg({3, 8, 8, std::vector<std::uint8_t>(192, 90)}));
  dir.write("val/images/val_1.JPEG", test::jpeg({3, 8, 8, std::vector<std::uint8_t>(192, 120)}));
  dir.write("val/val_annotations.txt", "val_1.JPEG\tn02\t0\t0\t1\t1\r\nval_0.JPEG\tn01\t0\t0\t1\t1\n");
  const data::ImageSizes sizes = data::tiny_imagenet_sizes(dir.path());
  CHECK(sizes.classes == 2);
  CHECK(sizes.n_train == 2);
  CHECK(sizes.n_test == 2);
  const data::ImageSet train = data::read_tiny_imagenet(dir.path(), Split::kTrain, {3, 8}),
                       test = data::read_tiny_imagenet(dir.path(), Split::kTest, {3, 8});
  CHECK(train.labels == std::vector<std::int32_t>{0, 1});
  CHECK(train.class_names == std::vector<std::string>{"n02", "n01"});
  CHECK(first_pixels(train) == std::vector<int>{60, 30});
  CHECK(test.labels == std::vector<std::int32_t>{1, 0});
  CHECK(first_pixels(test) == std::vector<int>{90, 120});

  const auto read = [&] { data::read_tiny_imagenet(dir.path(), Split::kTest, {3, 8}); };
  dir.write("val/val_annotations.txt", "val_0.JPEG\tn01\t0\nval_1.JPEG\tn09\t0\n");
  check_error(Exit::kInput, {"val_annotations.txt", "line 2"}, read);
  dir.write("val/val_annotations.txt", "../../secret.png\tn01\n");
  check_error(Exit::kInput, {"line 1"}, read);
  dir.write("val/val_annotations.txt", "val_7.JPEG\tn01\n");
  check_error(Exit::kInput, {"val_7.JPEG"}, read);
  std::filesystem::remove(dir.path("wnids.txt"));
  check_error(Exit::kInput, {"wnids.txt"}, read);
}

}  // namespace qkvbench::testing
