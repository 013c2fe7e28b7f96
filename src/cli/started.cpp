// What is started of a program that has several levels of the instruction set: main() is in libqkvbench.so, and which
// of those that are installed it is, the dynamic linker chose. Nothing else may stand here.
