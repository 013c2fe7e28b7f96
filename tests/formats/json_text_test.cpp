// Bytes that are no UTF-8 on their way into JSON and back.
#include "qkvbench/formats/json_text.hpp"

#include "qkvbench/formats/strict_json.hpp"
#include "support/catch.hpp"

using namespace qkvbench;
using formats::escape_bytes;
using formats::Json;
using formats::unescape_bytes;

TEST_CASE("any bytes become UTF-8 that tells them apart, and come back") {
  CHECK(escape_bytes("plain, schöne Grüße ☃ 𝄞 \\ \\x \\xg0 \n") == "plain, schöne Grüße ☃ 𝄞 \\ \\x \\xg0 \n");
  CHECK(escape_bytes("caf\xe9") == "caf\\xE9");
  CHECK(escape_bytes("caf\\xE9") == "caf\\x5CxE9");          // a name that reads like an escape
  CHECK(escape_bytes("\xe2\x82") == "\\xE2\\x82");           // cut short
  CHECK(escape_bytes("\xed\xa0\x80") == "\\xED\\xA0\\x80");  // a surrogate
  std::string all;
  for (int a = 0; a < 256; ++a)
    for (const int b : {0x80, 0xC3, 0xE9, 0x41, 0x5C, 0xFF}) all += {static_cast<char>(a), static_cast<char>(b)};
  all += "\\xE9\\x5C\\\\x41";
  const Json json{{"all", escape_bytes(all)}};
  CHECK(unescape_bytes(formats::parse_json(json.dump(), "here")["all"].get<std::string>()) == all);
}

TEST_CASE("every JSON value has a text") {
  const Json bad{{"k\xff", {1, "v\xe9", {{"deep", "\xff"}}}}, {"good", "ö"}, {"number", 1.5}};
  const auto read = formats::parse_json(formats::text_of(bad), "here");
  CHECK(read["k\\xFF"][1] == "v\\xE9");
  CHECK(read["k\\xFF"][2]["deep"] == "\\xFF");
  CHECK(read["good"] == "ö");
  const Json once = Json::parse(formats::text_of(bad));
  CHECK(formats::text_of(once) == once.dump());  // what is escaped is left alone
}
