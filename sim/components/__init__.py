"""One component by itself: a GEMM on the MAC array, a trace on DRAM."""
