// Decoding and resampling of single images, and files that lie about their size or stop short.
// Pixels of a PNG must come back exactly, those of a JPEG nearly.
#include "qkvbench/data/image_file.hpp"

#include <cstdlib>

#include "data/image_fixtures.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"

namespace qkvbench::testing {

namespace {

using data::decode_image;
using data::Image;
using test::gradient;

int worst(const Image& a, const Image& b) {
  REQUIRE(a.pixels.size() == b.pixels.size());
  int most = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) most = std::max(most, std::abs(a.pixels[i] - b.pixels[i]));
  return most;
}

std::vector<std::uint8_t> resampled(const std::vector<std::uint8_t>& in, index_t height, index_t width, index_t side) {
  std::vector<std::uint8_t> out(static_cast<std::size_t>(side * side));
  data::resample_plane(in.data(), height, width, width, side, out.data());
  return out;
}

}  // namespace

TEST_CASE("a PNG comes back as it was: colour, grey, opacity, 16 bits", "[data]") {
  const Image colour = gradient(3, 7, 9), grey = gradient(1, 7, 9);
  const Image c = decode_image(test::png(colour), 3, "c");
  CHECK(c.height == 7);
  CHECK(c.width == 9);
  CHECK(c.pixels == colour.pixels);
  CHECK(decode_image(test::png(grey), 1, "g").pixels == grey.pixels);
  CHECK(decode_image(test::png(colour, 255), 3, "a").pixels == colour.pixels);
  CHECK(decode_image(test::png(colour, -1, 16), 3, "16").pixels == colour.pixels);
  // What is transparent lies on black.
  CHECK(decode_image(test::png(colour, 0), 3, "t").pixels == std::vector<std::uint8_t>(colour.pixels.size(), 0));
  CHECK(decode_image(test::png(grey, 128), 1, "h").pixels[5] == grey.pixels[5] * 128 / 255);
  const Image spread = decode_image(test::png(grey), 3, "s");
  for (std::size_t i = 0; i < 63; ++i)
    for (std::size_t plane = 0; plane < 3; ++plane) REQUIRE(spread.pixels[plane * 63 + i] == grey.pixels[i]);
  Image flat{3, 2, 2, std::vector<std::uint8_t>(12, 90)};
  CHECK(decode_image(test::png(flat), 1, "f").pixels == std::vector<std::uint8_t>(4, 90));
}

TEST_CASE("a JPEG comes back nearly as it was", "[data]") {
  const Image grey = gradient(1, 20, 31), flat{3, 16, 24, std::vector<std::uint8_t>(16 * 24 * 3, 77)};
  CHECK(worst(decode_image(test::jpeg(grey), 1, "g"), grey) <= 8);
  CHECK(worst(decode_image(test::jpeg(flat), 3, "f"), flat) <= 2);
  const Image turned = decode_image(test::jpeg(flat), 1, "t");
  CHECK(turned.channels == 1);
  CHECK(worst(turned, {1, 16, 24, std::vector<std::uint8_t>(16 * 24, 77)}) <= 2);
  CHECK(decode_image(test::jpeg(grey), 3, "s").pixels.size() == 3 * 20 * 31);
}

TEST_CASE("an image cut short at any byte is an error, never a crash or half an image", "[data]") {
  const std::string jpeg = test::jpeg(gradient(3, 24, 24)), png = test::png(gradient(3, 24, 24));
  for (const std::string& whole : {jpeg, png})
    for (std::size_t n = 0; n < whole.size() - (whole == jpeg ? 2 : 12); n += 7) {
      CAPTURE(n, whole.size());
      check_error(Exit::kInput, {"a.img"}, [&] { decode_image(whole.substr(0, n), 3, "a.img"); });
    }
  check_error(Exit::kInput, {"a.jpg", "JPEG is damaged or cut short"},
              [&] { decode_image(jpeg.substr(0, jpeg.size() / 2), 3, "a.jpg"); });
  check_error(Exit::kInput, {"a.gif", "neither"}, [] { decode_image("GIF89a", 3, "a.gif"); });
  check_error(Exit::kUsage, {"--channels 2"}, [&] { decode_image(png, 2, "a.png"); });
}

