"""The library as a notebook has it: what shows, what is taken, and the examples themselves."""

import ast
import base64
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import swinsr
from swinsr.errors import ConfigError, OptionTypeError, PictureTypeError, ShapeMismatchError
from swinsr.notebook import LONGEST
from swinsr.runtime.progress import Progress

QUICKSTART = Path(__file__).parents[1] / "examples/quickstart.ipynb"
RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (12, 20, 3), np.uint8)


@pytest.fixture(scope="module")
def bicubic() -> swinsr.Upscaler:
    return swinsr.Upscaler.from_pretrained("bicubic", device="cpu")


@pytest.fixture(scope="module")
def light() -> swinsr.Upscaler:
    return swinsr.Upscaler.from_pretrained("swinsr-fast-x2", device="cpu", precision="float32")


def test_dir_shows_what_there_is_and_nothing_else() -> None:
    code = "import swinsr; print(*(n for n in dir(swinsr) if not n.startswith('_')))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(swinsr.__all__) - {"__version__"} <= set(shown.stdout.split())
    assert not {"attach", "TYPE_CHECKING"} & set(shown.stdout.split())
    with pytest.raises(AttributeError, match="no attribute 'upscal'"):
        swinsr.upscal  # type: ignore[attr-defined]  # noqa: B018


def test_a_model_tells_what_it_is(light: swinsr.Upscaler, bicubic: swinsr.Upscaler) -> None:
    assert repr(light) == "Upscaler('swinsr-fast-x2', x2, cpu, float32)"
    assert repr(bicubic) == "Upscaler('bicubic', any scale, cpu, float32)"


def test_a_path_and_a_list_are_taken(bicubic: swinsr.Upscaler, tmp_path: Path) -> None:
    Image.fromarray(PHOTO).save(tmp_path / "a.png")
    of_path = bicubic(tmp_path / "a.png", 2)
    assert isinstance(of_path, Image.Image) and of_path.size == (40, 24)
    array, path, picture = bicubic([PHOTO, str(tmp_path / "a.png"), Image.fromarray(PHOTO)], 2)
    assert isinstance(array, np.ndarray)
    assert isinstance(path, Image.Image) and isinstance(picture, Image.Image)
    assert np.array_equal(array, np.asarray(path)) and np.array_equal(array, np.asarray(picture))
    assert bicubic([]) == []


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float64, torch.float16])
def test_tensors_give_tensors(bicubic: swinsr.Upscaler, channels: int, dtype: torch.dtype) -> None:
    arrays = RNG.integers(0, 256, (3, 9, 7, channels), np.uint8)
    scale = 1 if dtype == torch.uint8 else 255
    batch = torch.from_numpy(arrays).permute(0, 3, 1, 2).to(dtype) / scale
    batch = batch.to(dtype).requires_grad_(dtype.is_floating_point)
    out = bicubic(batch, 2)
    assert out.shape == (3, channels, 18, 14)
    assert out.dtype == dtype and not out.requires_grad
    for one, array in zip(out, arrays, strict=True):
        expected = bicubic(array, 2).astype(float).reshape(18, 14, channels)
        found = one.permute(1, 2, 0).double().numpy() * scale
        assert np.abs(found - expected).max() <= 1.01
    assert torch.equal(bicubic(batch[0], 2), out[0])


