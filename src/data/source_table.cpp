// The table of public data sets: sizes and checksums as published.
// Only the table, so that a test can stand in a smaller one.
#include "qkvbench/data/sources.hpp"

namespace qkvbench::data {

namespace {

/// The four files of MNIST's format, as unpacked.
std::vector<KnownFile> idx_files(const char* train_images, const char* train_labels, const char* test_images,
                                 const char* test_labels) {
  return {{"train-images-idx3-ubyte", 47'040'016, train_images},
          {"train-labels-idx1-ubyte", 60'008, train_labels},
          {"t10k-images-idx3-ubyte", 7'840'016, test_images},
          {"t10k-labels-idx1-ubyte", 10'008, test_labels}};
}

}  // namespace

const std::vector<Source>& all_sources() {
  static const std::vector<Source> table{
      {"tinyshakespeare",
       "1.1 million characters of Shakespeare's plays",
       "public domain",
       {"https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/"},
       {{"input.txt", 1'115'394, "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"}},
       {{"input.txt", 1'115'394, "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"}},
       2'000'000},
      {"gpt2-bpe",
       "GPT-2's 50,257 byte-pair tokens, for --corpus bpe:FILE",
       "modified MIT",
       {"https://openaipublic.blob.core.windows.net/gpt-2/encodings/main/"},
       {{"vocab.bpe", 456'318, "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"}},
       {{"vocab.bpe", 456'318, "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"}},
       500'000},
      {"mnist",
       "60,000 + 10,000 handwritten digits, 28×28",
       "CC BY-SA 3.0",
       {"https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://yann.lecun.com/exdb/mnist/"},
       {{"train-images-idx3-ubyte.gz", 9'912'422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
        {"train-labels-idx1-ubyte.gz", 28'881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
        {"t10k-images-idx3-ubyte.gz", 1'648'877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
        {"t10k-labels-idx1-ubyte.gz", 4'542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"}},
       idx_files("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                 "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                 "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                 "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
       60'000'000},
      {"fashion-mnist",
       "60,000 + 10,000 articles of clothing, 28×28",
       "MIT",
       {"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"},
       {{"train-images-idx3-ubyte.gz", 26'421'880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
        {"train-labels-idx1-ubyte.gz", 29'515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
        {"t10k-images-idx3-ubyte.gz", 4'422'102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
        {"t10k-labels-idx1-ubyte.gz", 5'148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"}},
       idx_files("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                 "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                 "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                 "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
       60'000'000},
      {"cifar10",
       "50,000 + 10,000 photographs, 32×32, 10 classes",
       "none stated",
       {"https://www.cs.toronto.edu/~kriz/"},
       {{"cifar-10-binary.tar.gz", 170'052'171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"}},
       {{"data_batch_1.bin", 30'730'000, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
        {"data_batch_2.bin", 30'730'000, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
        {"data_batch_3.bin", 30'730'000, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
        {"data_batch_4.bin", 30'730'000, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
        {"data_batch_5.bin", 30'730'000, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
        {"test_batch.bin", 30'730'000, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"}},
       200'000'000},
      {"cifar100",
       "50,000 + 10,000 photographs, 32×32, 100 classes",
       "none stated",
       {"https://www.cs.toronto.edu/~kriz/"},
       {{"cifar-100-binary.tar.gz", 168'513'733, "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"}},
       {{"train.bin", 153'700'000, "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29"},
        {"test.bin", 30'740'000, "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a"}},
       200'000'000},
      {"tiny-imagenet",
       "100,000 + 10,000 photographs, 64×64, 200 classes",
       "ImageNet's: research",
       {"https://cs231n.stanford.edu/", "http://cs231n.stanford.edu/"},
       {{"tiny-imagenet-200.zip", 248'100'043, "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821"}},
       {{"wnids.txt", 0, ""},
        {"val/val_annotations.txt", 0, ""},
        {"train/*/images/*.JPEG", 0, ""},
        {"val/images/*.JPEG", 0, ""}},
       1'000'000'000},
  };
  return table;
}

}  // namespace qkvbench::data
