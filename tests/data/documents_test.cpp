// Documents as rows: which targets are text and which are padding, in the three forms of files.
// Their scores by a model are in run/documents_test.
#include "qkvbench/data/documents.hpp"

#include <cstdlib>
#include <fstream>
#include <map>

#include "qkvbench/base/files.hpp"
#include "qkvbench/data/byte_pairs.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

using namespace qkvbench;
using namespace qkvbench::data;
using test::TemporaryDirectory;
using testing::check_error;
namespace fs = std::filesystem;

namespace {

/// 256 bytes, "th", "the" and the end of a text, 258.
const Tokenizer& tokenizer() {
  static const Tokenizer made = Tokenizer::byte_pairs({{"t", "h"}, {"th", "e"}});
  return made;
}

struct File {
  explicit File(const std::string& name, const std::string& content) : path(fs::path(folder.path()) / name) {
    write_file_atomic(path, content);
  }
  TemporaryDirectory folder;
  fs::path path;
};

Batch rows(const Documents& documents, index_t T, DocumentTargets scored) {
  Batch batch;
  std::vector<index_t> all;
  for (index_t i = 0; i < static_cast<index_t>(documents.ids.size()); ++i) all.push_back(i);
  document_windows(std::make_shared<const Documents>(documents), T, scored)->fill(all, batch);
  return batch;
}

using Ids = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("a text is divided where it says so, and JSON lines are one document each") {
  const std::string json = "{\"text\": \"the\"}\n\n{\"text\": \"\"}\r\n{\"id\": 7, \"text\": \"the\\nth\"}";
  for (const auto& [name, content] :
       {std::pair<std::string, std::string>{"a.txt", "the<|endoftext|><|endoftext|>the\nth"}, {"a.jsonl", json}}) {
    const File file(name, content);
    const Documents documents = read_documents(file.path.string(), tokenizer());
    CHECK(documents.ids == std::vector<Ids>{{257}, {257, tokenizer().encode("\n")[0], 256}});
    CHECK(documents.end_of_text == 258);
    CHECK(documents.tokens() == 4);
    CHECK(documents.files.size() == 1);
    CHECK(*documents.target_bytes(9) == 3);  // "\nth"
    CHECK(*documents.target_bytes(2) == 1);
    CHECK(documents.cut(2) == 1);
    CHECK(documents.cut(3) == 0);
  }
}

TEST_CASE("ids are divided by GPT-2's end of a text") {
  const std::vector<std::uint16_t> tokens{50256, 5, 6, 50256, 50256, 7};
  const File file("val.bin", {reinterpret_cast<const char*>(tokens.data()), tokens.size() * 2});
  const Documents documents = read_documents(file.path.string(), Tokenizer::ids(50304));
  CHECK(documents.ids == std::vector<Ids>{{5, 6}, {7}});
  CHECK_FALSE(documents.target_bytes(8));
  check_error(Exit::kInput, {"val.bin", "50256", "vocabulary of 300"},
              [&] { read_documents(file.path.string(), Tokenizer::ids(300)); });
  check_error(Exit::kInput, {"val.bin", "own symbols"}, [&] {
    read_documents(file.path.string(), Tokenizer::characters({"a", "b"}));
  });
}

TEST_CASE("text and padding share no target and leave none out") {
  const Documents documents{{{1, 2, 3}, {4}, {5, 6, 7, 8, 9, 10}}, 99, std::nullopt, {}};
  const Batch text = rows(documents, 4, DocumentTargets::kText),
              padding = rows(documents, 4, DocumentTargets::kPadding);
  CHECK(text.input == Shape{3, 4});
  CHECK(text.ids == Ids{1, 2, 3, 99, 4, 99, 99, 99, 5, 6, 7, 8});
  CHECK(padding.ids == text.ids);
  CHECK(text.targets == Ids{2, 3, -1, -1, -1, -1, -1, -1, 6, 7, 8, -1});
  CHECK(padding.targets == Ids{-1, -1, 99, -1, 99, 99, 99, -1, -1, -1, -1, -1});
  // Only padding needs rows of the full length.
  CHECK(rows(documents, 10, DocumentTargets::kText).input == Shape{3, 6});
  CHECK(rows(documents, 10, DocumentTargets::kPadding).input == Shape{3, 10});
}

TEST_CASE("a corpus is divided by what ends a document, and trained on in rows with their padding") {
  Corpus corpus;
  corpus.name = "made";
  corpus.tokenizer = Tokenizer::words({"\n", "a", "b"});
  corpus.train = {1, 2, 1, 0, 2, 0, 0, 1, 1};
  const auto documents = std::make_shared<const Documents>(documents_of(corpus, corpus.train));
  CHECK(documents->ids == std::vector<Ids>{{1, 2, 1}, {2}, {1, 1}});
  CHECK(documents->end_of_text == 0);
  const Batch all = rows(*documents, 4, DocumentTargets::kAll);
  CHECK(all.ids == Ids{1, 2, 1, 0, 2, 0, 0, 0, 1, 1, 0, 0});
  CHECK(all.targets == Ids{2, 1, 0, -1, 0, 0, 0, -1, 1, 0, 0, -1});

  const auto drawn = training_documents(documents, 4, 300, 5), again = training_documents(documents, 4, 300, 5);
  CHECK(drawn->size() == 300);
  CHECK(drawn->in_random_order());
  std::map<Ids, int> counts;
  for (index_t i = 0; i < drawn->size(); ++i) {
    Batch one, same;
    drawn->fill(std::vector<index_t>{i}, one);
    again->fill(std::vector<index_t>{i}, same);
    CHECK(one.ids == same.ids);
    ++counts[one.ids];
  }
  REQUIRE(counts.size() == 3);  // each a third of the time, within four deviations
  for (const auto& [row, count] : counts) CHECK(std::abs(count - 100) <= 33);

  corpus.tokenizer = Tokenizer::characters({"a", "b", "c"});
  check_error(Exit::kUsage, {"made", "no token that ends a document", "--pad-documents"},
              [&] { documents_of(corpus, corpus.train); });
  corpus.tokenizer = Tokenizer::ids(50304);
  check_error(Exit::kInput, {"made", "50256"}, [&] { documents_of(corpus, corpus.train); });
  corpus.train = {7, 50256, 8, 9};
  CHECK(documents_of(corpus, corpus.train).ids == std::vector<Ids>{{7}, {8, 9}});
}

TEST_CASE("documents that cannot be read say why") {
  const auto fails = [](const std::string& name, const std::string& content, std::initializer_list<std::string> parts,
                        const Tokenizer& own) {
    const File file(name, content);
    check_error(Exit::kInput, parts, [&] { read_documents(file.path.string(), own); });
  };
  fails("a.txt", "<|endoftext|>", {"a.txt", "no document"}, tokenizer());
  fails("a.jsonl", "{\"text\": \"x\"}\n{\"txt\": \"y\"}\n", {"a.jsonl:2", "\"text\""}, tokenizer());
  fails("a.jsonl", "{\"text\": \"x\"}\n[\n", {"a.jsonl:2"}, tokenizer());
  fails("a.txt", "x", {"a.txt", "bpe:"}, Tokenizer::ids(50304));
  fails("a.txt", "x", {"a.txt", "GPT-2's tokens"}, Tokenizer::characters({"x"}));
  check_error(Exit::kInput, {"nowhere"}, [] { read_documents("nowhere.txt", tokenizer()); });
}
