"""Networks run by PyTorch's operators: a CPU without kernels, CUDA, other accelerators."""
