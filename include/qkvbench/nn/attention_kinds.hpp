// Where kinds of attention are made; the table that names them is in variant.cpp.
// What each computes is in the file of its name.
#pragma once
#include <memory>
#include <string>

#include "qkvbench/nn/attention.hpp"

namespace qkvbench::nn {

std::unique_ptr<Attention> make_shared_attention(Parameters&, const std::string& name, const BlockConfig&);
std::unique_ptr<Attention> make_qvv_attention(Parameters&, const std::string& name, const BlockConfig&);
std::unique_ptr<Attention> make_tied_attention(Parameters&, const std::string& name, const BlockConfig&);
std::unique_ptr<Attention> make_latent_attention(Parameters&, const std::string& name, const BlockConfig&);

void complete_tied(BlockSpec& spec);
void complete_latent(BlockSpec& spec);
void complete_grouped_latent(BlockSpec& spec);

}  // namespace qkvbench::nn
