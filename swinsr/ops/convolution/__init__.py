"""3x3 convolutions with what is around them."""
