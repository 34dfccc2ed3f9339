"""Mean and standard deviation of ImageNet's channels, R G B in 0..1.

The published Swin networks subtract the one and divide by the other.
"""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
