// Packing and unpacking with zlib, which compares checksums; libarchive, which unpacks archives, does not.
// Output grows with what is unpacked, never with what a header promises.
#include "qkvbench/formats/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <fstream>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/sha256.hpp"

namespace qkvbench::formats {

namespace {

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

struct Unpacked {
  std::string bytes, error;  ///< error: empty when the stream ended as it should or the limit was reached
};

class Inflater {
 public:
  Inflater() { ready_ = inflateInit2(&stream_, 16 + MAX_WBITS) == Z_OK; }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Unpacked run(std::string_view packed, std::uint64_t limit) {
    Unpacked out;
    if (!ready_) return {"", "zlib cannot begin"};
    Bytef buffer[1 << 15];
    std::size_t fed = 0;
    while (out.bytes.size() < limit) {
      if (stream_.avail_in == 0 && fed < packed.size()) {
        const std::size_t part = std::min<std::size_t>(packed.size() - fed, 1 << 20);
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + fed));
        stream_.avail_in = static_cast<uInt>(part);
        fed += part;
      }
      stream_.next_out = buffer;
      stream_.avail_out = sizeof(buffer);
      const int status = inflate(&stream_, Z_NO_FLUSH);
      const std::size_t made = sizeof(buffer) - stream_.avail_out;
      const std::size_t room = static_cast<std::size_t>(limit) - out.bytes.size();
      out.bytes.append(reinterpret_cast<const char*>(buffer), std::min(made, room));
      const bool no_more = stream_.avail_in == 0 && fed == packed.size();
      if (status == Z_STREAM_END) {
        if (no_more) return out;
        inflateReset(&stream_);  // another member follows
      } else if (status == Z_BUF_ERROR || (status == Z_OK && no_more && made == 0)) {
        return {out.bytes, "the gzip stream is cut short"};
      } else if (status != Z_OK) {
        return {out.bytes, std::string("the gzip stream is damaged (") + (stream_.msg ? stream_.msg : "no reason") +
                               ") near byte " + std::to_string(fed - stream_.avail_in)};
      }
    }
    return out;
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

}  // namespace

UnpackedFile read_unpacked(const std::filesystem::path& path, std::uint64_t expected) {
  // What does not shrink grows by less than a hundredth when it is packed.
  std::string bytes = read_file(path, expected + expected / 100 + (1 << 16));
  UnpackedFile out;
  out.source = {path.string(), sha256(bytes), bytes.size()};
  if (is_gzip(bytes)) {
    Unpacked unpacked = Inflater().run(bytes, expected + 1);
    if (!unpacked.error.empty())
      fail_input(path.string() + ": " + unpacked.error + ", after " +
                 with_commas(static_cast<long long>(unpacked.bytes.size())) + " unpacked bytes of " +
                 with_commas(static_cast<long long>(expected)) + "; fetch it again");
    bytes = std::move(unpacked.bytes);
  }
  if (bytes.size() != expected)
    fail_input(path.string() + ": its header promises " + with_commas(static_cast<long long>(expected)) +
               " bytes in all, but there are " + (bytes.size() > expected ? "more" : "only ") +
               (bytes.size() > expected ? "" : with_commas(static_cast<long long>(bytes.size()))) + "; fetch it again");
  out.bytes = std::move(bytes);
  return out;
}

std::string unpacked_head(const std::filesystem::path& path, std::size_t n) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail_input("cannot read " + path.string());
  std::string bytes(std::max<std::size_t>(n, 1 << 12), '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  if (is_gzip(bytes)) return Inflater().run(bytes, n).bytes;
  bytes.resize(std::min(n, bytes.size()));
  return bytes;
}

std::string read_gzip_text(const std::filesystem::path& path, std::uint64_t limit) {
  const std::string bytes = read_file(path, limit);
  if (!is_gzip(bytes)) fail_input(path.string() + ": not packed with gzip");
  Unpacked unpacked = Inflater().run(bytes, limit + 1);
  if (!unpacked.error.empty()) fail_input(path.string() + ": " + unpacked.error);
  if (unpacked.bytes.size() > limit)
    fail_input(path.string() + ": more than " + with_commas(static_cast<long long>(limit)) + " bytes when unpacked");
  return std::move(unpacked.bytes);
}

std::string gzip_text(std::string_view bytes) {
  constexpr int kMemoryLevel = 9;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int status = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) fail_internal("gzip: zlib did not pack " + std::to_string(bytes.size()) + " bytes");
  return packed;
}

}  // namespace qkvbench::formats
