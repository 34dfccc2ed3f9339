"""Other programs' names for the same tensors."""
