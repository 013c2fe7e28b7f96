// CIFAR's two forms, and records that are cut or mislabelled.
// Records here have the real length, since it is what tells the form.
#include "qkvbench/data/cifar.hpp"

#include "data/image_fixtures.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

namespace qkvbench::testing {

namespace {

using data::Split;

std::string record(const std::string& labels, std::uint64_t seed) {
  return labels + test::text_of(test::some_bytes(3072, seed));
}

}  // namespace

TEST_CASE("CIFAR-10 is the batches in the order of their names", "[data]") {
  const test::TemporaryDirectory dir;
  dir.write("data_batch_2.bin", record("\3", 3));
  dir.write("data_batch_1.bin", record("\1", 1) + record("\2", 2));
  dir.write("test_batch.bin", record("\11", 4));
  const data::ImageSizes sizes = data::cifar_sizes(dir.path(), 10);
  CHECK(sizes.n_train == 3);
  CHECK(sizes.n_test == 1);
  const data::ImageSet train = data::read_cifar(dir.path(), Split::kTrain, 10);
  CHECK(train.labels == std::vector<std::int32_t>{1, 2, 3});
  CHECK(train.channels == 3);
  CHECK(train.side == 32);
  for (index_t i = 0; i < 3; ++i)
    CHECK(std::vector<std::uint8_t>(train.image(i), train.image(i) + 3072) ==
          test::some_bytes(3072, static_cast<std::uint64_t>(i + 1)));
  CHECK(data::read_cifar(dir.path(), Split::kTest, 10).labels == std::vector<std::int32_t>{9});
}

TEST_CASE("only CIFAR's own files are read: no copies, no halves of downloads, no batch twice", "[data]") {
  const test::TemporaryDirectory dir;
  dir.write("data_batch_1.bin", record("\1", 1));
  dir.write("data_batch_2.bin", record("\2", 2));
  dir.write("test_batch.bin", record("\3", 3));
  for (const char* name :
       {"data_batch_1 (1).bin", "data_batch_1 copy.bin", "data_batch_01.bin", "data_batch_6.bin",
        "data_batch_2.bin.part", "data_batch_2.bin~", ".data_batch_3.bin", "._data_batch_3.bin", "test_batch (1).bin"})
    dir.write(name, record("\4", 4));
  CHECK(data::cifar_sizes(dir.path(), 10).n_train == 2);
  CHECK(data::cifar_sizes(dir.path(), 10).n_test == 1);
  CHECK(data::read_cifar(dir.path(), Split::kTrain, 10).labels == std::vector<std::int32_t>{1, 2});
  dir.write("data_batch_4.bin", record("\5", 5));
  check_error(Exit::kInput, {"there is no", "data_batch_3.bin", "data_batch_4.bin is there"},
              [&] { data::cifar_sizes(dir.path(), 10); });
  dir.write("data_batch_3.bin", record("\1", 1));
  check_error(Exit::kInput, {"data_batch_3.bin", "same images as data_batch_1.bin"},
              [&] { data::read_cifar(dir.path(), Split::kTrain, 10); });
}

TEST_CASE("CIFAR-100 takes the fine label", "[data]") {
  const test::TemporaryDirectory dir;
  dir.write("train.bin", record("\7c", 1) + record(std::string("\0\0", 2), 2));
  dir.write("test.bin", record("\1\2", 3));
  const data::ImageSet train = data::read_cifar(dir.path(), Split::kTrain, 100);
  CHECK(train.labels == std::vector<std::int32_t>{99, 0});
  CHECK(train.classes == 100);
  CHECK(train.image(1)[0] == test::some_bytes(1, 2)[0]);
}

TEST_CASE("CIFAR files that are missing, cut or mislabelled are one line", "[data]") {
  const test::TemporaryDirectory dir;
  const auto read = [&] { data::read_cifar(dir.path(), Split::kTrain, 10); };
  check_error(Exit::kInput, {"there is no", "data_batch_1.bin"}, read);
  dir.write("data_batch_1.bin", record("\1", 1) + "x");
  check_error(Exit::kInput, {"data_batch_1.bin", "3074", "3073"}, read);
  dir.write("data_batch_1.bin", "");
  check_error(Exit::kInput, {"data_batch_1.bin", "0 bytes"}, read);
  dir.write("data_batch_1.bin", record("\1", 1) + record("\12", 2));
  check_error(Exit::kInput, {"data_batch_1.bin", "label 10 at byte 3073"}, read);
  dir.write("train.bin", record("\1", 1));
  check_error(Exit::kInput, {"train.bin", "3074"}, [&] { data::read_cifar(dir.path(), Split::kTrain, 100); });
}

}  // namespace qkvbench::testing
