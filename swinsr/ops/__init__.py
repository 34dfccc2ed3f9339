"""Stateless tensor functions: windows, positions, window attention."""
