"""What a recipe says, read and checked."""
