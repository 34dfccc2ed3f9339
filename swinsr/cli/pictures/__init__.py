"""Commands that make pictures of pictures."""
