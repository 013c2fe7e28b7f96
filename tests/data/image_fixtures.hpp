// Small files of images and numbers in every form that is read, written by the test that needs them.
// Encoders only: what the readers make of them is the test's affair.
#pragma once
#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

#include "qkvbench/base/random.hpp"
#include "qkvbench/data/image_file.hpp"

namespace qkvbench::test {

/// Bytes that differ from each other, the same each time.
inline std::vector<std::uint8_t> some_bytes(std::size_t n, std::uint64_t seed) {
  const RandomStream random(seed, Purpose::kSample);
  std::vector<std::uint8_t> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>(random.bits(i));
  return out;
}

inline std::string text_of(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

/// An IDX file of unsigned bytes.
inline std::string idx(const std::vector<std::uint32_t>& sizes, const std::string& payload) {
  std::string out{'\0', '\0', '\x08', static_cast<char>(sizes.size())};
  for (const std::uint32_t size : sizes)
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 255);
  return out + payload;
}

inline std::string gzip(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// A .npy file: `numbers` are the bytes behind the header.
inline std::string npy(const std::string& type, const std::string& shape, const std::string& numbers, int version = 1,
                       const std::string& fortran = "False") {
  std::string header = "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
  std::string out = "\x93NUMPY";
  out += static_cast<char>(version);
  out += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) out += static_cast<char>(header.size() >> (8 * i) & 255);
  return out + header + numbers;
}

template <class T>
std::string bytes_of(const std::vector<T>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T)};
}

std::string jpeg(const data::Image& image, int quality = 100);
/// `alpha`: with a channel of this opacity; `bits` 16 doubles every byte.
std::string png(const data::Image& image, int alpha = -1, int bits = 8);

/// An image whose pixels follow from their place, smooth enough for a JPEG.
data::Image gradient(index_t channels, index_t height, index_t width, int phase = 0);

}  // namespace qkvbench::test
