// Listing folders of classes. A list is sorted by name: what a file system returns first is of no effect.
// Whatever would silently make a set smaller than its folder is an error here.
#include "qkvbench/data/image_listing.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"

namespace qkvbench::data {

namespace fs = std::filesystem;

namespace {

constexpr std::array kEndings{".jpg", ".jpeg", ".png"};
/// Images all the same, but not for this program's decoders.
constexpr std::array kOtherEndings{".avif", ".bmp", ".gif", ".heic", ".jfif", ".jpe",
                                   ".jp2",  ".pgm", ".ppm", ".tif",  ".tiff", ".webp"};
constexpr const char* kTrain = "train";
constexpr std::array kTestFolders{"test", "val", "valid", "validation"};

std::string ending_of(const fs::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return ending;
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// Sorted names of what stands in a folder and satisfies `wanted`.
template <class F>
std::vector<std::string> names_in(const fs::path& folder, F wanted) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    if (!is_left_behind(name) && wanted(at->path())) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

/// The first image below a folder, however deep; empty when there is none.
std::string image_below(const fs::path& folder) {
  if (const auto images = images_in(folder); !images.empty()) return (folder / images[0]).string();
  for (const std::string& name : folders_in(folder))
    if (std::string found = image_below(folder / name); !found.empty()) return found;
  return "";
}

/// Adds the images of a class. Throws when some would be left out.
void add(ImageListing& listing, const std::string& part, std::int32_t label) {
  const fs::path folder = listing.folder / part;
  const auto others = names_in(folder, [](const fs::path& path) {
    return std::ranges::find(kOtherEndings, ending_of(path)) != kOtherEndings.end() && !is_folder(path);
  });
  if (!others.empty())
    fail_input((folder / others[0]).string() +
               ": only .jpg, .jpeg and .png files are read; convert it, or take it out of the folder");
  for (const std::string& inner : folders_in(folder))
    if (const std::string image = image_below(folder / inner); !image.empty())
      fail_input(image + ": images in a folder within a class are not read; move them to " + folder.string());
  for (const std::string& name : images_in(folder)) {
    listing.paths.push_back(part + "/" + name);
    listing.labels.push_back(label);
  }
}

bool holds_class_images(const fs::path& part) {
  return std::ranges::any_of(folders_in(part),
                             [&](const std::string& name) { return !image_below(part / name).empty(); });
}

/// The folder that is tested on; empty when the set has no part for that.
std::string test_part(const fs::path& folder, const std::vector<std::string>& classes) {
  std::string first;
  for (const std::string part : kTestFolders) {
    if (holds_class_images(folder / part)) return part;
    if (first.empty() && is_folder(folder / part)) first = part;
  }
  if (!first.empty())
    fail_input((folder / first).string() + " has no folders " + first +
               "/<class> with images, so that nothing would be tested; sort its images by class, or remove it");
  for (const std::string& other : folders_in(folder))
    if (other != kTrain)
      for (const std::string& name : classes)
        if (!images_in(folder / other / name).empty())
          fail_input((folder / other).string() + " has images of the classes, but what is tested on is called " +
                     join(std::vector<std::string>(kTestFolders.begin(), kTestFolders.end()), " or ") +
                     "; rename it, or move it away");
  return "";
}

/// The label of a class folder.
std::int32_t label_of(const ImageListing& listing, const std::string& part, const std::string& name, bool known) {
  const auto at = std::ranges::find(listing.class_names, name);
  if (at == listing.class_names.end())
    fail_input((listing.folder / part / name).string() + ": there is no class of that name in " +
               (known ? "the model; it knows: " : "train/; known: ") + join(listing.class_names));
  return static_cast<std::int32_t>(at - listing.class_names.begin());
}

}  // namespace

bool is_left_behind(const std::string& name) {
  constexpr std::array kNames{"$RECYCLE.BIN", "@eaDir",      "System Volume Information",
                              "__MACOSX",     "__pycache__", "lost+found"};
  return name.starts_with('.') || std::ranges::find(kNames, name) != kNames.end();
}

std::vector<std::string> images_in(const fs::path& folder) {
  return names_in(folder, [](const fs::path& path) {
    return std::ranges::find(kEndings, ending_of(path)) != kEndings.end() && !is_folder(path);
  });
}

std::vector<std::string> folders_in(const fs::path& folder) { return names_in(folder, is_folder); }

ImageListing list_class_folder(const fs::path& folder, Split split, const std::vector<std::string>& known) {
  ImageListing out{folder, {}, {}, known.empty() ? folders_in(folder / kTrain) : known};
  if (out.class_names.empty())
    fail_input(folder.string() + " has no folders train/<class> with images; an image folder needs them");
  const bool test = split == Split::kTest;
  const std::string part = test ? test_part(folder, out.class_names) : kTrain;
  if (part.empty()) return out;
  if (const auto loose = images_in(folder / part); !loose.empty())
    fail_input((folder / part / loose[0]).string() + ": the image lies in no folder of a class; move it to " + part +
               "/<class>, or take it out of " + part + "/");
  for (const std::string& name : folders_in(folder / part)) {
    const std::size_t before = out.paths.size();
    add(out, part + "/" + name, label_of(out, part, name, !known.empty()));
    if (!test && known.empty() && out.paths.size() == before)
      fail_input((folder / part / name).string() +
                 ": the class has no .jpg, .jpeg or .png files to train on; add some, or remove the folder");
  }
  if (!test && out.paths.empty())
    fail_input((folder / part).string() + ": its folders hold no .jpg, .jpeg or .png files");
  return out;
}

}  // namespace qkvbench::data
