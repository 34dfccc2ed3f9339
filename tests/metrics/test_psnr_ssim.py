"""PSNR and SSIM by their definitions, against scikit-image, and on input they refuse."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import metrics as skimage_metrics

from swinsr.errors import ImageError, ShapeMismatchError
from swinsr.metrics import psnr, psnr_ssim, psnr_ssim_y, psnr_y, psnrb, ssim, ssim_y
from swinsr.metrics.pair import luma
from tests.metrics.metric_images import image_pair


def skimage_ssim(sr: np.ndarray, hr: np.ndarray, data_range: float) -> float:
    """The mean over whole windows of scikit-image's map, with the original's options."""
    channels = [(sr, hr)] if sr.ndim == 2 else [(sr[..., c], hr[..., c]) for c in range(3)]
    scores = []
    for one, two in channels:
        _, full = skimage_metrics.structural_similarity(
            one.astype(np.float64),
            two.astype(np.float64),
            data_range=data_range,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            full=True,
        )
        scores.append(full[5:-5, 5:-5].mean())
    return float(np.mean(scores))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(40, 53), (53, 40, 3)])
def test_equals_scikit_image(shape: tuple[int, ...], dtype: type) -> None:
    sr, hr = image_pair(shape, dtype=dtype)
    top = float(np.iinfo(dtype).max)
    expected = skimage_metrics.peak_signal_noise_ratio(hr, sr, data_range=top)
    assert psnr(sr, hr) == pytest.approx(expected, abs=1e-10)
    assert ssim(sr, hr) == pytest.approx(skimage_ssim(sr, hr, top), abs=1e-10)


def test_ssim_is_the_definition_window_by_window() -> None:
    sr, hr = image_pair((14, 16), noise=30)
    offsets = np.arange(-5, 6)
    weight = np.exp(-(offsets[:, None] ** 2 + offsets**2) / 4.5)
    weight /= weight.sum()
    c1, c2 = 6.5025, 58.5225
    scores = []
    for top in range(4):
        for left in range(6):
            x = sr[top : top + 11, left : left + 11].astype(float)
            y = hr[top : top + 11, left : left + 11].astype(float)
            mx, my = (weight * x).sum(), (weight * y).sum()
            vx, vy = (weight * (x - mx) ** 2).sum(), (weight * (y - my) ** 2).sum()
            vxy = (weight * (x - mx) * (y - my)).sum()
            scores.append(
                (2 * mx * my + c1) * (2 * vxy + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
            )
    assert ssim(sr, hr) == pytest.approx(np.mean(scores), abs=1e-12)


@pytest.mark.parametrize("width", [11, 90, 700])
@pytest.mark.parametrize("values", [1, 1000, 20_000])
def test_strips_leave_no_trace(monkeypatch: pytest.MonkeyPatch, width: int, values: int) -> None:
    sr, hr = image_pair((75, width, 3))
    whole = psnr_ssim_y(sr, hr, border=0)
    monkeypatch.setattr("swinsr.metrics.similarity._STRIP_VALUES", values)
    cut = psnr_ssim_y(sr, hr, border=0)
    assert cut.ssim == pytest.approx(whole.ssim, abs=1e-13)
    assert cut.psnr == pytest.approx(whole.psnr, abs=1e-11)


@pytest.mark.parametrize("rows", range(64, 90))
def test_any_height_of_the_last_strip(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    sr, hr = image_pair((rows, 20))
    monkeypatch.setattr("swinsr.metrics.similarity._STRIP_VALUES", 20 * 16)
    assert ssim(sr, hr) == pytest.approx(skimage_ssim(sr, hr, 255), abs=1e-12)
    assert psnr_ssim(sr, hr).psnr == pytest.approx(psnr(sr, hr), abs=1e-11)


def test_psnr_of_a_constant_difference() -> None:
    hr = np.full((20, 20, 3), 100, np.uint8)
    sr = hr + np.uint8(1)
    assert psnr(sr, hr) == pytest.approx(20 * math.log10(255))
    # Y spans 219 of 255 steps, so equal steps of R, G and B weigh 219 / 255 in it.
    assert psnr_y(sr, hr, border=0) == pytest.approx(20 * math.log10(255 * 255 / 219))


def test_psnr_counts_all_channels_together() -> None:
    hr = np.zeros((4, 4, 3), np.uint8)
    sr = hr.copy()
    sr[..., 2] = 3
    assert psnr(sr, hr) == pytest.approx(10 * math.log10(255**2 / 3))


def test_luma_is_bt601_and_not_rounded() -> None:
    colours = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]])
    y = luma(colours.astype(np.uint8), 255.0)
    expected = [[16, 235, 81.481, 144.553, 40.966]]
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-12)
    y16 = luma(colours.astype(np.uint16) * 257, 65535.0)
    np.testing.assert_allclose(y16 / 257, expected, rtol=0, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(
    height=st.integers(17, 40),
    width=st.integers(17, 40),
    border=st.integers(0, 3),
    noise=st.integers(0, 120),
    seed=st.integers(0, 1000),
)
def test_depth_and_type_do_not_change_the_score(
    height: int, width: int, border: int, noise: int, seed: int
) -> None:
    sr, hr = image_pair((height, width, 3), noise, seed)
    sr[8, 8], hr[8, 8] = 10, 30
    eight = psnr_ssim_y(sr, hr, border=border)
    sixteen = psnr_ssim_y(sr.astype(np.uint16) * 257, hr.astype(np.uint16) * 257, border=border)
    unit = psnr_ssim_y(sr / 255, hr / 255, border=border, data_range=1)
    for other in (sixteen, unit):
        assert other.psnr == pytest.approx(eight.psnr, abs=1e-9)
        assert other.ssim == pytest.approx(eight.ssim, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), border=st.integers(0, 4), noise=st.integers(1, 50))
def test_scores_are_symmetric_and_of_the_inside_alone(seed: int, border: int, noise: int) -> None:
    sr, hr = image_pair((30, 25, 3), noise, seed)
    score = psnr_ssim_y(sr, hr, border=border)
    swapped = psnr_ssim_y(hr, sr, border=border)
    assert swapped.psnr == score.psnr
    assert swapped.ssim == pytest.approx(score.ssim, abs=1e-13)
    inner = np.s_[border : 30 - border, border : 25 - border]
    assert psnr_ssim_y(sr[inner], hr[inner], border=0) == score
    assert score.ssim <= 1


def test_identical_images_score_inf_and_one() -> None:
    _, hr = image_pair()
    assert psnr(hr, hr) == psnr_y(hr, hr, border=0) == math.inf
    assert psnr_ssim_y(hr, hr.copy(), border=2).psnr == math.inf
    assert ssim(hr, hr) == pytest.approx(1, abs=1e-15)
    assert ssim_y(hr, hr, border=0) == pytest.approx(1, abs=1e-15)


def test_reads_views_and_leaves_its_input_alone() -> None:
    sr, hr = image_pair((40, 40, 3))
    flipped = sr[::-1, ::-1, ::-1], hr[::-1, ::-1, ::-1]
    copies = tuple(view.copy() for view in flipped)
    assert psnr_ssim_y(*flipped, border=3) == psnr_ssim_y(*copies, border=3)
    assert psnr(*flipped, border=3) == psnr(*copies, border=3)
    assert psnrb(*flipped, border=3) == psnrb(*copies, border=3)
    again = image_pair((40, 40, 3))
    assert np.array_equal(sr, again[0]) and np.array_equal(hr, again[1])


def test_one_channel_equals_no_channel() -> None:
    sr, hr = image_pair((30, 30))
    assert psnr_ssim(sr, hr) == psnr_ssim(sr[..., None], hr[..., None])


RGB = np.zeros((20, 20, 3), np.uint8)


@pytest.mark.parametrize("function", [psnr, psnr_y, ssim, ssim_y, psnrb])
@pytest.mark.parametrize(
    ("sr", "hr", "border", "error", "words"),
    [
        (RGB, RGB[:-1], 0, ShapeMismatchError, r"\(20, 20, 3\) and \(19, 20, 3\)"),
        (RGB, RGB[..., 0], 0, ShapeMismatchError, "differ in shape"),
        (RGB[..., :2], RGB[..., :2], 0, ShapeMismatchError, "RGB"),
        (RGB, RGB, 10, ShapeMismatchError, "leaves nothing"),
        (RGB, RGB, -1, ShapeMismatchError, "leaves nothing"),
        (RGB, RGB.astype(np.uint16), 0, ImageError, "uint8 and uint16"),
        (RGB.astype(np.int32), RGB.astype(np.int32), 0, ImageError, "int32"),
        (RGB.astype(float), RGB.astype(float), 0, ImageError, "data_range"),
    ],
)
def test_rejects_with_a_reason(
    function: object, sr: np.ndarray, hr: np.ndarray, border: int, error: type, words: str
) -> None:
    with pytest.raises(error, match=words):
        function(sr, hr, border=border)  # type: ignore[operator]


@pytest.mark.parametrize("function", [psnr_y, ssim_y])
def test_rejects_gray_images_on_y(function: object) -> None:
    with pytest.raises(ShapeMismatchError, match="repeat the gray channel"):
        function(RGB[..., 0], RGB[..., 0], border=0)  # type: ignore[operator]


def test_rejects_less_than_one_window() -> None:
    with pytest.raises(ShapeMismatchError, match="10x20 are left"):
        ssim(RGB[:10], RGB[:10])
