"""A network made ready and run: prepared, fused, in strips and windows."""
