#!/bin/bash
. "$(dirname "$0")/common.sh"
# What goes to LaTeX is what pdflatex knows without packages.
for variant in qk_v+ q_kv qkv; do
  $Q inspect --variant $variant --format latex > t.tex || fault "status $?"
  LC_ALL=C grep -q '[^ -~]' t.tex && fault "pdflatex does not know: $(LC_ALL=C grep '[^ -~]' t.tex | head -1)"
done
ok
