"""Compiled CPU kernels: how they are built, loaded and called."""
