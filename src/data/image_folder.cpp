// Tiny ImageNet's lists, and decoding a list in parallel.
// How folders of classes are listed stands in image_listing.cpp.
#include "qkvbench/data/image_folder.hpp"

#include <algorithm>
#include <cctype>
#include <map>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/data/image_file.hpp"
#include "qkvbench/data/image_listing.hpp"
#include "qkvbench/formats/sha256.hpp"

namespace qkvbench::data {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{256} << 20, kMaxListBytes = std::uint64_t{256} << 20;

/// The lines of a small text file, without line ends.
std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines = split(read_file(path, kMaxListBytes), '\n');
  for (std::string& line : lines)
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) line.pop_back();
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

/// The training images of a class: <wnid>_<number>.JPEG. A copy under another name is none of the set.
std::vector<std::string> tiny_images(const fs::path& folder, const std::string& wnid) {
  std::vector<std::string> names = images_in(folder);
  std::erase_if(names, [&](const std::string& name) {
    const std::size_t begin = wnid.size() + 1, end = name.find('.');
    return !name.starts_with(wnid + "_") || end <= begin ||
           !std::all_of(name.begin() + static_cast<std::ptrdiff_t>(begin),
                        name.begin() + static_cast<std::ptrdiff_t>(end),
                        [](unsigned char c) { return std::isdigit(c) != 0; });
  });
  return names;
}

ImageListing list_tiny_training(ImageListing out) {
  for (std::size_t i = 0; i < out.class_names.size(); ++i) {
    const std::string &wnid = out.class_names[i], part = "train/" + wnid + "/images";
    const std::vector<std::string> names = tiny_images(out.folder / part, wnid);
    if (names.empty())
      fail_input((out.folder / part).string() + ": it holds no " + wnid +
                 "_<number>.JPEG, a class of wnids.txt; unpack the archive again");
    for (const std::string& name : names) {
      out.paths.push_back(part + "/" + name);
      out.labels.push_back(static_cast<std::int32_t>(i));
    }
  }
  return out;
}

ImageListing list_tiny_imagenet(const fs::path& folder, Split split, const std::vector<std::string>& known = {}) {
  const std::vector<std::string> wnids = known.empty() ? lines_of(folder / "wnids.txt") : known;
  if (wnids.empty()) fail_input((folder / "wnids.txt").string() + ": it names no classes");
  ImageListing out{folder, {}, {}, wnids};
  if (split != Split::kTest) return list_tiny_training(std::move(out));
  std::map<std::string, std::int32_t> label_of;
  for (const std::string& wnid : wnids)
    if (!label_of.emplace(wnid, static_cast<std::int32_t>(label_of.size())).second)
      fail_input((folder / "wnids.txt").string() + ": it names " + wnid + " twice");
  const fs::path annotations = folder / "val" / "val_annotations.txt";
  std::map<std::string, std::int32_t> listed;  // by name
  index_t number = 0;
  for (const std::string& line : lines_of(annotations)) {
    ++number;
    const std::vector<std::string> parts = qkvbench::split(line, '\t');
    const auto label = parts.size() < 2 ? label_of.end() : label_of.find(parts[1]);
    if (label == label_of.end() || parts[0].find('/') != std::string::npos)
      fail_input(annotations.string() + ": line " + std::to_string(number) + " is no image and class of " +
                 (known.empty() ? "wnids.txt" : "the model"));
    if (!listed.emplace(parts[0], label->second).second)
      fail_input(annotations.string() + ": line " + std::to_string(number) + " names " + parts[0] +
                 " a second time; unpack the archive again");
  }
  for (const auto& [name, label] : listed) {
    out.paths.push_back("val/images/" + name);
    out.labels.push_back(label);
  }
  return out;
}

