"""Interpolators by name, beside the networks: known without torch."""

# The kernel of each, a name of `swinsr.image.resize.matlab`.
BASELINES = {"bicubic": "bicubic", "lanczos": "lanczos3", "nearest": "nearest"}
# The enlargement where neither the user nor the model names one.
DEFAULT_SCALE = 4.0
