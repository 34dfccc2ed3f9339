"""A whole Swin block as one operation."""
