"""How often a model runs to reach an enlargement, and what is left to reduce."""

import math

from swinsr.errors import ConfigError

MAX_SCALE = 64.0


def passes_for(model_scale: int, scale: float) -> int:
    """The fewest passes of a model whose product reaches a scale.

    Args:
        model_scale: what one pass enlarges by; 1 for restoration.
        scale: factor of enlargement asked for, 1 to `MAX_SCALE`.

    Raises:
        ConfigError: the scale is out of range, or a restoration model was asked to enlarge.
    """
    if not (math.isfinite(scale) and 1.0 <= scale <= MAX_SCALE):
        raise ConfigError(f"scale is between 1 and {MAX_SCALE:g}, not {scale:g}")
    if model_scale == 1:
        if scale != 1.0:
            raise ConfigError(
                f"this model restores at the picture's own size and cannot enlarge by {scale:g}; "
                "leave the scale out or choose a super-resolution model"
            )
        return 1
    passes = 1
    while model_scale**passes < scale:
        passes += 1
    return passes


def target_size(height: int, width: int, scale: float) -> tuple[int, int]:
    """Output height and width, rounded half up, at least one pixel."""
    return max(int(height * scale + 0.5), 1), max(int(width * scale + 0.5), 1)
