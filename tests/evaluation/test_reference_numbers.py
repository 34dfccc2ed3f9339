"""Bicubic on Set5 and Set14 against BasicSR's own functions, where the datasets are."""

import os
from pathlib import Path

import pytest

from swinsr.evaluation import Request, evaluate

# PSNR and SSIM on Y for x2, x3, x4: BasicSR's imresize and metrics on the published inputs.
BASICSR = {
    "Set5": [(33.678, 0.9304), (30.404, 0.8690), (28.431, 0.8113)],
    "Set14": [(30.327, 0.8700), (27.632, 0.7759), (26.090, 0.7049)],
}


@pytest.mark.parametrize("name", BASICSR)
def test_bicubic_is_what_basicsr_measures(name: str) -> None:
    data = Path(os.environ.get("SWINSR_DATA", ""))
    if not os.environ.get("SWINSR_DATA") or not (data / name).is_dir():
        pytest.skip(f"SWINSR_DATA names no folder with {name}")
    found = evaluate(["bicubic"], [name], Request((2, 3, 4)), data=data)
    for result, (psnr, ssim) in zip(found.results, BASICSR[name], strict=True):
        assert result.mean["psnr_y"] == pytest.approx(psnr, abs=0.0006)
        assert result.mean["ssim_y"] == pytest.approx(ssim, abs=0.00006)
        assert not result.failures
