"""A picture that is too large for the memory: in tiles and bands, from file to file."""
