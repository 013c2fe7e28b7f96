// A table of small data sets that stands in for the real one when a program is linked with this file.
// The public address can not be reached: its name is reserved (RFC 6761) and never resolves.
#include "support/small_sources.hpp"

#include "qkvbench/base/files.hpp"
#include "qkvbench/data/sources.hpp"
#include "qkvbench/formats/sha256.hpp"

namespace qkvbench::data {

namespace {

KnownFile known(const std::string& name, const std::string& content) {
  return {name, content.size(), formats::sha256(content)};
}

}  // namespace

const std::vector<Source>& all_sources() {
  using namespace qkvbench::test;
  static const std::vector<std::string> addresses{"http://sources.invalid/"};
  static const std::vector<Source> table{
      {"poem", "one file", "none", addresses, {known("poem.txt", poem())}, {known("poem.txt", poem())}, 1'000'000},
      {"digits",
       "two files in gzip",
       "none",
       addresses,
       {known("train.gz", gzip(digits("train"))), known("test.gz", gzip(digits("test")))},
       {known("train", digits("train")), known("test", digits("test"))},
       1'000'000},
      {"photos",
       "an archive with many files",
       "none",
       addresses,
       {known("photos-1.0.tgz", photos_tar())},
       {{"classes.txt", 0, ""}, {"train/*/images/*.JPEG", 0, ""}},
       10'000},
  };
  return table;
}

}  // namespace qkvbench::data
