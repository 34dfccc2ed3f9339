"""Window attention in Triton, forward and backward."""
