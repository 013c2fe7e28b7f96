// Reading IDX: two zero bytes, the type, the number of sizes, the sizes in big-endian, then the bytes.
// Sizes are multiplied with a check, and compared with the limit before anything is unpacked.
#include "qkvbench/data/idx.hpp"

#include <array>
#include <cstdio>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/gzip.hpp"

namespace qkvbench::data {

namespace fs = std::filesystem;

namespace {

constexpr unsigned char kUnsignedBytes = 0x08;

std::string hexadecimal(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    char text[4];
    std::snprintf(text, sizeof(text), "%02x", static_cast<unsigned char>(c));
    out += (out.empty() ? "" : " ") + std::string(text);
  }
  return out;
}

struct Header {
  fs::path path;
  std::vector<std::uint64_t> sizes;
  std::uint64_t begin = 0, payload = 0;
};

/// The header of an IDX file with `rank` sizes.
Header read_header(const fs::path& path, std::size_t rank) {
  const std::size_t length = 4 + 4 * rank;
  const std::string head = formats::unpacked_head(path, length);
  const std::string magic{'\0', '\0', static_cast<char>(kUnsignedBytes), static_cast<char>(rank)};
  if (head.substr(0, 4) != magic)
    fail_input(path.string() + ": it begins with the bytes " + hexadecimal(head.substr(0, 4)) +
               ", but an IDX file of " + (rank == 3 ? "images" : "labels") + " with " + hexadecimal(magic));
  if (head.size() < length)
    fail_input(path.string() + ": it ends at byte " + std::to_string(head.size()) +
               ", within its header; fetch it again");
  Header out{path, {}, length, 1};
  for (std::size_t i = 0; i < rank; ++i) {
    std::uint64_t size = 0;
    for (std::size_t j = 0; j < 4; ++j) size = size << 8 | static_cast<unsigned char>(head[4 + 4 * i + j]);
    out.sizes.push_back(size);
    if (size == 0) fail_input(path.string() + ": size " + std::to_string(i + 1) + " of its header is 0");
    if (out.payload > kMaxImageBytes / size)
      fail_input(path.string() + ": its header promises more bytes than the " +
                 with_commas(static_cast<long long>(kMaxImageBytes)) + " that a set of images may have");
    out.payload *= size;
  }
  return out;
}

/// The files of this stem, with a dash or a dot before "idx", packed or not; at least one.
std::vector<fs::path> find_all(const fs::path& folder, const std::string& stem, const std::string& kind) {
  std::vector<fs::path> found;
  for (const char* separator : {"-", "."})
    for (const char* ending : {"", ".gz"}) {
      const fs::path path = folder / (stem + separator + kind + "-ubyte" + ending);
      if (fs::is_regular_file(path)) found.push_back(path);
    }
  if (!found.empty()) return found;
  fail_input("there is no " + (folder / (stem + "-" + kind + "-ubyte")).string() + ", plain or with .gz");
}

struct Files {
  Header images, labels;
  std::vector<fs::path> all_images, all_labels;  ///< the same once more, if a set lies there both plain and packed
};

Files find_files(const fs::path& folder, Split split) {
  const std::string stem = split == Split::kTest ? "t10k" : "train";
  const auto images = find_all(folder, stem + "-images", "idx3"), labels = find_all(folder, stem + "-labels", "idx1");
  Files files{read_header(images[0], 3), read_header(labels[0], 1), images, labels};
  const auto& sizes = files.images.sizes;
  if (sizes[0] != files.labels.sizes[0])
    fail_input(files.images.path.string() + " has " + std::to_string(sizes[0]) + " images, but " +
               files.labels.path.string() + " has " + std::to_string(files.labels.sizes[0]) + " labels");
  if (sizes[1] != sizes[2])
    fail_input(files.images.path.string() + ": its images have " + std::to_string(sizes[1]) + " × " +
               std::to_string(sizes[2]) + " pixels; only square images are read");
  return files;
}

}  // namespace

ImageSizes idx_sizes(const fs::path& folder) {
  const Files train = find_files(folder, Split::kTrain), test = find_files(folder, Split::kTest);
  if (train.images.sizes[1] != test.images.sizes[1])
    fail_input(train.images.path.string() + " has images of " + std::to_string(train.images.sizes[1]) +
               " pixels a side, " + test.images.path.string() + " of " + std::to_string(test.images.sizes[1]));
  return {1, static_cast<index_t>(train.images.sizes[1]), 0, static_cast<index_t>(train.images.sizes[0]),
          static_cast<index_t>(test.images.sizes[0])};
}

ImageSet read_idx(const fs::path& folder, Split split, index_t classes) {
  const Files files = find_files(folder, split);
  ImageSet out;
  out.classes = classes;
  out.side = static_cast<index_t>(files.images.sizes[1]);
  const auto read = [&](const Header& header, const std::vector<fs::path>& all) {
    formats::UnpackedFile file = formats::read_unpacked(header.path, header.begin + header.payload);
    for (std::size_t i = 1; i < all.size(); ++i)
      if (read_header(all[i], header.sizes.size()).sizes != header.sizes ||
          formats::read_unpacked(all[i], header.begin + header.payload).bytes != file.bytes)
        fail_input(all[i].string() + " is not the same as " + header.path.filename().string() +
                   " beside it; remove the one that is not meant");
    file.source.path = header.path.filename().string();
    out.files.push_back(file.source);
    return std::move(file.bytes);
  };
  const std::string images = read(files.images, files.all_images), labels = read(files.labels, files.all_labels);
  out.pixels.assign(images.begin() + static_cast<index_t>(files.images.begin), images.end());
  for (std::size_t at = files.labels.begin; at < labels.size(); ++at) {
    const auto label = static_cast<unsigned char>(labels[at]);
    if (label >= classes)
      fail_input(files.labels.path.string() + ": label " + std::to_string(label) + " at byte " + std::to_string(at) +
                 " is not below the " + std::to_string(classes) + " classes");
    out.labels.push_back(label);
  }
  return out;
}

}  // namespace qkvbench::data
