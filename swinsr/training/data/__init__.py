"""Batches from folders of pictures."""