/// What a file may be a copy of by its name, as browsers and file managers make them beside it: a.png of "a (1).png",
/// "a copy.png", "a - Copy.png" and "Copy of a.png".
std::vector<std::string> originals_of(const std::string& path) {
  const fs::path name = fs::path(path).filename();
  const std::string folder = path.substr(0, path.size() - name.string().size()), stem = name.stem().string(),
                    ending = name.extension().string(), prefix = "Copy of ";
  std::vector<std::string> out;
  if (stem.starts_with(prefix)) out.push_back(folder + stem.substr(prefix.size()) + ending);
  for (std::size_t at = stem.find_first_of(" ("); at != std::string::npos; at = stem.find_first_of(" (", at + 1))
    out.push_back(folder + stem.substr(0, at) + ending);
  return out;
}

/// Throws when an image is there twice, the second time under a name that copies get.
void check_copies(const fs::path& folder, const std::vector<SourceFile>& files) {
  std::map<std::string_view, std::string_view> sha256_of;
  for (const SourceFile& file : files) sha256_of.emplace(file.path, file.sha256);
  for (const SourceFile& file : files)
    for (const std::string& original : originals_of(file.path))
      if (const auto found = sha256_of.find(original); found != sha256_of.end() && found->second == file.sha256)
        fail_input((folder / file.path).string() + " is a copy of " + fs::path(original).filename().string() +
                   " beside it, which would count twice; remove it");
}

/// Decodes a list. The one file that stands for it has the SHA-256 of lines "<SHA-256>  <path>", as sha256sum prints.
ImageSet decode(ImageListing listing, const DecodeOptions& options) {
  const auto n = static_cast<index_t>(listing.paths.size());
  check_image_memory(listing.folder.string(), n, options.channels, options.side);
  const auto classes = static_cast<index_t>(listing.class_names.size());
  ImageSet out{options.channels, options.side, classes, {}, std::move(listing.labels), {}};
  out.class_names = std::move(listing.class_names);
  out.pixels.resize(static_cast<std::size_t>(n * out.image_bytes()));
  std::vector<SourceFile> files(listing.paths.size());
  std::vector<std::string> errors(listing.paths.size());
  parallel_for(n, [&](index_t i) {
    const auto at = static_cast<std::size_t>(i);
    const fs::path path = listing.folder / listing.paths[at];
    try {
      const std::string bytes = read_file(path, kMaxFileBytes);
      files[at] = formats::source_file(listing.paths[at], bytes);
      resample_centre(decode_image(bytes, options.channels, path.string()), options.side,
                      out.pixels.data() + i * out.image_bytes());
    } catch (const Error& error) {
      errors[at] = error.what();
    }
  });
  for (const std::string& error : errors)
    if (!error.empty()) fail_input(error);
  check_copies(listing.folder, files);
  if (n == 0) return out;
  SourceFile all{listing.paths.front().substr(0, listing.paths.front().find('/')), "", 0};
  std::string lines;
  for (const SourceFile& file : files) {
    lines += file.sha256 + "  " + file.path + "\n";
    all.bytes += file.bytes;
  }
  all.sha256 = formats::sha256(lines);
  out.files.push_back(all);
  return out;
}

ImageSizes sizes_of(const ImageListing& train, const ImageListing& test) {
  return {0, 0, static_cast<index_t>(train.class_names.size()), static_cast<index_t>(train.paths.size()),
          static_cast<index_t>(test.paths.size())};
}

}  // namespace

ImageSizes class_folder_sizes(const fs::path& folder) {
  return sizes_of(list_class_folder(folder, Split::kTrain), list_class_folder(folder, Split::kTest));
}

ImageSet read_class_folder(const fs::path& folder, Split split, const DecodeOptions& options) {
  return decode(list_class_folder(folder, split, options.classes), options);
}

ImageSizes tiny_imagenet_sizes(const fs::path& folder) {
  return sizes_of(list_tiny_imagenet(folder, Split::kTrain), list_tiny_imagenet(folder, Split::kTest));
}

ImageSet read_tiny_imagenet(const fs::path& folder, Split split, const DecodeOptions& options) {
  return decode(list_tiny_imagenet(folder, split, options.classes), options);
}

}  // namespace qkvbench::data
