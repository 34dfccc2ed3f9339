"""One optimiser step: losses, optimiser, precision."""
