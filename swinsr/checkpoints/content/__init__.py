"""What a weights file is, by its bytes, and how much it may claim."""
