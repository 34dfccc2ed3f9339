"""How often a model runs to reach an enlargement, and what is left to reduce."""

import itertools
import math
from collections.abc import Iterable

from swinsr.errors import ConfigError

MAX_SCALE = 64.0
# The last enlargement that interpolation is trusted with: another pass would cost as many times the
# first as the model's scale squared, and be reduced again (benchmarks.scales has what it is worth).
SPARE = 1.5
_MOST_STAGES = 3


def passes_for(model_scale: int, scale: float, spare: float = 1.0) -> int:
    """The fewest passes of a model whose product reaches a scale.

    Args:
        model_scale: what one pass enlarges by; 1 for restoration.
        scale: factor of enlargement asked for, 1 to `MAX_SCALE`.
        spare: enlargement that may be left to interpolation after the last pass.

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
    while model_scale**passes * spare < scale:
        passes += 1
    return passes


def cheapest_stages(scales: Iterable[int], scale: float, spare: float) -> tuple[int, ...]:
    """Models' scales, one after the other, that reach an enlargement with the least work.

    A stage works on as many times the picture as the stages before it enlarged by, squared; so the
    smallest comes first. Of equally cheap ones the one that reaches furthest without interpolation,
    and of those the one that enlarges least.

    Args:
        scales: of the models there are, above 1.
        scale: factor of enlargement asked for.
        spare: as for `passes_for`.
    """
    known = sorted(set(scales))
    found = []
    for count in range(1, _MOST_STAGES + 1):
        for stages in itertools.combinations_with_replacement(known, count):
            if math.prod(stages) * spare >= scale:
                work = sum(math.prod(stages[:i]) ** 2 for i in range(count))
                left = max(scale / math.prod(stages), 1.0)
                found.append((work, left, math.prod(stages), stages))
    if not found:  # beyond what so many stages reach: the largest, as often as it takes
        return (known[-1],) * passes_for(known[-1], scale, spare)
    return min(found)[3]


def target_size(height: int, width: int, scale: float) -> tuple[int, int]:
    """Output height and width, rounded half up, at least one pixel."""
    return max(int(height * scale + 0.5), 1), max(int(width * scale + 0.5), 1)
