"""The gallery shows every degradation, and each one shows."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from swinsr.degradations.gallery import degradations, gallery, main
from swinsr.errors import ShapeMismatchError


def photo(side: int = 48) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    return np.stack(
        [127 + 120 * np.sin(x * 0.9 + c) * np.cos(y * 0.4) for c in range(3)], -1
    ).astype(np.uint8)


def test_each_tile_differs_from_the_photograph() -> None:
    steps = degradations(0)
    image = photo()
    unchanged = [n for n, step in steps.items() if np.array_equal(step(image), image)]
    assert unchanged == ["photograph"]


def test_sheet_has_a_place_for_every_tile() -> None:
    sheet = gallery(photo(), side=32, columns=4)
    rows = -(-len(degradations(0)) // 4)
    assert sheet.shape == (rows * 52, 4 * 36, 3)


def test_command_writes_a_picture_and_tells_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    Image.fromarray(photo()).save(tmp_path / "in.png")
    assert main([str(tmp_path / "in.png"), str(tmp_path / "out.png"), "--side", "32"]) == 0
    assert Image.open(tmp_path / "out.png").size[0] == 5 * 36
    assert main([str(tmp_path / "none.png"), str(tmp_path / "out.png")]) == 1
    assert "none.png" in capsys.readouterr().err


@pytest.mark.parametrize("side", [64, 30, 0])
def test_rejects_tiles_that_do_not_fit(side: int) -> None:
    with pytest.raises(ShapeMismatchError):
        gallery(photo(), side=side)
