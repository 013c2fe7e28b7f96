// Local copies in all their forms, and what verify finds later.
// Sets are made up; the table's own are tried by hand, since they are too large to keep here.
#include "qkvbench/data/install.hpp"

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/sha256.hpp"
#include "support/archives.hpp"
#include "support/catch.hpp"
#include "support/environment.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

using namespace qkvbench;
using namespace qkvbench::data;
using namespace qkvbench::test;
using qkvbench::testing::check_error;
namespace fs = std::filesystem;

namespace {

const Source kPair{"pair",
                   "",
                   "",
                   {"http://sources.invalid/"},
                   {{"one.gz", 1, ""}, {"two.gz", 1, ""}},
                   {{"one", 3, formats::sha256("111")}, {"two", 3, formats::sha256("222")}},
                   100};
const Source kArchive{
    "archive", "", "", {"http://sources.invalid/"}, {{"all.tgz", 1, ""}}, {{"one", 3, formats::sha256("111")}}, 2000};
const Source kSingle{"single", "", "", {"http://sources.invalid/"}, {{"text.txt", 3, ""}}, {{"text.txt", 3, ""}}, 100};

/// A place for data sets and for what is imported.
struct Place {
  TemporaryDirectory directory;
  EnvironmentVariable root{"QKVBENCH_DATA", directory.path("data")};
  std::string write(const std::string& name, const std::string& content) const {
    return directory.write(name, content);
  }
  std::string given() const { return directory.path("given"); }
};

}  // namespace

TEST_CASE("a folder is taken unpacked, packed, both, and at any depth") {
  const Place place;
  place.write("given/deep/one", "111");
  place.write("given/two.gz", gzip("222"));
  place.write("given/two", "222");
  place.write("given/unrelated.txt", "-");
  const InstallRecord record = install(kPair, place.given());
  CHECK(record.origin == Origin::kPublished);
  REQUIRE(record.files.size() == 2);
  CHECK(record.files[1].name == "two");
  CHECK(record.files[1].sha256 == formats::sha256("222"));
  const fs::path folder = place.directory.path("data/pair");
  CHECK(read_file(folder / "one") == "111");
  CHECK(first_missing(kPair, folder).empty());
  CHECK_FALSE(fs::exists(folder / "unrelated.txt"));
  CHECK(verify(kPair, folder).origin == Origin::kPublished);
}

TEST_CASE("a folder with the archive in it, an archive of another name, a single file of another name") {
  const Place place;
  const std::string archive = gzip(tar_member("x/one", "111") + tar_end());
  place.write("given/all.tgz", archive);
  CHECK(install(kArchive, place.given()).origin == Origin::kPublished);
  CHECK(install(kSingle, place.write("other.txt", "abc")).files[0].name == "text.txt");
  CHECK(read_file(place.directory.path("data/single/text.txt")) == "abc");
  Source source = kArchive;
  source.files.push_back({"more/*", 0, ""});  // without checksums of its own, the archive's decides
  const std::string more = gzip(tar_member("x/one", "111") + tar_member("x/more/y", "y") + tar_end());
  CHECK(install(source, place.write("renamed", more)).origin == Origin::kCopy);
  source.downloads[0] = {"all.tgz", more.size(), formats::sha256(more)};
  CHECK(install(source, place.directory.path("renamed")).origin == Origin::kPublished);
  CHECK(verify(source, place.directory.path("data/archive")).origin == Origin::kPublished);
}

TEST_CASE("a copy with other bytes is taken and called a copy") {
  const Place place;
  place.write("given/one", "111");
  place.write("given/two", "333");
  CHECK(install(kPair, place.given()).origin == Origin::kCopy);
  const fs::path folder = place.directory.path("data/pair");
  CHECK(read_record(folder).origin == Origin::kCopy);
  const Verification v = verify(kPair, folder);
  CHECK(v.origin == Origin::kCopy);
  CHECK(v.problems.empty());
  CHECK(v.files == 2);
  CHECK(v.bytes == 6);
}

