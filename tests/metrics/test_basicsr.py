"""PSNR and SSIM equal BasicSR's: written-down values always, the functions where installed.

BasicSR takes BGR images and keeps Y in single precision; its PSNR on Y wanders from the exact one
by up to 1e-6 dB for common scores and by a few 1e-6 above 50 dB.
"""

from collections.abc import Callable

import numpy as np
import pytest

from swinsr.metrics import psnr, psnr_ssim, psnr_ssim_y, psnr_y, ssim, ssim_y
from tests.metrics.metric_images import image_pair

# (shape, noise, seed, border): psnr and ssim by BasicSR 1.4.2 on Y, on RGB, and on red as gray.
GOLDEN = {
    ((61, 74, 3), 20, 0, 0): (
        *(33.481656973345586, 0.8948873242729443),
        *(28.617779269830717, 0.7846992896684696),
        *(28.773128910672558, 0.8246616744088383),
    ),
    ((61, 74, 3), 20, 0, 4): (
        *(33.42816466959278, 0.899037831725649),
        *(28.59780613256853, 0.7921931252737885),
        *(28.811490980878673, 0.8344475501851099),
    ),
    ((96, 80, 3), 60, 1, 2): (
        *(24.314614967458596, 0.595767846667694),
        *(19.443384632608176, 0.4105788161760702),
        *(19.76802334407096, 0.49129221857193844),
    ),
    ((64, 48, 3), 4, 2, 3): (
        *(46.57158161037024, 0.9938966942317098),
        *(41.72829622799697, 0.9847138907860234),
        *(41.99193428663372, 0.9893807216037763),
    ),
    ((11, 11, 3), 30, 4, 0): (
        *(29.871515212145574, 0.7100553646000983),
        *(25.596595765798682, 0.4793565820865859),
        *(25.57887623325101, 0.5098908489453362),
    ),
}


@pytest.mark.parametrize("case", GOLDEN, ids=str)
def test_equals_values_written_down_from_basicsr(case: tuple) -> None:
    shape, noise, seed, border = case
    sr, hr = image_pair(shape, noise, seed)
    gray_sr, gray_hr = sr[..., 0], hr[..., 0]
    ours = (
        psnr_y(sr, hr, border=border),
        ssim_y(sr, hr, border=border),
        psnr(sr, hr, border=border),
        ssim(sr, hr, border=border),
        psnr(gray_sr, gray_hr, border=border),
        ssim(gray_sr, gray_hr, border=border),
    )
    assert ours == pytest.approx(GOLDEN[case], rel=0, abs=1e-6)


@pytest.mark.parametrize("case", GOLDEN, ids=str)
def test_both_scores_at_once_equal_each_alone(case: tuple) -> None:
    shape, noise, seed, border = case
    sr, hr = image_pair(shape, noise, seed)
    both = psnr_ssim_y(sr, hr, border=border)
    assert both.psnr == pytest.approx(psnr_y(sr, hr, border=border), abs=1e-11)
    assert both.ssim == ssim_y(sr, hr, border=border)
    both = psnr_ssim(sr, hr, border=border)
    assert both.psnr == pytest.approx(psnr(sr, hr, border=border), abs=1e-11)
    assert both.ssim == ssim(sr, hr, border=border)


@pytest.mark.parametrize("noise", [2, 8, 40, 200])
@pytest.mark.parametrize("border", [0, 3])
def test_equals_basicsr_itself(
    basicsr: tuple[Callable[..., float], Callable[..., float]], noise: int, border: int
) -> None:
    calculate_psnr, calculate_ssim = basicsr
    sr, hr = image_pair((301, 257, 3), noise, seed=noise)
    bgr = sr[..., ::-1], hr[..., ::-1], border
    gray = sr[..., 1], hr[..., 1], border
    on_y = psnr_ssim_y(sr, hr, border=border)
    on_rgb = psnr_ssim(sr, hr, border=border)
    on_gray = psnr_ssim(*gray[:2], border=border)
    ours = (on_y.psnr, on_y.ssim, on_rgb.psnr, on_rgb.ssim, on_gray.psnr, on_gray.ssim)
    theirs = (
        calculate_psnr(*bgr, test_y_channel=True),
        calculate_ssim(*bgr, test_y_channel=True),
        calculate_psnr(*bgr),
        calculate_ssim(*bgr),
        calculate_psnr(*gray),
        calculate_ssim(*gray),
    )
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
