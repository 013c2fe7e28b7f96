// The stack machine of pickles, with what would call something left out.
// A GLOBAL is a tag out of a short list, and REDUCE knows three of them; there is no way to name anything else.
#include "qkvbench/formats/pickle.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/little_endian.hpp"
#include "qkvbench/formats/utf8.hpp"

namespace qkvbench::formats {

namespace {

using Kind = Pickle::Kind;
using Id = std::uint32_t;

constexpr std::size_t kMost = std::size_t{1} << 20;  // values, stack, memo: far more than a model of any size has

struct KnownGlobal {
  std::string_view module, name;
};
constexpr std::array kGlobals{KnownGlobal{"collections", "OrderedDict"},
                              KnownGlobal{"torch._utils", "_rebuild_tensor_v2"},
                              KnownGlobal{"torch._utils", "_rebuild_parameter"},
                              KnownGlobal{"torch", "FloatStorage"},
                              KnownGlobal{"torch", "HalfStorage"},
                              KnownGlobal{"torch", "BFloat16Storage"},
                              KnownGlobal{"torch", "DoubleStorage"},
                              KnownGlobal{"torch", "LongStorage"},
                              KnownGlobal{"torch", "IntStorage"},
                              KnownGlobal{"torch", "ByteStorage"},
                              KnownGlobal{"torch", "BoolStorage"}};

}  // namespace

class PickleMachine {
 public:
  PickleMachine(Pickle& pickle, std::string_view bytes, std::size_t at, const std::string& origin)
      : pickle_(pickle), bytes_(bytes), at_(at), origin_(origin) {
    none_ = make({Kind::kNone});
    false_ = make({Kind::kBool, 0});
    true_ = make({Kind::kBool, 1});
  }

  void run() {
    for (;;) {
      begin_ = at_;
      const unsigned char op = byte();
      if (op == '.') break;
      if (!number(op) && !text(op) && !container(op) && !memo(op) && !object(op))
        fail("opcode " + std::to_string(op) + " is not one that files of weights use; refused, nothing was executed");
    }
    if (stack_.size() != 1 || !marks_.empty()) fail("it ends with more or less than one value");
    pickle_.root_ = stack_[0];
    pickle_.end_ = at_;
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    fail_input(origin_ + ": byte " + std::to_string(begin_) + ": " + reason);
  }
  std::string_view take(std::uint64_t n) {
    if (n > bytes_.size() - at_)
      fail("it should go on for " + std::to_string(n) + " bytes and ends after " + std::to_string(bytes_.size() - at_));
    const std::string_view piece = bytes_.substr(at_, n);
    at_ += n;
    return piece;
  }
  unsigned char byte() { return static_cast<unsigned char>(take(1)[0]); }
  std::uint64_t little(std::size_t n) { return little_endian(take(n)); }
  std::string_view line() {
    const std::size_t n = bytes_.substr(at_, 256).find('\n');
    if (n == std::string_view::npos) fail("a name has no end");
    const std::string_view text = take(n);
    take(1);
    return text;
  }

  Id make(Pickle::Node node) {
    if (pickle_.nodes_.size() >= kMost) fail("it holds more than a million values, no model does");
    pickle_.nodes_.push_back(std::move(node));
    return static_cast<Id>(pickle_.nodes_.size() - 1);
  }
  Pickle::Node& node(Id id) { return pickle_.nodes_[id]; }
  void push(Id id) {
    if (stack_.size() >= kMost) fail("its stack holds more than a million values, no model does");
    stack_.push_back(id);
  }
  void push(Pickle::Node fresh) { push(make(std::move(fresh))); }
  Id pop() {
    if (stack_.empty() || (!marks_.empty() && marks_.back() == stack_.size())) fail("its stack has nothing more");
    const Id id = stack_.back();
    stack_.pop_back();
    return id;
  }
  Id top() {
    const Id id = pop();
    stack_.push_back(id);
    return id;
  }
  /// The values since the last MARK.
  std::vector<Id> marked() {
    if (marks_.empty()) fail("its stack has no mark");
    const auto from = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Id> items(from, stack_.end());
    stack_.erase(from, stack_.end());
    marks_.pop_back();
    return items;
  }
  void add(Kind kind, const std::vector<Id>& items) {
    Pickle::Node& place = node(top());
    if (place.kind != kind) fail(kind == Kind::kList ? "it appends to what is no list" : "it sets items of no dict");
    if (kind == Kind::kDict && items.size() % 2 != 0) fail("a dict's key has no value");
    place.items.insert(place.items.end(), items.begin(), items.end());
  }

