// Parity with the paper's official PyTorch code, and that the comparison can fail.
// The tolerances are the library's; none is repeated here.
#include <cstring>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/nn/model.hpp"
#include "qkvbench/run/verify.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using qkvbench::run::ParityResult;
using qkvbench::run::verify_golden;
using Verdict = ParityResult::Verdict;

namespace {

const std::string kGolden = SOURCE_DIR "/tests/golden/";

/// Copies a golden file with one byte of a tensor's data changed by `flip`, at the tensor's middle.
std::string damaged(const std::string& name, const std::string& tensor, unsigned char flip,
                    const qkvbench::test::TemporaryDirectory& directory) {
  std::string bytes = qkvbench::read_file(kGolden + name);
  std::uint64_t header_size = 0;
  std::memcpy(&header_size, bytes.data(), 8);
  const auto header = nlohmann::json::parse(bytes.substr(8, header_size));
  const auto offsets = header.at(tensor).at("data_offsets");
  const std::size_t begin = offsets[0], end = offsets[1];
  const std::size_t element = begin + (end - begin) / 8 * 4;
  char& high_byte = bytes[8 + header_size + element + 2];  // the mantissa's highest bits
  high_byte = static_cast<char>(static_cast<unsigned char>(high_byte) ^ flip);
  const std::string path = directory / name.substr(name.rfind('/') + 1);
  qkvbench::write_file_atomic(path, bytes);
  return path;
}

}  // namespace

TEST_CASE("every golden file of a family that is built agrees within its tolerance") {
  const auto results = qkvbench::run::verify_golden_directory(kGolden);
  CHECK(results.size() == 26);
  for (const ParityResult& r : results) {
    INFO(r.file << ": " << r.reason);
    CHECK(r.verdict == Verdict::kPassed);
  }
}

TEST_CASE("every golden file of modern blocks and other kinds of attention agrees within its tolerance") {
  const auto results = qkvbench::run::verify_golden_directory(kGolden + "frontier");
  CHECK(results.size() == 24);
  for (const ParityResult& r : results) {
    INFO(r.file << ": " << r.reason);
    CHECK(r.verdict == Verdict::kPassed);
  }
}

TEST_CASE("a golden number that is off makes its comparison fail, and says which") {
  const qkvbench::test::TemporaryDirectory directory;
  const std::string file = "encoder_qk_v+.safetensors";
  const auto reason_for = [&](const std::string& tensor) {
    const ParityResult r = verify_golden(damaged(file, tensor, 0x40, directory));
    CHECK(r.verdict == Verdict::kFailed);
    return r.reason;
  };
  CHECK(reason_for("out.logits") == "logits beyond tolerance");
  CHECK(reason_for("out.loss") == "loss beyond tolerance");
  CHECK(reason_for("grad.head.weight") == "gradients beyond tolerance");
  CHECK(reason_for("after.head.weight") == "parameters after training beyond tolerance");
  CHECK(reason_for("param.embed.weight").find("logits") != std::string::npos);
}

TEST_CASE("the trainer walks the official code's whole loops: rates, losses, norms at every step, and where they end") {
  const auto results = qkvbench::run::verify_golden_directory(kGolden + "loop");
  CHECK(results.size() == 4);
  for (const ParityResult& r : results) {
    INFO(r.file << ": " << r.reason);
    CHECK(r.verdict == Verdict::kPassed);
    CHECK(r.errors.steps >= 12);
  }
}

TEST_CASE("a number of a loop that is off is named with its step") {
  const qkvbench::test::TemporaryDirectory directory;
  const auto reason_for = [&](const std::string& tensor) {
    const ParityResult r = verify_golden(damaged("loop/loop_encoder_q_k_v.safetensors", tensor, 0x40, directory));
    CHECK(r.verdict == Verdict::kFailed);
    return r.reason;
  };
  CHECK(reason_for("out.lr") == "the learning rate at step 10 beyond tolerance");
  CHECK(reason_for("out.loss") == "the loss at step 10 beyond tolerance");
  CHECK(reason_for("out.grad_norm") == "the gradient norm at step 10 beyond tolerance");
  CHECK(reason_for("after.head.weight") == "parameters at the end beyond tolerance");
  CHECK(reason_for("param.embed.weight").find("the loss at step 0") != std::string::npos);
}

TEST_CASE("a golden file of the wrong form is an input error") {
  const qkvbench::test::TemporaryDirectory directory;
  std::string bytes = qkvbench::read_file(kGolden + "set_qkv.safetensors");
  for (const std::size_t keep : {std::size_t{0}, std::size_t{7}, std::size_t{100}, bytes.size() - 1}) {
    const std::string path = directory / "cut.safetensors";
    qkvbench::write_file_atomic(path, bytes.substr(0, keep));
    try {
      verify_golden(path);
      FAIL("no error with " << keep << " bytes");
    } catch (const qkvbench::Error& error) {
      CHECK(error.status() == qkvbench::Exit::kInput);
      CHECK(std::string(error.what()).find("cut.safetensors") != std::string::npos);
    }
  }
}
