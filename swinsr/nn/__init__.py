"""Modules with parameters: attention, Swin blocks, residual groups, patch layers, heads."""
