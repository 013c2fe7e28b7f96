// .npy files of every version and type that is read, and the many that are not.
// Headers are written by hand, so that each can be wrong in one way.
#include "qkvbench/formats/npy.hpp"

#include <limits>

#include "data/image_fixtures.hpp"
#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

namespace qkvbench::testing {

using test::bytes_of;
using test::npy;

TEST_CASE("matrices of float32 and float64 in all versions", "[formats]") {
  const test::TemporaryDirectory dir;
  for (int version = 1; version <= 3; ++version) {
    dir.write("f4.npy", npy("<f4", "(2, 3)", bytes_of<float>({1, 2, 3, 4, 5, 6.5f}), version));
    dir.write("f8.npy", npy("<f8", "(3, 1)", bytes_of<double>({-1, 0.5, 1e10}), version));
    const formats::NpyMatrix f4 = formats::read_npy_matrix(dir.path("f4.npy"));
    CHECK(f4.rows == 2);
    CHECK(f4.columns == 3);
    CHECK(f4.values == std::vector<float>{1, 2, 3, 4, 5, 6.5f});
    CHECK(formats::read_npy_matrix(dir.path("f8.npy")).values == std::vector<float>{-1, 0.5f, 1e10f});
  }
}

TEST_CASE("labels of every width", "[formats]") {
  const test::TemporaryDirectory dir;
  const auto read = [&](const std::string& type, const std::string& bytes) {
    return formats::read_npy_labels(dir.write("l.npy", npy(type, "(2,)", bytes))).values;
  };
  const std::vector<std::int32_t> wanted{3, 100};
  CHECK(read("|i1", bytes_of<std::int8_t>({3, 100})) == wanted);
  CHECK(read("|u1", bytes_of<std::uint8_t>({3, 100})) == wanted);
  CHECK(read("<i2", bytes_of<std::int16_t>({3, 100})) == wanted);
  CHECK(read("<u2", bytes_of<std::uint16_t>({3, 100})) == wanted);
  CHECK(read("<i4", bytes_of<std::int32_t>({3, 100})) == wanted);
  CHECK(read("<u4", bytes_of<std::uint32_t>({3, 100})) == wanted);
  CHECK(read("<i8", bytes_of<std::int64_t>({3, 100})) == wanted);
  CHECK(read("<u8", bytes_of<std::uint64_t>({3, 100})) == wanted);
  check_error(Exit::kInput, {"l.npy", "label -1 at row 1"}, [&] { read("<i8", bytes_of<std::int64_t>({3, -1})); });
  check_error(Exit::kInput, {"l.npy", "row 0"}, [&] {
    read("<u8", bytes_of<std::uint64_t>({std::numeric_limits<std::uint64_t>::max(), 1}));
  });
  check_error(Exit::kInput, {"integers", "f4"}, [&] { read("<f4", bytes_of<float>({3, 1})); });
}

TEST_CASE("what is written is read again, and the numbers begin at a multiple of 64", "[formats]") {
  const test::TemporaryDirectory dir;
  const std::vector<float> values{1, -2.5f, 3e-20f, 4, 5, 6};
  const std::vector<std::int32_t> labels{7, 0, 1 << 20};
  const formats::SourceFile matrix_file = formats::write_npy_matrix(dir.path("m.npy"), 2, values),
                            labels_file = formats::write_npy_labels(dir.path("l.npy"), labels);
  const formats::NpyMatrix matrix = formats::read_npy_matrix(dir.path("m.npy"));
  CHECK(matrix.rows == 3);
  CHECK(matrix.columns == 2);
  CHECK(matrix.values == values);
  CHECK(formats::read_npy_labels(dir.path("l.npy")).values == labels);
  CHECK(matrix.file.sha256 == matrix_file.sha256);
  CHECK(formats::read_npy_labels(dir.path("l.npy")).file.sha256 == labels_file.sha256);
  const std::string bytes = read_file(dir.path("m.npy"));
  CHECK(bytes.size() == matrix_file.bytes);
  CHECK(bytes.size() % 64 == 24);
  CHECK(bytes[bytes.size() - 25] == '\n');
  CHECK(bytes.substr(10, 59) == "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }");
}

TEST_CASE("a .npy file that is no matrix of numbers is refused by name", "[formats]") {
  const test::TemporaryDirectory dir;
  const std::string six = bytes_of<float>({1, 2, 3, 4, 5, 6}), good = npy("<f4", "(2, 3)", six);
  const auto refused = [&](const std::string& content, std::initializer_list<std::string> parts) {
    const std::string path = dir.write("x.npy", content);
    check_error(Exit::kInput, parts, [&] { formats::read_npy_matrix(path); });
    check_error(Exit::kInput, {"x.npy"}, [&] { formats::read_npy_matrix(path); });
  };
  refused("", {"does not begin"});
  refused(good.substr(0, 9), {"does not begin"});
  refused(good.substr(0, 40), {"longer than the file"});
  refused(good.substr(0, good.size() - 1), {"promises 24", "holds 23"});
  refused(good + "x", {"promises 24", "holds 25"});
  refused(npy("<f4", "(2, 3)", six, 4), {"version 4"});
  refused(npy(">f4", "(2, 3)", six), {">f4", "'<f4'"});
  refused(npy("|O", "(2, 3)", six), {"|O"});
  refused(npy("<i4", "(2, 3)", six), {"float32 or float64", "i4"});
  refused(npy("<f4", "(2, 3)", six, 1, "True"), {"Fortran"});
  refused(npy("<f4", "(6,)", six), {"[6]", "matrix"});
  refused(npy("<f4", "(0, 3)", ""), {"[0, 3]"});
  refused(npy("<f4", "()", six.substr(0, 4)), {"[]"});
  refused(npy("<f4", "(99999999999999999999, 3)", six), {"more than"});
  refused(npy("<f4", "(4294967295, 4294967295, 4294967295)", six), {"promises more"});
  refused(npy("<f4", "(2, -3)", six), {"shape"});
  refused("\x93NUMPY" + std::string("\1\0\4\0{'a'", 8), {"no 'descr'"});
  refused(npy("<f4", "(2, 3", six), {"'shape'"});
  refused(npy("<f4", "(1, 2)", bytes_of<float>({1, std::numeric_limits<float>::quiet_NaN()})),
          {"row 0, column 1", "not finite"});
}

}  // namespace qkvbench::testing
