"""Other programs that ours works with; each integration is an optional extra."""
