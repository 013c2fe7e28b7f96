// Pickles by hand: what is read, and that everything else is refused by its number or name.
// Whole files are in run/import_test.cpp.
#include "qkvbench/formats/pickle.hpp"

#include <set>

#include "support/catch.hpp"
#include "support/messages.hpp"

using namespace qkvbench;
using formats::Pickle;
using testing::check_error;
using Kind = Pickle::Kind;

namespace {

const std::string kProtocol("\x80\x02", 2);

/// A text of under 256 bytes, of protocol 4.
std::string text(const std::string& value) { return "\x8c" + std::string(1, static_cast<char>(value.size())) + value; }

void check_refused(const std::string& bytes, const std::string& part) {
  check_error(Exit::kInput, {"x.pt", part}, [&] { Pickle(bytes, 0, "x.pt"); });
}

}  // namespace

TEST_CASE("numbers, texts and containers of a pickle are what Python puts there", "[pickle]") {
  // {'a': [-1, 2.5, None, True], 'b': (70000, 2**64), 'a': 7}
  const std::string bytes = kProtocol + "}(" + text("a") + "](J\xff\xff\xff\xffG\x40\x04" + std::string(6, '\0') +
                            "N\x88"
                            "e" +
                            text("b") + "J\x70\x11\x01" + std::string(1, '\0') + "\x8a\x09" + std::string(8, '\0') +
                            "\x01\x86" + text("a") + "K\x07u.";
  const Pickle pickle(bytes, 0, "x");
  const Pickle::Value root = pickle.root();
  REQUIRE(root.is(Kind::kDict));
  CHECK(pickle.end() == bytes.size());
  CHECK(root.find("a").integer() == 7);  // the last one, as in a dictionary
  const Pickle::Value list = root[1];
  REQUIRE(list.size() == 4);
  CHECK(list[0].integer() == -1);
  CHECK(list[1].number() == 2.5);
  CHECK(list[2].is(Kind::kNone));
  CHECK(list[3].integer() == 1);
  CHECK(root.find("b")[0].integer() == 70000);
  CHECK(root.find("b")[1].is(Kind::kHuge));
  CHECK_FALSE(root.find("c"));
}

TEST_CASE("every opcode that could call, import or copy is refused by its number", "[pickle]") {
  std::set<int> known;
  for (const unsigned char op : std::string("NJKMGX()t]}aesuqrhjcRbQ.")) known.insert(op);
  for (const int op : {0x80, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x93, 0x94, 0x95}) known.insert(op);
  for (int op = 0; op < 256; ++op)
    if (!known.contains(op))
      check_refused(kProtocol + static_cast<char>(op) + std::string(16, '\0'), "opcode " + std::to_string(op) + " ");
}

TEST_CASE("a name that is not on the list is refused, however it is spelled", "[pickle]") {
  for (const auto& [module, name] :
       {std::pair{"os", "system"}, std::pair{"builtins", "eval"}, std::pair{"torch", "load"},
        std::pair{"torch", "FloatStorage.from_file"}, std::pair{"collections", "OrderedDict.fromkeys"},
        std::pair{"torch._utils", "_rebuild_qtensor"}, std::pair{"", ""}}) {
    const std::string full = std::string(module) + "." + name;
    check_refused(kProtocol + "c" + module + "\n" + name + "\n.", full);
    check_refused(kProtocol + text(module) + text(name) + "\x93.", full);
  }
  check_refused(kProtocol + "c" + std::string(300, 'a'), "no end");
}

TEST_CASE("known names are called with the arguments that torch.save() gives them, or not at all", "[pickle]") {
  const std::string dict = "ccollections\nOrderedDict\n";
  CHECK(Pickle(kProtocol + dict + ")R.", 0, "x").root().is(Kind::kDict));
  CHECK(Pickle(kProtocol + dict + ")R}" + text("_metadata") + dict + ")Rsb.", 0, "x").root().is(Kind::kDict));
  check_refused(kProtocol + dict + "]\x85R.", "OrderedDict");
  check_refused(kProtocol + dict + ")R}" + text("__class__") + "Nsb.", "state");
  check_refused(kProtocol + text("x") + ")R.", "no known name");
  check_refused(kProtocol + "ctorch._utils\n_rebuild_tensor_v2\n(NNNNtR.", "without a storage");
  check_refused(kProtocol + text("module") + "\x85Q.", "no storage");
}

TEST_CASE("deep, circular and huge pickles cost no more than their bytes", "[pickle]") {
  std::string deep = kProtocol;
  for (int i = 0; i < 200'000; ++i) deep += ']';
  for (int i = 1; i < 200'000; ++i) deep += 'a';
  CHECK(Pickle(deep + ".", 0, "x").root().is(Kind::kList));
  const Pickle self(kProtocol + "}q" + std::string(1, '\0') + text("x") + "h" + std::string(1, '\0') + "s.", 0, "x");
  CHECK(self.root().find("x").find("x").find("x").is(Kind::kDict));
  check_refused(kProtocol + std::string(2'000'000, '}'), "million");
  check_refused(kProtocol + std::string(2'000'000, 'N'), "million");
  check_refused(kProtocol + std::string(2'000'000, '('), "million");
  CHECK(Pickle(kProtocol + "]r\xff\xff\xff\xff.", 0, "x").root().is(Kind::kList));  // a memo is no array
  check_refused(kProtocol + "X\xff\xff\xff\xff", "4294967295");
  check_refused(kProtocol, "should go on");
  check_refused("", "should go on");
  check_refused(kProtocol + "NN.", "more or less");
  check_refused(kProtocol + "(N.", "more or less");
  check_refused(kProtocol + "(Na.", "nothing more");
}
