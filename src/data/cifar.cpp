// Reading CIFAR-10 and CIFAR-100.
// A record's length is all that differs between the two.
#include "qkvbench/data/cifar.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"

namespace qkvbench::data {

namespace fs = std::filesystem;

namespace {

constexpr index_t kSide = 32, kChannels = 3, kPixels = kChannels * kSide * kSide;
constexpr int kBatches = 5;  // of CIFAR-10; fewer of them are a smaller set

/// Labels in front of the pixels: the last one is the class.
index_t labels_of(index_t classes) { return classes > 10 ? 2 : 1; }

std::vector<fs::path> files_of(const fs::path& folder, Split split, index_t classes) {
  if (labels_of(classes) == 2) return {folder / (split == Split::kTest ? "test.bin" : "train.bin")};
  if (split == Split::kTest) return {folder / "test_batch.bin"};
  // By the names of the set: a browser's "data_batch_1 (1).bin" would be trained on twice.
  std::vector<fs::path> files;
  fs::path missing;
  for (int batch = 1; batch <= kBatches; ++batch) {
    const fs::path file = folder / ("data_batch_" + std::to_string(batch) + ".bin");
    if (!fs::exists(file)) {
      if (missing.empty()) missing = file;
      continue;
    }
    if (!missing.empty()) fail_input("there is no " + missing.string() + ", though " + file.string() + " is there");
    files.push_back(file);
  }
  if (files.empty()) return {missing};  // which is then said to be missing
  return files;
}

/// Records of a file, by its length.
index_t records_of(const fs::path& file, index_t classes) {
  if (!fs::is_regular_file(file)) fail_input("there is no " + file.string());
  const auto bytes = static_cast<std::uint64_t>(fs::file_size(file));
  const auto record = static_cast<std::uint64_t>(labels_of(classes) + kPixels);
  if (bytes == 0 || bytes % record != 0)
    fail_input(file.string() + ": its length of " + std::to_string(bytes) + " bytes is no whole number of records of " +
               std::to_string(record) + "; fetch it again");
  return static_cast<index_t>(bytes / record);
}

index_t count(const fs::path& folder, Split split, index_t classes) {
  index_t n = 0;
  for (const fs::path& file : files_of(folder, split, classes)) n += records_of(file, classes);
  check_image_memory(folder.string(), n, kChannels, kSide);
  return n;
}

}  // namespace

ImageSizes cifar_sizes(const fs::path& folder, index_t classes) {
  return {kChannels, kSide, classes, count(folder, Split::kTrain, classes), count(folder, Split::kTest, classes)};
}

ImageSet read_cifar(const fs::path& folder, Split split, index_t classes) {
  const index_t labels = labels_of(classes);
  const auto n = static_cast<std::size_t>(count(folder, split, classes));
  ImageSet out{kChannels, kSide, classes, {}, {}, {}};
  out.pixels.reserve(n * static_cast<std::size_t>(kPixels));
  for (const fs::path& file : files_of(folder, split, classes)) {
    const index_t records = records_of(file, classes);
    const std::string bytes = read_file(file);
    if (static_cast<index_t>(bytes.size()) != records * (labels + kPixels))
      fail_input(file.string() + ": it changed while it was read");
    for (index_t r = 0; r < records; ++r) {
      const index_t at = r * (labels + kPixels) + labels - 1;
      const auto label = static_cast<unsigned char>(bytes[static_cast<std::size_t>(at)]);
      if (label >= classes)
        fail_input(file.string() + ": label " + std::to_string(label) + " at byte " + std::to_string(at) +
                   " is not below the " + std::to_string(classes) + " classes");
      out.labels.push_back(label);
      out.pixels.insert(out.pixels.end(), bytes.begin() + at + 1, bytes.begin() + at + 1 + kPixels);
    }
    const SourceFile source = formats::source_file(file.filename().string(), bytes);
    for (const SourceFile& other : out.files)
      if (other.sha256 == source.sha256)
        fail_input(file.string() + " holds the same images as " + other.path + "; fetch the set again");
    out.files.push_back(source);
  }
  return out;
}

}  // namespace qkvbench::data
