"""Colour profiles and gamuts."""
