// Files of tensors: what is written is read back, and nothing that is wrong gets through.
// Long random search is the fuzzer's.
#include "qkvbench/formats/safetensors.hpp"

#include <cstring>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"

namespace qkvbench::formats {

using testing::has;

namespace {

std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t size = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &size, 8);
  return out + header + data;
}

std::string error_of(const std::string& content) {
  try {
    Safetensors::parse(content, "f");
  } catch (const Error& error) {
    CHECK(error.status() == Exit::kInput);
    return error.what();
  }
  return "no error";
}

std::string good_file() {
  static const std::vector<real> a{1, 2, 3, 4, 5, 6}, b{7};
  std::string out = safetensors_header({{"a", {2, 3}, a}, {"b", {1}, b}}, {{"config", "{}"}});
  for (const std::vector<real>* numbers : {&a, &b})
    out.append(reinterpret_cast<const char*>(numbers->data()), numbers->size() * sizeof(real));
  return out;
}

}  // namespace

TEST_CASE("tensors and metadata come back, and the header is padded to eight bytes") {
  const std::string bytes = good_file();
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), 8);
  CHECK(header % 8 == 0);
  const Safetensors file = Safetensors::parse(bytes, "f");
  CHECK(file.tensor("a").shape == std::vector<index_t>{2, 3});
  CHECK(file.floats("a") == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(file.floats("b") == std::vector<float>{7});
  CHECK(file.metadata("config") == "{}");
  CHECK_THROWS_AS(file.tensor("c"), Error);
  CHECK_THROWS_AS(file.integers("a"), Error);
}

TEST_CASE("every truncation and every extension is refused") {
  const std::string bytes = good_file();
  for (std::size_t n = 0; n < bytes.size(); ++n) CHECK(error_of(bytes.substr(0, n)) != "no error");
  CHECK(error_of(bytes + "x") != "no error");
}

TEST_CASE("a header that lies is refused with the tensor's name") {
  const std::string data(8, '\0');
  const auto with = [&](const std::string& header) { return error_of(file_of(header, data)); };
  CHECK(has(with(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})"), "no error"));
  CHECK(has(with(R"({"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}})"), "f: a: unknown dtype"));
  CHECK(has(with(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})"), "takes 12 bytes"));
  CHECK(has(with(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})"), "data_offsets"));
  CHECK(has(with(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})"), "cover 4 bytes"));
  CHECK(has(
      with(
          R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})"),
      "should go on at offset 4"));
  CHECK(has(with(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})"), "is no size"));
  CHECK(has(with(R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}})"), "is no size"));
  CHECK(has(with(R"({"a":{"dtype":"F64","shape":[281474976710656,281474976710656],"data_offsets":[0,8]}})"),
            "overflows"));
  CHECK(has(with(R"({"a":{"dtype":"F32","shape":[2]}})"), "needs dtype, shape and data_offsets"));
  CHECK(has(with(R"({"a":1})"), "needs dtype"));
  CHECK(has(with(R"({"__metadata__":{"k":1}})"), "no text"));
  CHECK(has(with("[]"), "no JSON object"));
  const std::string twice = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  CHECK(has(with("{" + twice + "," + twice + "}"), "appears twice"));
}

TEST_CASE("a header longer than the file is refused before memory is taken") {
  std::string bytes(16, '\0');
  const std::uint64_t size = std::uint64_t{1} << 60;
  std::memcpy(bytes.data(), &size, 8);
  CHECK(has(error_of(bytes), "cut short"));
}

TEST_CASE("JSON that is too deep, too large or broken names the place") {
  const auto error = [](const std::string& text, std::size_t limit = 1000) -> std::string {
    try {
      parse_json(text, "f", limit);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  CHECK(error(R"({"a":[1,{"b":2}],"c":{"b":3}})") == "no error");
  CHECK(has(error(std::string(500, '[')), "nests deeper than 64"));
  CHECK(has(error(std::string(1001, ' ')), "more than the 1000 allowed"));
  CHECK(has(error("{\"a\":1,}"), "no valid JSON at byte 8"));
  CHECK(has(error("{\"a\":\"\xff\"}"), "no valid JSON"));
  CHECK(has(error(R"({"x":{"b":1,"b":2}})"), "the key 'b' appears twice"));
}

TEST_CASE("a count in JSON is a whole number that fits") {
  const auto count = [](const std::string& text) { return count_of(parse_json(text, "f"), "f: size"); };
  CHECK(count("0") == 0);
  CHECK(count("4611686018427387904") == std::int64_t{1} << 62);
  for (const char* text : {"-1", "4611686018427387905", "18446744073709551615", "4e27", "1.0", "\"1\"", "null", "[]"})
    CHECK_THROWS_WITH(count(text), std::string("f: size: ") + parse_json(text, "f").dump() + " is no count");
}

}  // namespace qkvbench::formats