@pytest.mark.parametrize(
    ("batch", "error"),
    [
        (torch.zeros(1, 3, 4, 4, dtype=torch.int64), PictureTypeError),
        (torch.zeros(1, 5, 4, 4), ShapeMismatchError),
        (torch.zeros(4, 4), ShapeMismatchError),
        (torch.zeros(0, 3, 4, 4), ShapeMismatchError),
        (torch.full((1, 3, 4, 4), 255.0), ShapeMismatchError),
    ],
)
def test_tensors_that_are_no_pictures_are_refused(
    bicubic: swinsr.Upscaler, batch: torch.Tensor, error: type[Exception]
) -> None:
    with pytest.raises(error):
        bicubic(batch)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda up: up(PHOTO, "2"), "scale is a number, not str"),
        (lambda up: up([PHOTO], [2]), "scale is a number, not list"),
        (lambda up: swinsr.upscale(PHOTO, "2"), "scale is a number, not str"),
        (lambda up: swinsr.Settings(scale="x"), "scale is a number, not str"),
        (lambda up: swinsr.Settings(width="100"), "width is a number, not str"),
        (lambda up: swinsr.Settings(tile=True), "tile is a number, not bool"),
        (lambda up: swinsr.Upscaler.from_pretrained(3), "a model is a name or a path, not int"),
    ],
)
def test_options_of_a_wrong_type_are_type_errors_of_the_program(
    bicubic: swinsr.Upscaler, call: Any, words: str
) -> None:
    with pytest.raises(OptionTypeError, match=words) as caught:
        call(bicubic)
    assert isinstance(caught.value, TypeError) and isinstance(caught.value, ConfigError)
    assert swinsr.Settings(scale=np.float32(2), width=None).scale == 2


def test_progress_goes_over_the_whole_list(bicubic: swinsr.Upscaler) -> None:
    shares: list[float] = []
    progress: Progress = shares.append
    bicubic([PHOTO, PHOTO], 2, progress)
    assert shares == sorted(shares) and 0.5 in shares and shares[-1] == 1.0


def test_progress_true_shows_a_bar(
    bicubic: swinsr.Upscaler, capsys: pytest.CaptureFixture[str]
) -> None:
    bicubic(PHOTO, 2, progress=True)
    shown = capsys.readouterr().out
    assert "bicubic" in shown and "100%" in shown
    bicubic(PHOTO, 2, progress=False)
    assert capsys.readouterr().out == ""


def pictures(html: str) -> list[Image.Image]:
    """Those within a piece of HTML."""
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]


def test_a_divider_holds_both_pictures_and_asks_nothing_of_the_network(tmp_path: Path) -> None:
    Image.fromarray(PHOTO).save(tmp_path / "a.png")
    after = PHOTO.repeat(2, 0).repeat(2, 1)
    comparison = swinsr.show(tmp_path / "a.png", after)
    assert repr(comparison) == "Comparison(20x12 before, 40x24 after)"
    html = comparison._repr_html_()
    assert 'type="range"' in html and "clip-path" in html
    assert not re.search(r"https?:|//cdn|<script|@import", html)
    second, first = pictures(html)
    assert np.array_equal(np.asarray(first), PHOTO) and np.array_equal(np.asarray(second), after)


def test_a_divider_takes_what_the_library_takes_and_refuses_the_rest() -> None:
    gray = (PHOTO[..., 0] / 255).astype(np.float32)
    deep = PHOTO.astype(np.uint16) * 257
    html = swinsr.show(gray, deep).html
    assert [picture.size for picture in pictures(html)] == [(20, 12)] * 2
    wide = swinsr.show(PHOTO, Image.new("RGB", (3000, 10))).html
    assert pictures(wide)[0].size == (LONGEST, 7) and f"shown at {LONGEST}x7" in wide
    with pytest.raises(TypeError, match="a picture is a path"):
        swinsr.show(PHOTO, None)  # type: ignore[arg-type]


def test_quickstart_runs_from_its_first_cell_to_its_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(QUICKSTART.parent)  # where notebooks run
    notebook = json.loads(QUICKSTART.read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    assert all(not cell.get("outputs") for cell in notebook["cells"])
    names: dict[str, Any] = {}
    shown = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            shown.append(run_cell("".join(cell["source"]), names))
    assert any(hasattr(value, "_repr_html_") for value in shown)
    assert (512, 512, 3) in shown and torch.Size([1, 3, 256, 256]) in shown
    assert (names["folder"] / "restored/photo_restored.webp").is_file()


def run_cell(source: str, names: dict[str, Any]) -> Any:
    """A cell as a notebook runs it; the value of its last line, where that has one."""
    tree = ast.parse(source)
    last = tree.body[-1]
    value = None
    if isinstance(last, ast.Expr):
        tree.body.pop()
        exec(compile(tree, "cell", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    else:
        exec(compile(tree, "cell", "exec"), names)
    return value
