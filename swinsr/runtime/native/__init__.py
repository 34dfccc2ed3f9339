"""Networks run by the compiled CPU kernels: whole blocks, and chains of convolutions."""
