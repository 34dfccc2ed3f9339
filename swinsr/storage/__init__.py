"""Files that appear whole, temporary files, and locks."""
