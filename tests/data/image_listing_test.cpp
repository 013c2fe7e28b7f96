// What is taken from folders of classes, what is passed over, and what is refused because it would be left out.
// Nothing is decoded but where copies are found by their bytes.
#include "qkvbench/data/image_listing.hpp"

#include "data/image_fixtures.hpp"
#include "qkvbench/data/image_folder.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

namespace qkvbench::testing {

namespace {

using data::ImageListing;
using data::list_class_folder;
using data::Split;
using Names = std::vector<std::string>;

/// Two classes in train/, both tested.
struct Fixture {
  Fixture() {
    for (const char* name :
         {"train/cat/1.png", "train/dog/1.png", "train/dog/2.jpg", "test/cat/1.png", "test/dog/1.png"})
      dir.write(name, "");
  }
  ImageListing train() const { return list_class_folder(dir.path(), Split::kTrain); }
  ImageListing test() const { return list_class_folder(dir.path(), Split::kTest); }
  void rename(const std::string& from, const std::string& to) const {
    std::filesystem::rename(dir.path(from), dir.path(to));
  }
  void remove(const std::string& name) const { std::filesystem::remove_all(dir.path(name)); }
  void refused(std::initializer_list<std::string> parts) const {
    check_error(Exit::kInput, parts, [&] { train(), test(); });
  }

  test::TemporaryDirectory dir;
};

}  // namespace

TEST_CASE("what systems and editors leave in folders is no class and no image", "[data]") {
  const Fixture f;
  for (const char* folder : {".ipynb_checkpoints", "__MACOSX", ".git", "@eaDir", "__pycache__", ".Trash-1000",
                             ".thumbnails", "System Volume Information", "$RECYCLE.BIN", "lost+found"})
    for (const char* place : {"", "train/", "test/", "train/dog/"})
      f.dir.write(std::string(place) + folder + "/1.png", "");
  for (const char* file : {".DS_Store", "Thumbs.db", "desktop.ini", "._1.png", ".hidden.jpg", "1.png~", "2.jpg.part",
                           "notes.txt", ".1.png.swp"})
    for (const char* place : {"train/", "test/", "train/dog/", "test/cat/"}) f.dir.write(std::string(place) + file, "");
  CHECK(f.train().class_names == Names{"cat", "dog"});
  CHECK(f.train().paths == Names{"train/cat/1.png", "train/dog/1.png", "train/dog/2.jpg"});
  CHECK(f.train().labels == std::vector<std::int32_t>{0, 1, 1});
  CHECK(f.test().paths == Names{"test/cat/1.png", "test/dog/1.png"});
}

TEST_CASE("val stands in for a test folder without classes, and what would not be tested is refused", "[data]") {
  const Fixture f;
  for (const char* part : {"val", "valid", "validation"}) {
    f.rename("test", part);
    CHECK(f.test().paths.size() == 2);
    f.dir.write("test/unlabelled.png", "");  // as in competitions
    CHECK(f.test().paths[0] == std::string(part) + "/cat/1.png");
    f.remove("test");
    f.rename(part, "test");
  }
  f.rename("test", "eval");
  f.refused({"eval has images of the classes", "test or val", "rename"});
  f.remove("eval");
  CHECK(f.test().paths.empty());
  f.dir.write("test/1.png", "");
  f.refused({"test has no folders test/<class>", "nothing would be tested", "sort its images"});
  f.remove("test");
  std::filesystem::create_directories(f.dir.path("val/cat"));
  f.refused({"val has no folders val/<class> with images"});
}

TEST_CASE("images that would be left out are refused", "[data]") {
  const auto with = [](const std::string& name, std::initializer_list<std::string> parts) {
    const Fixture f;
    f.dir.write(name, "");
    f.refused(parts);
  };
  with("train/3.png", {"train/3.png", "no folder of a class", "train/<class>"});
  with("test/3.JPG", {"test/3.JPG", "no folder of a class"});
  with("train/dog/more/3.png", {"train/dog/more/3.png", "move them to", "train/dog"});
  with("train/dog/a/b/c/3.png", {"train/dog/a/b/c/3.png"});
  with("test/dog/more/3.png", {"test/dog/more/3.png"});
  for (const char* ending : {"webp", "gif", "BMP", "tiff", "jfif", "heic"})
    with(std::string("train/dog/3.") + ending, {std::string("3.") + ending, ".jpg, .jpeg and .png", "convert"});
  with("test/wolf/1.png", {"test/wolf", "no class of that name in train/", "known: cat, dog"});
  with("train/wolf/notes.txt", {"train/wolf", "no .jpg, .jpeg or .png files"});
  const Fixture f;
  std::filesystem::create_directories(f.dir.path("train/empty"));
  f.refused({"train/empty", "remove the folder"});
  f.remove("train/empty");
  f.remove("test/cat");  // a class need not be tested
  CHECK(f.test().paths == Names{"test/dog/1.png"});
}

TEST_CASE("a model's own classes need no images to train on", "[data]") {
  const Fixture f;
  const Names known{"dog", "bird", "cat"};
  CHECK(list_class_folder(f.dir.path(), Split::kTest, known).labels == std::vector<std::int32_t>{2, 0});
  CHECK(list_class_folder(f.dir.path(), Split::kTrain, known).labels == std::vector<std::int32_t>{2, 0, 0});
  f.dir.write("test/wolf/1.png", "");
  check_error(Exit::kInput, {"test/wolf", "it knows: dog, bird, cat"},
              [&] { list_class_folder(f.dir.path(), Split::kTest, known); });
}

TEST_CASE("an image that is there twice under a copy's name is refused, an equal one of another name is not",
          "[data]") {
  const auto flat = [](std::uint8_t value) { return test::png({1, 2, 2, std::vector<std::uint8_t>(4, value)}); };
  for (const char* copy : {"a (1).png", "a copy.png", "a copy 2.png", "a - Copy.png", "Copy of a.png", "a(1).png"}) {
    const test::TemporaryDirectory dir;
    const auto read = [&] { return data::read_class_folder(dir.path(), Split::kTrain, {1, 2}); };
    dir.write("train/x/a.png", flat(1));
    dir.write("train/x/a1.png", flat(1));
    dir.write(std::string("train/x/") + copy, flat(2));  // not the same image
    CHECK(read().size() == 3);
    dir.write(std::string("train/x/") + copy, flat(1));
    check_error(Exit::kInput, {copy, "copy of a.png beside it", "remove"}, read);
  }
}

}  // namespace qkvbench::testing
