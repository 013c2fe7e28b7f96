// Archives that lie: every one is refused in one line, and nothing is written outside the data set's folder.
// The archives are put together byte by byte in support/archives.hpp.
#include "qkvbench/formats/unpack.hpp"

#include "qkvbench/base/files.hpp"
#include "qkvbench/data/install.hpp"
#include "support/archives.hpp"
#include "support/catch.hpp"
#include "support/environment.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

using namespace qkvbench;
using namespace qkvbench::data;
using namespace qkvbench::formats;
using namespace qkvbench::test;
using qkvbench::testing::check_error;
namespace fs = std::filesystem;

namespace {

const Source kSet{
    "set", "", "", {"http://sources.invalid/"}, {{"set.tgz", 1, ""}}, {{"a.bin", 4, ""}, {"many/*.txt", 0, ""}}, 1000};

/// Every file and folder below a directory, but for locks.
std::vector<std::string> everything(const TemporaryDirectory& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(directory.path()))
    if (entry.path().extension() != ".lock") names.push_back(entry.path().lexically_relative(directory.path()));
  std::sort(names.begin(), names.end());
  return names;
}

/// Installs `archive`, which must fail for that reason and leave nothing at all.
void check_refused(const std::string& archive, std::initializer_list<std::string> parts) {
  const TemporaryDirectory outer;
  const EnvironmentVariable root("QKVBENCH_DATA", outer.path("inner/data"));
  const std::string path = outer.write("given", archive);
  check_error(Exit::kInput, parts, [&] { install(kSet, path); });
  CHECK(everything(outer) == std::vector<std::string>{"given", "inner", "inner/data", "inner/data/downloads"});
}

const std::string kGood = tar_member("top/a.bin", "abcd") + tar_member("top/many/x.txt", "x");

}  // namespace

TEST_CASE("an archive is unpacked: tar, gzip and zip, what is needed of it and no more") {
  const std::vector<ZipMember> members{
      {"top/", "", 040755}, {"top/a.bin", "abcd"}, {"top/many/x.txt", "x"}, {"no", "-"}};
  for (const std::string& archive :
       {kGood + tar_end(), gzip(tar_member("no", "-") + kGood + tar_end()), zip(members)}) {
    const TemporaryDirectory outer;
    const EnvironmentVariable root("QKVBENCH_DATA", outer.path("data"));
    const InstallRecord record = install(kSet, outer.write("given", archive));
    CHECK(everything(outer) == std::vector<std::string>{"data", "data/downloads", "data/set", "data/set/a.bin",
                                                        "data/set/installed.txt", "data/set/many",
                                                        "data/set/many/x.txt", "given"});
    CHECK(read_file(outer.path("data/set/a.bin")) == "abcd");
    CHECK(record.files.size() == 2);
    CHECK(record.origin == Origin::kCopy);
    CHECK(verify(kSet, outer.path("data/set")).problems.empty());
  }
}

TEST_CASE("names that lead outside, links and devices are refused") {
  const auto with = [](const std::string& member) { return gzip(kGood + member + tar_end()); };
  check_refused(with(tar_member("../a.bin", "evil")), {"'../a.bin' points outside", "nothing was unpacked"});
  check_refused(with(tar_member("many/../../x.txt", "evil")), {"points outside"});
  check_refused(with(tar_member("..", "evil")), {"points outside"});
  check_refused(with(tar_member("/tmp/qkvbench-evil", "evil")), {"'/tmp/qkvbench-evil' points outside"});
  check_refused(with(tar_member("many/link.txt", "", '2', "/etc/passwd")), {"is a link or a device"});
  check_refused(with(tar_member("many", "", '2', "..")), {"is a link or a device"});
  check_refused(with(tar_member("many/hard.txt", "", '1', "top/a.bin")), {"is a link or a device"});
  check_refused(with(tar_member("many/dev.txt", "", '3')), {"is a link or a device"});
  check_refused(with(tar_member("many/fifo.txt", "", '6')), {"is a link or a device"});
  check_refused(zip({{"../a.bin", "evil"}}), {"points outside"});
  check_refused(zip({{"/a.bin", "evil"}}), {"points outside"});
  check_refused(zip({{"many/l.txt", "/etc/passwd", 0120777}}), {"is a link or a device"});
  CHECK_FALSE(fs::exists("/tmp/qkvbench-evil"));
}

TEST_CASE("damaged and truncated archives are refused") {
  const std::string packed = gzip(kGood + tar_member("end", std::string(5000, 'e')) + tar_end());
  check_refused(packed.substr(0, packed.size() / 2), {"given", "cut short"});
  check_refused(packed.substr(0, 15), {"given"});
  check_refused("", {"given"});
  check_refused("<!DOCTYPE html><html>sorry</html>", {"given", "no archive"});
  std::string zipped = zip({{"a.bin", "abcd"}, {"many/x.txt", "xxxx"}});
  check_refused(zipped.substr(0, zipped.size() / 3), {"given"});
  zipped[zipped.find("xxxx")] = 'y';
  check_refused(zipped, {"given", "CRC"});
  // A header that promises more than the file holds.
  check_refused(tar_member("many/x.txt", "x", '0', "", 900), {"given", "cut short"});
}

TEST_CASE("sizes are bounded as declared, before anything is unpacked") {
  check_refused(tar_member("elsewhere", "", '0', "", 1'000'000'000), {"more than the 1,000 bytes"});
  check_refused(tar_member("a.bin", "abcde") + tar_end(), {"a.bin has 5 bytes", "has 4 bytes there"});
  check_refused(tar_member("a.bin", "abc") + tar_end(), {"a.bin has 3 bytes", "has 4 bytes there"});
  std::string many = tar_member("a.bin", "abcd");
  for (const char* name : {"many/1.txt", "many/2.txt", "many/3.txt"}) many += tar_member(name, std::string(400, 'm'));
  check_refused(many + tar_end(), {"more than the 1,000 bytes"});
}

TEST_CASE("an archive without the needed files, or with one of them twice, is refused") {
  check_refused(tar_member("top/a.bin", "abcd") + tar_end(), {"has no many/*.txt of data set set"});
  check_refused(kGood + tar_member("other/a.bin", "efgh") + tar_end(), {"is a second a.bin"});
}

TEST_CASE("a gzip file is read whole or refused") {
  const TemporaryDirectory directory;
  const std::string text(200'000, 'g'), packed = gzip(text);
  std::string read;
  const auto append = [&](std::string_view piece) { read += piece; };
  read_gzip(directory.write("good.gz", packed), append);
  CHECK(read == text);
  check_error(Exit::kInput, {"cut.gz", "cut short"},
              [&] { read_gzip(directory.write("cut.gz", packed.substr(0, packed.size() - 9)), append); });
  check_error(Exit::kInput, {"plain.gz", "not compressed"},
              [&] { read_gzip(directory.write("plain.gz", "plain text"), append); });
}
