"""What earlier runs finished, and what they left unfinished."""
