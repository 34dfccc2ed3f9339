"""Programs that measure: correctness first, then time."""
