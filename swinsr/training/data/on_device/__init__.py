"""Batches made on the device that trains: pictures lie there as bytes, or samples in a pool."""
