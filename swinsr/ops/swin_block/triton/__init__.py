"""The two halves of a Swin block, each as one Triton kernel; forward alone."""
