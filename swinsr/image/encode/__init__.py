"""One module for each way of encoding; all write to an open stream, none knows of paths."""
