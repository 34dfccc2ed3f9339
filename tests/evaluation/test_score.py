"""Scores of one picture."""

import numpy as np
import pytest

from swinsr.errors import ImageError, ShapeMismatchError
from swinsr.evaluation.condition import Condition
from swinsr.evaluation.score import score_picture
from swinsr.metrics import psnr, psnr_y, psnrb, psnrb_y, ssim, ssim_y
from tests.evaluation.conftest import pictures

TRUTH = pictures()["astronaut"]
WORSE = np.clip(TRUTH.astype(int) + np.arange(48)[:, None, None] % 7, 0, 255).astype(np.uint8)


def test_super_resolution_scores_y_without_the_border_first() -> None:
    scores = score_picture(WORSE, TRUTH, Condition("sr", 3))
    assert list(scores) == ["psnr_y", "ssim_y", "psnr", "ssim"]
    assert scores["psnr_y"] == pytest.approx(psnr_y(WORSE, TRUTH, border=3), abs=1e-12)
    assert scores["ssim_y"] == pytest.approx(ssim_y(WORSE, TRUTH, border=3), abs=1e-12)
    assert scores["psnr"] == pytest.approx(psnr(WORSE, TRUTH, border=3), abs=1e-9)


def test_denoising_scores_rgb_with_the_border_first() -> None:
    scores = score_picture(WORSE, TRUTH, Condition("noise", level=25))
    assert list(scores) == ["psnr", "ssim", "psnr_y", "ssim_y"]
    assert scores["psnr"] == pytest.approx(psnr(WORSE, TRUTH), abs=1e-9)
    assert scores["ssim"] == pytest.approx(ssim(WORSE, TRUTH), abs=1e-12)


def test_jpeg_scores_blocks_too() -> None:
    scores = score_picture(WORSE, TRUTH, Condition("jpeg", level=10))
    assert scores["psnrb"] == psnrb(WORSE, TRUTH)
    assert scores["psnrb_y"] == psnrb_y(WORSE, TRUTH)
    gray = score_picture(WORSE[..., :1], TRUTH[..., :1], Condition("jpeg", level=10, gray=True))
    assert list(gray) == ["psnr", "ssim", "psnrb"]


def test_identical_pictures_are_infinitely_good() -> None:
    assert score_picture(TRUTH, TRUTH, Condition("sr", 2))["psnr_y"] == float("inf")


def test_further_metrics_get_bytes_of_three_channels() -> None:
    seen = []

    def metric(sr: np.ndarray, hr: np.ndarray) -> float:
        seen.extend([(sr.shape, sr.dtype), (hr.shape, hr.dtype)])
        return 0.5

    gray = (TRUTH[..., :1].astype(np.uint16) * 257, WORSE[..., :1].astype(np.uint16) * 257)
    scores = score_picture(*gray, Condition("noise", level=15, gray=True), {"lpips": metric})
    assert scores["lpips"] == 0.5 and list(scores) == ["psnr", "ssim", "lpips"]
    assert seen == [((48, 60, 3), np.uint8)] * 2


def test_refuses_pictures_that_hold_nan() -> None:
    bad = np.full((20, 20, 3), np.nan, np.float32)
    with pytest.raises(ImageError, match="not numbers"):
        score_picture(np.zeros_like(bad), bad, Condition("sr", 2))


def test_refuses_too_few_pixels() -> None:
    with pytest.raises(ShapeMismatchError, match="11x11"):
        score_picture(TRUTH[:14], TRUTH[:14], Condition("sr", 2))
