"""What the page does for a visitor."""