  void integer(std::uint64_t bits) { push({Kind::kInteger, static_cast<std::int64_t>(bits)}); }
  void long_integer(std::uint64_t n) {
    const std::string_view piece = take(n);
    if (n > 8) return push({Kind::kHuge});
    const bool negative = n > 0 && (static_cast<unsigned char>(piece[n - 1]) & 0x80) != 0;
    const std::uint64_t above = negative && n < 8 ? ~std::uint64_t{0} << 8 * n : 0;
    integer(above | little_endian(piece));
  }
  bool number(unsigned char op) {
    switch (op) {
      case 'N': return push(none_), true;
      case 0x88: return push(true_), true;
      case 0x89: return push(false_), true;
      case 'J': return integer(static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(little(4))})), true;
      case 'K': return integer(little(1)), true;
      case 'M': return integer(little(2)), true;
      case 0x8a: return long_integer(little(1)), true;
      case 'G': {
        std::uint64_t bits = 0;
        for (const char c : take(8)) bits = bits << 8 | static_cast<unsigned char>(c);
        return push({Kind::kFloat, 0, std::bit_cast<double>(bits)}), true;
      }
      default: return false;
    }
  }
  bool text(unsigned char op) {
    switch (op) {
      case 'X': return push({Kind::kText, 0, 0, take(little(4))}), true;
      case 0x8c: return push({Kind::kText, 0, 0, take(little(1))}), true;
      default: return false;
    }
  }
  void tuple(std::size_t n) {
    std::vector<Id> items(n);
    for (std::size_t i = n; i-- > 0;) items[i] = pop();
    push({Kind::kTuple, 0, 0, {}, std::move(items)});
  }
  bool container(unsigned char op) {
    switch (op) {
      case '(': return mark(), true;
      case ')': return push({Kind::kTuple}), true;
      case 't': return push({Kind::kTuple, 0, 0, {}, marked()}), true;
      case 0x85: return tuple(1), true;
      case 0x86: return tuple(2), true;
      case 0x87: return tuple(3), true;
      case ']': return push({Kind::kList}), true;
      case '}': return push({Kind::kDict}), true;
      case 'a': return append_one(), true;
      case 'e': return append(Kind::kList), true;
      case 's': {
        const Id value = pop(), key = pop();
        return add(Kind::kDict, {key, value}), true;
      }
      case 'u': return append(Kind::kDict), true;
      default: return false;
    }
  }
  void append_one() {
    const Id item = pop();
    add(Kind::kList, {item});
  }
  void append(Kind kind) {
    const std::vector<Id> items = marked();
    add(kind, items);
  }
  void mark() {
    if (marks_.size() >= kMost) fail("it holds more than a million marks, no model does");
    marks_.push_back(stack_.size());
  }
  bool memo(unsigned char op) {
    const auto put = [&](std::uint64_t slot) {
      if (memo_.size() >= kMost) fail("it remembers more than a million values, no model does");
      memo_[slot] = top();
    };
    const auto get = [&](std::uint64_t slot) {
      const auto found = memo_.find(slot);
      if (found == memo_.end()) fail("it asks for value " + std::to_string(slot) + ", which it never stored");
      push(found->second);
    };
    switch (op) {
      case 'q': return put(little(1)), true;
      case 'r': return put(little(4)), true;
      case 0x94: return put(memo_.size()), true;
      case 'h': return get(little(1)), true;
      case 'j': return get(little(4)), true;
      case 0x80:
        if (const auto protocol = little(1); protocol < 2 || protocol > 5)
          fail("pickle protocol " + std::to_string(protocol) + " is not known, only 2 to 5");
        return true;
      case 0x95:
        if (const auto n = little(8); n > bytes_.size() - at_) fail("a frame is longer than the file");
        return true;
      default: return false;
    }
  }

  void global(std::string_view module, std::string_view name) {
    for (std::size_t i = 0; i < kGlobals.size(); ++i)
      if (kGlobals[i].module == module && kGlobals[i].name == name)
        return push({Kind::kGlobal, static_cast<std::int64_t>(i), 0, kGlobals[i].name});
    fail("it asks for " + quoted(std::string(module) + "." + std::string(name)) +
         ", which no file of weights needs; refused, nothing was executed");
  }
  /// Constructors that are known become what they would make.
  void reduce() {
    const Id arguments = pop(), callable = pop();
    if (node(callable).kind != Kind::kGlobal) fail("it calls what is no known name; refused, nothing was executed");
    if (node(arguments).kind != Kind::kTuple) fail("it calls a name without a list of arguments");
    const std::string_view name = node(callable).text;
    const std::vector<Id> items = node(arguments).items;
    if (name == "OrderedDict" && items.empty()) return push({Kind::kDict});
    if (name == "_rebuild_tensor_v2" && items.size() >= 4) {
      if (node(items[0]).kind != Kind::kStorage) fail("a tensor without a storage");
      return push({Kind::kTensor, 0, 0, {}, items});
    }
    if (name == "_rebuild_parameter" && !items.empty() && node(items[0]).kind == Kind::kTensor) return push(items[0]);
    fail("it calls " + std::string(name) + " with arguments of another form; refused, nothing was executed");
  }
  /// A state dictionary's versions, which nothing here needs.
  void build() {
    const Id state = pop();
    const Pickle::Node& given = node(state);
    const bool known = node(top()).kind == Kind::kDict && given.kind == Kind::kDict && given.items.size() == 2 &&
                       node(given.items[0]).text == "_metadata";
    if (!known) fail("it sets the state of an object that is not known; refused, nothing was executed");
  }
  void persistent() {
    const std::vector<Id> items = node(top()).kind == Kind::kTuple ? node(top()).items : std::vector<Id>();
    pop();
    const bool known = (items.size() == 5 || (items.size() == 6 && items[5] == none_)) &&
                       node(items[0]).text == "storage" && node(items[1]).kind == Kind::kGlobal &&
                       node(items[1]).text.ends_with("Storage") && node(items[2]).kind == Kind::kText;
    if (!known) fail("it names something outside of itself that is no storage of numbers");
    push({Kind::kStorage, 0, 0, {}, {items.begin() + 1, items.begin() + 5}});
  }
  bool object(unsigned char op) {
    switch (op) {
      case 'c': {
        const std::string_view module = line(), name = line();
        return global(module, name), true;
      }
      case 0x93: {
        const Id name = pop(), module = pop();
        if (node(name).kind != Kind::kText || node(module).kind != Kind::kText) fail("a name that is no text");
        return global(node(module).text, node(name).text), true;
      }
      case 'R': return reduce(), true;
      case 'b': return build(), true;
      case 'Q': return persistent(), true;
      default: return false;
    }
  }

  Pickle& pickle_;
  std::string_view bytes_;
  std::size_t at_, begin_ = 0;
  const std::string& origin_;
  Id none_ = 0, false_ = 0, true_ = 0;
  std::vector<Id> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Id> memo_;
};

Pickle::Pickle(std::string_view bytes, std::size_t at, const std::string& origin) {
  PickleMachine(*this, bytes, at, origin).run();
}

Pickle::Value Pickle::Value::find(std::string_view key) const {
  const auto& items = node().items;
  for (std::size_t i = items.size(); i >= 2; i -= 2)
    if ((*this)[i - 2].is(Kind::kText) && (*this)[i - 2].text() == key) return (*this)[i - 1];
  return {};
}

std::vector<Pickle::Value> Pickle::storages() const {
  std::vector<Value> found;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i].kind == Kind::kStorage) found.push_back({this, static_cast<std::uint32_t>(i)});
  return found;
}

}  // namespace qkvbench::formats
