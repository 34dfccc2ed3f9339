"""The scores of one restored picture."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swinsr.errors import ImageError
from swinsr.evaluation.condition import Condition
from swinsr.image import largest_value, to_depth, to_rgb
from swinsr.metrics import psnr_ssim, psnr_ssim_y, psnrb, psnrb_y

Array = NDArray[Any]
ExtraMetric = Callable[[Array, Array], float]


def score_picture(
    restored: Array,
    truth: Array,
    condition: Condition,
    extra: Mapping[str, ExtraMetric] | None = None,
) -> dict[str, float]:
    """All scores that a condition asks for, by name.

    Args:
        restored, truth: (height, width, 1 or 3), one type and shape.
        condition: tells which scores, and the border that they leave out.
        extra: further metrics of two (height, width, 3) uint8 pictures, the border cut.

    Returns:
        Scores in the order of `condition.scores`, then `extra`; PSNR of identical pictures is inf.

    Raises:
        ShapeMismatchError: too few pixels are left inside the border.
        ImageError: a score is not a number, as with NaN in a picture.
    """
    options = {"border": condition.border, "data_range": float(largest_value(truth.dtype))}
    scores: dict[str, float] = {}
    plain = psnr_ssim(restored, truth, **options)  # type: ignore[arg-type]
    scores.update(psnr=plain.psnr, ssim=plain.ssim)
    if "psnr_y" in condition.scores:
        luma = psnr_ssim_y(restored, truth, **options)  # type: ignore[arg-type]
        scores.update(psnr_y=luma.psnr, ssim_y=luma.ssim)
    if "psnrb" in condition.scores:
        scores["psnrb"] = psnrb(restored, truth, **options)  # type: ignore[arg-type]
    if "psnrb_y" in condition.scores:
        scores["psnrb_y"] = psnrb_y(restored, truth, **options)  # type: ignore[arg-type]
    ordered = {name: scores[name] for name in condition.scores}
    for name, metric in (extra or {}).items():
        pair = (to_rgb(to_depth(picture, np.uint8)) for picture in (restored, truth))
        ordered[name] = metric(*pair)
    if any(np.isnan(value) for value in ordered.values()):
        raise ImageError("its scores are not numbers; a picture holds NaN or infinite values")
    return ordered
