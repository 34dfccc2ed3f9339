"""What Pillow reads and writes."""
