// Listing images with their labels, and decoding a list in parallel.
// A list is sorted by name: what a file system returns first is of no effect.
#include "qkvbench/data/image_folder.hpp"

#include <algorithm>
#include <cctype>
#include <map>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/data/image_file.hpp"

namespace qkvbench::data {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{256} << 20, kMaxListBytes = std::uint64_t{256} << 20;

/// Files with a label each; paths are relative to `folder`.
struct Listing {
  fs::path folder;
  std::vector<std::string> paths;
  std::vector<std::int32_t> labels;
  std::vector<std::string> class_names;
};

bool is_image(const fs::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png";
}

/// Sorted names of what stands in a folder and satisfies `wanted`; none when there is no such folder.
template <class F>
std::vector<std::string> names_in(const fs::path& folder, F wanted) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (wanted(at->path())) names.push_back(at->path().filename().string());
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> images_in(const fs::path& folder) { return names_in(folder, is_image); }

std::vector<std::string> folders_in(const fs::path& folder) {
  return names_in(folder, [](const fs::path& path) { return fs::is_directory(path); });
}

void add(Listing& listing, const std::string& folder, std::int32_t label) {
  for (const std::string& name : images_in(listing.folder / folder)) {
    listing.paths.push_back(folder + "/" + name);
    listing.labels.push_back(label);
  }
}

std::string test_folder(const fs::path& folder) { return fs::is_directory(folder / "test") ? "test" : "val"; }

Listing list_class_folder(const fs::path& folder, Split split, const std::vector<std::string>& known = {}) {
  const std::vector<std::string> classes = known.empty() ? folders_in(folder / "train") : known;
  if (classes.empty())
    fail_input(folder.string() + " has no folders train/<class> with images; an image folder needs them");
  Listing out{folder, {}, {}, classes};
  const std::string part = split == Split::kTest ? test_folder(folder) : "train";
  for (const std::string& name : folders_in(folder / part)) {
    const auto at = std::ranges::find(classes, name);
    if (at == classes.end())
      fail_input((folder / part / name).string() + ": there is no class of that name in " +
                 (known.empty() ? "train/; known: " : "the model; it knows: ") + join(classes));
    add(out, part + "/" + name, static_cast<std::int32_t>(at - classes.begin()));
  }
  if (split != Split::kTest && out.paths.empty())
    fail_input((folder / "train").string() + ": its folders hold no .jpg, .jpeg or .png files");
  return out;
}

/// The lines of a small text file, without line ends.
std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines = split(read_file(path, kMaxListBytes), '\n');
  for (std::string& line : lines)
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) line.pop_back();
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

Listing list_tiny_imagenet(const fs::path& folder, Split split, const std::vector<std::string>& known = {}) {
  const std::vector<std::string> wnids = known.empty() ? lines_of(folder / "wnids.txt") : known;
  if (wnids.empty()) fail_input((folder / "wnids.txt").string() + ": it names no classes");
  Listing out{folder, {}, {}, wnids};
  if (split != Split::kTest) {
    for (std::size_t i = 0; i < wnids.size(); ++i)
      add(out, "train/" + wnids[i] + "/images", static_cast<std::int32_t>(i));
    if (out.paths.empty()) fail_input((folder / "train").string() + ": it holds no train/<wnid>/images/*.JPEG");
    return out;
  }
  std::map<std::string, std::int32_t> label_of;
  for (const std::string& wnid : wnids) label_of.emplace(wnid, static_cast<std::int32_t>(label_of.size()));
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
    listed[parts[0]] = label->second;
  }
  for (const auto& [name, label] : listed) {
    out.paths.push_back("val/images/" + name);
    out.labels.push_back(label);
  }
  return out;
}

/// Decodes a list. The one file that stands for it has the SHA-256 of lines "<SHA-256>  <path>", as sha256sum prints.
ImageSet decode(Listing listing, const DecodeOptions& options) {
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
      files[at] = {listing.paths[at], sha256(bytes), bytes.size()};
      resample_centre(decode_image(bytes, options.channels, path.string()), options.side,
                      out.pixels.data() + i * out.image_bytes());
    } catch (const Error& error) {
      errors[at] = error.what();
    }
  });
  for (const std::string& error : errors)
    if (!error.empty()) fail_input(error);
  if (n == 0) return out;
  SourceFile all{listing.paths.front().substr(0, listing.paths.front().find('/')), "", 0};
  std::string lines;
  for (const SourceFile& file : files) {
    lines += file.sha256 + "  " + file.path + "\n";
    all.bytes += file.bytes;
  }
  all.sha256 = sha256(lines);
  out.files.push_back(all);
  return out;
}

ImageSizes sizes_of(const Listing& train, const Listing& test) {
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
