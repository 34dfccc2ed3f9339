"""Which network a file's tensors are of."""
