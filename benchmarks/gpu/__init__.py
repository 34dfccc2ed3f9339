"""Networks on a GPU: ours beside the published code, a training step, the kernels' errors."""
