"""The weights a run starts from, averages and leaves."""
