# Homebrew's recipe. Dependencies are those of .ci/setup, which a test holds to; docs/releasing.md says who fills in url
# and sha256, and when.
class Qkvbench < Formula
  desc "Transformers whose query, key and value projections are shared"
  homepage "https://arxiv.org/abs/2606.04032"
  url "https://example.org/qkvbench-0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "MIT"

  depends_on "boost" => :build
  depends_on "cli11" => :build
  depends_on "cmake" => :build
  depends_on "eigen" => :build
  depends_on "nlohmann-json" => :build
  depends_on "jpeg-turbo"
  depends_on "libarchive"
  depends_on "libpng"
  depends_on "openssl@3"
  depends_on "utf8proc"
  uses_from_macos "curl"
  uses_from_macos "zlib"

  def install
    system "cmake", "-S", ".", "-B", "build", "-DQKVBENCH_NATIVE=OFF", "-DQKVBENCH_TESTS=OFF",
           "-DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON", *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
  end

  test do
    system bin/"qkvbench", "train", "--task", "copy", "--epochs", "1", "--n-train", "256", "--n-test", "64"
    assert_match "copy-q_k_v-s0", shell_output("#{bin}/qkvbench list runs")
    assert_match version.to_s, shell_output("#{bin}/qkvbench --version")
  end
end
