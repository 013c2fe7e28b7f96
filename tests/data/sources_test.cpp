// The table of data sets, and what counts as one of its files.
// The published checksums themselves are data; that they are well formed and consistent is what can be checked here.
#include "qkvbench/data/sources.hpp"

#include <set>

#include "qkvbench/base/text.hpp"
#include "support/catch.hpp"
#include "support/environment.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

using namespace qkvbench;
using namespace qkvbench::data;
using qkvbench::testing::check_error;
using test::EnvironmentVariable;
using test::TemporaryDirectory;

TEST_CASE("every row of the table of data sets is complete") {
  std::set<std::string> names;
  for (const Source& source : all_sources()) {
    INFO(source.name);
    CHECK(names.insert(source.name).second);
    CHECK(source.name != "schema");
    CHECK(source.name != "downloads");
    CHECK_FALSE((source.summary.empty() || source.licence.empty() || source.addresses.empty()));
    CHECK_FALSE((source.downloads.empty() || source.files.empty()));
    for (const std::string& address : source.addresses) {
      CHECK((address.starts_with("https://") || address.starts_with("http://")));
      CHECK(address.ends_with("/"));
    }
    std::uint64_t unpacked = 0;
    for (const KnownFile& download : source.downloads) CHECK((download.bytes > 0 && !download.sha256.empty()));
    for (const auto* files : {&source.downloads, &source.files})
      for (const KnownFile& file : *files)
        if (!file.sha256.empty()) {
          CHECK(file.sha256.size() == 64);
          CHECK(file.sha256.find_first_not_of("0123456789abcdef") == std::string::npos);
        }
    for (const KnownFile& file : source.files) {
      unpacked += file.bytes;
      CHECK_FALSE(file.name.starts_with("/"));
      for (const std::string& part : split(file.name, '/')) CHECK_FALSE((part.empty() || part.starts_with(".")));
    }
    CHECK(unpacked <= source.max_bytes);
    CHECK(&find_source(source.name) == &source);
  }
  check_error(Exit::kUsage, {"unknown data set 'cifar-10'", "did you mean 'cifar10'"}, [] { find_source("cifar-10"); });
}

TEST_CASE("a path is a file of a set by how it ends, and never leads out of a folder") {
  const Source& photos = find_source("tiny-imagenet");
  const auto name = [&](const std::string& path) {
    const auto match = match_file(photos, path);
    return match ? match->name : "";
  };
  CHECK(name("wnids.txt") == "wnids.txt");
  CHECK(name("tiny-imagenet-200/wnids.txt") == "wnids.txt");
  CHECK(name("./a/b/train/n01/images/n01_0.JPEG") == "train/n01/images/n01_0.JPEG");
  CHECK(name("val/images/val_0.JPEG") == "val/images/val_0.JPEG");
  CHECK(name("test/images/test_0.JPEG").empty());
  CHECK(name("train/n01/n01_boxes.txt").empty());
  CHECK(name("train/n01/images/._n01_0.JPEG").empty());
  CHECK(name("train/../images/x.JPEG").empty());
  CHECK(name("train/ .. /images/x.JPEG").empty());
  CHECK(name("train//images/x.JPEG").empty());
  CHECK(name("val/images/.JPEG").empty());
  CHECK(name("/etc/passwd").empty());
  CHECK(name("xwnids.txt").empty());
  CHECK(name("").empty());
}

TEST_CASE("data sets are looked for in QKVBENCH_DATA, else in data; a missing one says how to get it") {
  {
    const EnvironmentVariable none("QKVBENCH_DATA", "");
    CHECK(data_root() == "data");
  }
  const TemporaryDirectory directory;
  const EnvironmentVariable root("QKVBENCH_DATA", directory.path());
  CHECK(data_root() == directory.path());
  CHECK_FALSE(find_installed("mnist"));
  check_error(Exit::kInput,
              {"data set mnist is not there: looked in " + directory.path("mnist"),
               "`qkvbench data fetch mnist` brings it", "`qkvbench data import mnist PATH` takes a local copy"},
              [] { require_installed("mnist"); });
  directory.write("mnist/train-images-idx3-ubyte", "short");
  check_error(Exit::kInput, {"which lacks train-images-idx3-ubyte of 47,040,016 bytes"},
              [] { require_installed("mnist"); });
  directory.write("tinyshakespeare/input.txt", std::string(1'115'394, 'a'));
  CHECK(require_installed("tinyshakespeare") == directory.path("tinyshakespeare"));
}
