// SHA-256 against the standard's answers and coreutils.
// Manifests are in manifest_test.
#include "qkvbench/formats/sha256.hpp"

#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

namespace qkvbench::formats {

using testing::check_error;

TEST_CASE("sha256 gives the answers of FIPS 180-4", "[formats]") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnop"
               "qrstnopqrstu") == "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(sha256(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha256 pads every length", "[formats]") {
  // Lengths around the end of a block, against coreutils: printf 'a%.0s' $(seq N) | sha256sum
  CHECK(sha256(std::string(55, 'a')) == "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
  CHECK(sha256(std::string(56, 'a')) == "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
  CHECK(sha256(std::string(63, 'a')) == "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34");
  CHECK(sha256(std::string(64, 'a')) == "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

TEST_CASE("sha256 of pieces is that of the whole, and so is that of a file", "[formats]") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7919 >> 3);
  for (const std::size_t piece : {1u, 7u, 63u, 64u, 65u, 200u, 1000u}) {
    Sha256 hash;
    for (std::size_t at = 0; at < text.size(); at += piece) hash.update(std::string_view(text).substr(at, piece));
    CHECK(hash.hex() == sha256(text));
  }
  const test::TemporaryDirectory dir;
  write_file_atomic(dir.path("file"), text);
  CHECK(sha256_file(dir.path("file")) == sha256(text));
  check_error(Exit::kInput, {"cannot read", "missing"}, [&] { sha256_file(dir.path("missing")); });
}

}  // namespace qkvbench::formats
