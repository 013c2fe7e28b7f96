// Manifests: their form, and every way in which files or they themselves can be wrong.
// That nothing damaged gets through is tried bit by bit in tests/run/damage_test.cpp.
#include "qkvbench/formats/manifest.hpp"

#include <cstdlib>

#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"

namespace qkvbench::formats {

using testing::check_error;

namespace {

ManifestEntry entry(const std::string& name, std::string_view content) { return manifest_entry(name, {&content, 1}); }

}  // namespace

TEST_CASE("a manifest lists names, sizes and sums, and sha256sum reads it", "[formats]") {
  const test::TemporaryDirectory dir;
  write_file_atomic(dir / "a", "abc");
  write_file_atomic(dir / "b", "");
  const std::string text = manifest_text({entry("a", "abc"), entry("b", "")});
  CHECK(text.starts_with("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n# bytes 3 a\n"));
  write_file_atomic(dir / "sums", text);
  CHECK_NOTHROW(check_manifest(dir / "sums", {"a", "b"}));
  CHECK_NOTHROW(check_manifest(dir / "sums", {"a", "b"}, "a", "abc"));
  if (std::system("command -v sha256sum >/dev/null") == 0)
    CHECK(std::system(("cd " + dir.path().string() + " && sha256sum -c --quiet sums").c_str()) == 0);
  const std::string_view pieces[]{"a", "", "bc"};
  CHECK(manifest_entry("a", pieces) == entry("a", "abc"));
}

TEST_CASE("what differs from a manifest is named", "[formats]") {
  const test::TemporaryDirectory dir;
  write_file_atomic(dir / "a", "abc");
  write_file_atomic(dir / "sums", manifest_text({entry("a", "abc")}));
  check_error(Exit::kInput, {"sums", "other files"}, [&] { check_manifest(dir / "sums", {"b"}); });
  check_error(Exit::kInput, {"a is damaged"}, [&] { check_manifest(dir / "sums", {"a"}, "a", "abd"); });
  write_file_atomic(dir / "a", "abcd");
  check_error(Exit::kInput, {"a has 4 bytes, not the 3"}, [&] { check_manifest(dir / "sums", {"a"}); });
  write_file_atomic(dir / "a", "abd");
  check_error(Exit::kInput, {"a is damaged"}, [&] { check_manifest(dir / "sums", {"a"}); });
  remove_file(dir / "a");
  remove_file(dir / "a");
  check_error(Exit::kInput, {"cannot read", "/a"}, [&] { check_manifest(dir / "sums", {"a"}); });
  write_file_atomic(dir / "sums", manifest_text({entry("../../etc/passwd", "abc")}));
  check_error(Exit::kInput, {"sums", "other files"}, [&] { check_manifest(dir / "sums", {"a"}); });
  for (const std::string text : {"", "\n", "# end", "x", "# bytes 3 a\n"}) {
    write_file_atomic(dir / "sums", text);
    check_error(Exit::kInput, {"sums is damaged"}, [&] { check_manifest(dir / "sums", {"a"}); });
  }
}

}  // namespace qkvbench::formats
