"""Pieces that the tabs are made of."""