TEST_CASE("damaged bytes end in an error or an image of the declared size", "[data]") {
  for (const std::string& whole : {test::jpeg(gradient(3, 24, 24)), test::png(gradient(3, 24, 24))})
    for (std::size_t at = 2; at < whole.size(); at += 5) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1 + at % 255));
      try {
        const Image image = decode_image(bytes, 3, "x");
        CHECK(image.pixels.size() == static_cast<std::size_t>(3 * image.height * image.width));
      } catch (const Error& error) {
        CHECK(error.status() == Exit::kInput);
      }
    }
}

TEST_CASE("a header of 100,000 × 100,000 pixels costs an error, not memory", "[data]") {
  std::string png = test::png(gradient(3, 8, 8));
  const auto put = [](std::string& bytes, std::size_t at, std::uint32_t value, int n) {
    for (int i = 0; i < n; ++i) bytes[at + static_cast<std::size_t>(i)] = static_cast<char>(value >> (8 * (n - 1 - i)));
  };
  const auto with_size = [&](std::uint32_t width, std::uint32_t height) {
    std::string bytes = png;
    put(bytes, 16, width, 4);
    put(bytes, 20, height, 4);
    put(bytes, 29, static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()) + 12, 17)), 4);
    return bytes;
  };
  check_error(Exit::kInput, {"big.png", "100000 × 100000", "64 million"},
              [&] { decode_image(with_size(100000, 100000), 3, "big.png"); });
  check_error(Exit::kInput, {"big.png", "7000 × 7000", "bytes cannot hold"},
              [&] { decode_image(with_size(7000, 7000), 3, "big.png"); });
  check_error(Exit::kInput, {"big.png"}, [&] { decode_image(with_size(0, 5), 3, "big.png"); });

  std::string jpeg = test::jpeg(gradient(1, 8, 8));
  const std::size_t frame = jpeg.find("\xff\xc0");
  put(jpeg, frame + 5, 65000, 2);
  put(jpeg, frame + 7, 65000, 2);
  check_error(Exit::kInput, {"big.jpg", "65000 × 65000"}, [&] { decode_image(jpeg, 3, "big.jpg"); });
}

TEST_CASE("shrinking takes means, enlarging draws straight lines", "[data]") {
  CHECK(resampled({0, 10, 20, 30, 0, 10, 20, 30, 40, 50, 60, 70, 40, 50, 60, 70}, 4, 4, 2) ==
        std::vector<std::uint8_t>{5, 25, 45, 65});
  // Three pixels to two: the middle one is shared.
  CHECK(resampled({0, 90, 180, 0, 90, 180, 0, 90, 180}, 3, 3, 2) == std::vector<std::uint8_t>{30, 150, 30, 150});
  // Two to four: centres at -¼, ¼, ¾, 1¼ of the old pixels; the edge is repeated.
  CHECK(resampled({0, 100, 0, 100}, 2, 2, 4) ==
        std::vector<std::uint8_t>{0, 25, 75, 100, 0, 25, 75, 100, 0, 25, 75, 100, 0, 25, 75, 100});
  CHECK(resampled({7}, 1, 1, 3) == std::vector<std::uint8_t>(9, 7));
  const auto bytes = test::some_bytes(36, 1);
  CHECK(resampled(bytes, 6, 6, 6) == bytes);
  for (const index_t side : {1, 3, 5, 8, 13})
    CHECK(resampled(std::vector<std::uint8_t>(77, 200), 7, 11, side) ==
          std::vector<std::uint8_t>(static_cast<std::size_t>(side * side), 200));
  // The middle square of a wide image.
  Image wide{1, 2, 6, {9, 9, 1, 2, 9, 9, 9, 9, 3, 4, 9, 9}};
  std::vector<std::uint8_t> out(4);
  data::resample_centre(wide, 2, out.data());
  CHECK(out == std::vector<std::uint8_t>{1, 2, 3, 4});
}

}  // namespace qkvbench::testing
