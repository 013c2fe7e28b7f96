// Python's pickles as PyTorch writes them, read as data: nothing in one is ever called, imported or looked up.
// Not a pickle library: opcodes and names that files of weights do not need are errors that name them.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "qkvbench/base/real.hpp"

namespace qkvbench::formats {

/// The values of one pickle. They refer to each other by number, so that shared, nested and circular ones cost no
/// recursion and no copies; texts stay in the bytes that were read, which must outlive this.
class Pickle {
 public:
  enum class Kind : std::uint8_t {
    kNone,
    kBool,
    kInteger,
    kHuge,  ///< an integer of more than 64 bits; its value is not kept
    kFloat,
    kText,
    kTuple,
    kList,
    kDict,
    kGlobal,   ///< one of the known names, as a tag
    kStorage,  ///< (type, key, location, count)
    kTensor    ///< (storage, offset, shape, strides, …)
  };

 private:
  struct Node {
    Kind kind = Kind::kNone;
    std::int64_t integer = 0;
    double number = 0;
    std::string_view text{};
    std::vector<std::uint32_t> items{};
  };

 public:
  /// One value; a null Value where there is none.
  class Value {
   public:
    Value() = default;
    explicit operator bool() const { return pickle_ != nullptr; }
    Kind kind() const { return node().kind; }
    bool is(Kind kind) const { return pickle_ != nullptr && node().kind == kind; }
    std::int64_t integer() const { return node().integer; }  ///< of kInteger and kBool
    double number() const { return node().number; }          ///< of kFloat
    std::string_view text() const { return node().text; }    ///< of kText; of kGlobal its last part
    /// Members of a tuple or list; a dict's keys and values take turns.
    std::size_t size() const { return node().items.size(); }
    Value operator[](std::size_t i) const { return {pickle_, node().items.at(i)}; }
    /// The last value of a text key of a dict.
    Value find(std::string_view key) const;

   private:
    friend class Pickle;
    Value(const Pickle* pickle, std::uint32_t id) : pickle_(pickle), id_(id) {}
    const Node& node() const { return pickle_->nodes_[id_]; }
    const Pickle* pickle_ = nullptr;
    std::uint32_t id_ = 0;
  };

  /// Reads the pickle that begins at bytes[at]. Protocols 2 to 5, and only what the serialisation of state
  /// dictionaries uses; at most a million values. Throws Error (input) naming `origin` and the byte.
  /// Source: CPython's Lib/pickletools.py; torch/serialization.py.
  Pickle(std::string_view bytes, std::size_t at, const std::string& origin);
  Pickle(const Pickle&) = delete;
  Pickle& operator=(const Pickle&) = delete;

  Value root() const { return {this, root_}; }
  /// The byte behind the pickle.
  std::size_t end() const { return end_; }
  /// All storages that it names.
  std::vector<Value> storages() const;

 private:
  friend class PickleMachine;
  std::deque<Node> nodes_;
  std::uint32_t root_ = 0;
  std::size_t end_ = 0;
};

}  // namespace qkvbench::formats
