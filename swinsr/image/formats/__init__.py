"""File formats: a table, and a folder for each."""
