// Decoding and resampling of single images, and files that lie about their size or stop short.
// Pixels of a PNG must come back exactly, those of a JPEG nearly.
#include "qkvbench/data/image_file.hpp"

#include <array>
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

std::string big_endian(std::size_t value, int n) {
  std::string out;
  for (int i = n; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 255);
  return out;
}

std::string chunk(const std::string& type_and_data) {
  const auto* bytes = reinterpret_cast<const Bytef*>(type_and_data.data());
  return big_endian(type_and_data.size() - 4, 4) + type_and_data +
         big_endian(crc32(0, bytes, static_cast<uInt>(type_and_data.size())), 4);
}

/// A PNG with one more chunk behind its header.
std::string with_chunk(const std::string& png, const std::string& type_and_data) {
  return png.substr(0, 33) + chunk(type_and_data) + png.substr(33);
}

/// A PNG from its scan lines, each with its filter's byte before it.
std::string png_of(std::size_t width, std::size_t height, int bits, int type, const std::string& lines,
                   bool interlaced = false, const std::string& chunks = "") {
  std::string packed(compressBound(lines.size()), '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(lines.data()), lines.size());
  packed.resize(size);
  const std::string header = big_endian(width, 4) + big_endian(height, 4) + static_cast<char>(bits) +
                             static_cast<char>(type) + std::string(2, '\0') + static_cast<char>(interlaced);
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR" + header) + chunks + chunk("IDAT" + packed) + chunk("IEND");
}

Image solid(std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  Image image{3, 8, 8, std::vector<std::uint8_t>(64, red)};
  image.pixels.insert(image.pixels.end(), 64, green);
  image.pixels.insert(image.pixels.end(), 64, blue);
  return image;
}

int grey_of(const std::string& bytes) { return decode_image(bytes, 1, "grey").pixels[0]; }

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

TEST_CASE("grey is ITU-R 601's luma in a PNG as in a JPEG, whatever the PNG says of its gamma and colours", "[data]") {
  struct Case {
    std::uint8_t red, green, blue;
    int grey;
  };
  for (const auto& [red, green, blue, grey] :
       {Case{255, 0, 0, 76}, Case{0, 255, 0, 150}, Case{0, 0, 255, 29}, Case{255, 255, 0, 226}, Case{17, 17, 17, 17},
        Case{255, 255, 255, 255}}) {
    const Image image = solid(red, green, blue);
    const std::string png = test::png(image);
    CAPTURE(grey);
    CHECK(grey_of(png) == grey);
    CHECK(grey_of(test::jpeg(image)) == grey);
    // Gamma 1/2.2, 1 and one that is wrong; sRGB; primaries of Rec. 2020; a profile that is none.
    const std::string primaries = big_endian(31270, 4) + big_endian(32900, 4) + big_endian(70800, 4) +
                                  big_endian(29200, 4) + big_endian(17000, 4) + big_endian(79700, 4) +
                                  big_endian(13100, 4) + big_endian(4600, 4);
    for (const std::string& more :
         {"gAMA" + big_endian(45455, 4), "gAMA" + big_endian(100000, 4), "gAMA" + big_endian(1, 4),
          std::string("sRGB\0", 5), "cHRM" + primaries, std::string("iCCPno profile\0\0x", 18)}) {
      CAPTURE(more);
      CHECK(grey_of(with_chunk(png, more)) == grey);
      CHECK(decode_image(with_chunk(png, more), 3, "colour").pixels == image.pixels);
    }
  }
}

TEST_CASE("palettes, 1 to 16 bits, opacity by colour and interlaced lines are the same pixels", "[data]") {
  const std::string palette = chunk(std::string("PLTE\0\0\0\xff\0\0\0\xff\0", 13));
  const std::string two = png_of(3, 1, 2, 3, std::string("\0\x18", 2), false, palette);  // 0, 1, 2
  CHECK(decode_image(two, 3, "p").pixels == std::vector<std::uint8_t>{0, 255, 0, 0, 0, 255, 0, 0, 0});
  CHECK(decode_image(two, 1, "p").pixels == std::vector<std::uint8_t>{0, 76, 150});
  const std::string half = png_of(3, 1, 2, 3, std::string("\0\x18", 2), false, palette + chunk("tRNS\xff\x80"));
  CHECK(decode_image(half, 3, "t").pixels == std::vector<std::uint8_t>{0, 128, 0, 0, 0, 255, 0, 0, 0});
  CHECK(decode_image(half, 1, "t").pixels[1] == (128 * 19595 + 0x8000) >> 16);
  CHECK(decode_image(png_of(8, 1, 1, 0, std::string("\0\x35", 2)), 1, "1").pixels ==
        std::vector<std::uint8_t>{0, 0, 255, 255, 0, 255, 0, 255});
  CHECK(decode_image(png_of(2, 1, 4, 0, std::string("\0\x3f", 2)), 1, "4").pixels ==
        std::vector<std::uint8_t>{51, 255});
  // 16 bits are rounded to 8, not cut: 0x00ff is nearer to 1, 0x7f40 to 127.
  const std::string sixteen = png_of(2, 1, 16, 0, std::string("\0\x00\xff\x7f\x40", 5));
  CHECK(decode_image(sixteen, 1, "16").pixels == std::vector<std::uint8_t>{1, 127});
  CHECK(decode_image(sixteen, 3, "16").pixels == std::vector<std::uint8_t>{1, 127, 1, 127, 1, 127});

  const Image image = gradient(3, 8, 8);
  std::string lines;
  for (const auto& [x0, y0, dx, dy] :
       {std::array{0, 0, 8, 8}, std::array{4, 0, 8, 8}, std::array{0, 4, 4, 8}, std::array{2, 0, 4, 4},
        std::array{0, 2, 2, 4}, std::array{1, 0, 2, 2}, std::array{0, 1, 1, 2}})
    for (int y = y0; y < 8; y += dy) {
      lines += '\0';
      for (int x = x0; x < 8; x += dx)
        for (int c = 0; c < 3; ++c)
          lines += static_cast<char>(image.pixels[static_cast<std::size_t>(c * 64 + y * 8 + x)]);
    }
  CHECK(decode_image(png_of(8, 8, 8, 2, lines, true), 3, "i").pixels == image.pixels);
}

TEST_CASE("EXIF's orientation turns no image", "[data]") {
  const std::string jpeg = test::jpeg(gradient(3, 16, 24));
  const std::string turned("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0", 32);
  std::string tagged = jpeg;
  tagged.insert(2, "\xff\xe1" + big_endian(turned.size() + 2, 2) + turned);
  const Image plain = decode_image(jpeg, 3, "plain"), other = decode_image(tagged, 3, "tagged");
  CHECK(other.height == 16);
  CHECK(other.width == 24);
  CHECK(other.pixels == plain.pixels);
}

TEST_CASE("a file of another format under the name of an image is named", "[data]") {
  const auto refused = [](const std::string& bytes, const std::string& format) {
    check_error(Exit::kInput, {"a.jpg", "neither", format, "convert it"}, [&] { decode_image(bytes, 3, "a.jpg"); });
  };
  refused("RIFF\x10\x20\x30\x40WEBPVP8 ", "WebP");
  refused("GIF89a", "GIF");
  refused(std::string("\0\0\0 ftypheicmif1", 16), "HEIC");
  refused("<!DOCTYPE html>", "web page");
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
