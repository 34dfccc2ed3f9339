"""What the formats that Pillow reads or writes share."""