TEST_CASE("what cannot be the set is refused and leaves nothing") {
  const Place place;
  const auto refused = [&](std::initializer_list<std::string> parts, const std::string& path) {
    check_error(Exit::kInput, parts, [&] { install(kPair, path); });
    CHECK_FALSE(fs::exists(place.directory.path("data/pair")));
    CHECK_FALSE(fs::exists(place.directory.path("data/downloads/pair.new")));
  };
  refused({"nowhere", "no such file or folder"}, place.directory.path("nowhere"));
  refused({"/dev/null", "neither a file nor a folder"}, "/dev/null");
  place.write("given/one", "111");
  refused({"has no two of data set pair", "it needs one (3 bytes), two (3 bytes)"}, place.given());
  refused({"one of several files", "give the folder"}, place.directory.path("given/one"));
  place.write("given/two", "22");
  refused({"given/two has 2 bytes", "pair has 3 bytes there"}, place.given());
  place.write("given/two.gz", gzip("2222"));
  fs::remove(place.directory.path("given/two"));
  refused({"given/two.gz has more than 3 bytes"}, place.given());
  place.write("given/two.gz", gzip("222").substr(0, 20));
  refused({"given/two.gz", "cut short"}, place.given());
  place.write("given/two", "222");
  place.write("given/elsewhere/two", "222");
  refused({"both", "could be two of data set pair", "give the folder of one"}, place.given());
}

TEST_CASE("what stands in the place is kept unless it may be overwritten") {
  const Place place;
  place.write("given/one", "111");
  place.write("given/two", "222");
  CHECK_NOTHROW(check_place(kPair, false));
  install(kPair, place.given());
  check_error(Exit::kUsage, {"already in", "--overwrite replaces it"}, [] { check_place(kPair, false); });
  CHECK_NOTHROW(check_place(kPair, true));
  place.write("given/two", "333");
  install(kPair, place.given());
  CHECK(read_file(place.directory.path("data/pair/two")) == "333");
  fs::remove(place.directory.path("data/pair/two"));
  check_error(Exit::kUsage, {"but lacks two"}, [] { check_place(kPair, false); });
  CHECK(fs::is_empty(place.directory.path("data/downloads")));
  const FileLock lock = lock_set(kPair);
  check_error(Exit::kOutput, {"data set pair is in use"}, [] { lock_set(kPair); });
}

TEST_CASE("verify finds every change") {
  const Place place;
  Source source = kPair;
  source.files.push_back({"more/*", 0, ""});
  for (const char* name : {"one", "two"}) place.write(std::string("given/") + name, name[0] == 'o' ? "111" : "222");
  place.write("given/more/a", "a");
  const fs::path folder = place.directory.path("data/pair");
  const auto problem = [&](const std::function<void()>& change) {
    install(source, place.given());
    change();
    const Verification v = verify(source, folder);
    return v.problems.empty() ? "" : v.problems.front();
  };
  CHECK(problem([] {}).empty());
  CHECK(problem([&] { place.write("data/pair/two", "2x2"); }) == "two: its content changed since it was installed");
  CHECK(problem([&] { place.write("data/pair/two", "22"); }) == "two: 2 bytes, not the 3 that were installed");
  CHECK(problem([&] { fs::remove(folder / "two"); }) == "two: missing");
  CHECK(problem([&] { place.write("data/pair/more/b", "b"); }) == "more/b: added since the set was installed");
  CHECK(problem([&] { fs::remove(folder / "installed.txt"); }).empty());
  CHECK(problem([&] {
          fs::remove(folder / "installed.txt");
          place.write("data/pair/two", "2x2");
        }).find("not the published one") != std::string::npos);
  for (const char* record : {"", "origin copy\n", "origin copy\nxyz 3 one\n",
                             "origin copy\n"
                             "0000000000000000000000000000000000000000000000000000000000000000 3x one\n"})
    check_error(Exit::kInput, {"installed.txt", "--overwrite"},
                [&] { problem([&] { place.write("data/pair/installed.txt", record); }); });
}
