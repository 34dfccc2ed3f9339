"""Whole evaluations: values, failures, the cache, going on after a stop."""

import math
from pathlib import Path

import numpy as np
import pytest

from swinsr import Upscaler
from swinsr.degradations import imresize
from swinsr.errors import ConfigError
from swinsr.evaluation import (
    Evaluation,
    Failure,
    Listener,
    Measured,
    Options,
    Request,
    Result,
    evaluate,
)
from swinsr.metrics import psnr, psnr_ssim_y
from swinsr.models import SwinIRConfig
from tests.evaluation.conftest import TINY, pictures, save_network, write

X2 = Request(scales=(2,))


def scores(evaluation: Evaluation, name: str) -> list[float]:
    return [image.scores[name] for result in evaluation.results for image in result.images]


def cached(evaluation: Evaluation) -> list[bool]:
    return [image.cached for result in evaluation.results for image in result.images]


def test_bicubic_is_measured_as_by_hand(paired_set: Path, hr_set: Path) -> None:
    bicubic = Upscaler.from_pretrained("bicubic")
    expected = [
        psnr_ssim_y(bicubic(imresize(p, scale=1 / 2), 2), p, border=2) for p in pictures().values()
    ]
    for folder in (paired_set, hr_set):  # given, and made: the same
        found = evaluate(["bicubic"], [str(folder)], X2)
        assert scores(found, "psnr_y") == [e.psnr for e in expected]
        assert scores(found, "ssim_y") == [e.ssim for e in expected]
        mean = found.results[0].mean["psnr_y"]
        assert mean == pytest.approx(np.mean([e.psnr for e in expected]), abs=1e-12)


def test_a_network_is_measured_as_the_upscaler_runs_it(paired_set: Path, tiny_x2: Path) -> None:
    upscaler = Upscaler.from_pretrained(tiny_x2, device="cpu", precision="float32")
    truth = pictures()["rocket"]
    own = upscaler(imresize(truth, scale=1 / 2))
    found = evaluate([str(tiny_x2)], [str(paired_set)], options=Options(device="cpu"))
    assert scores(found, "psnr_y")[2] == psnr_ssim_y(own, truth, border=2).psnr
    assert found.results[0].job.condition.scale == 2


def test_padding_and_self_ensemble_change_the_result(paired_set: Path, tiny_x2: Path) -> None:
    results = [
        evaluate([str(tiny_x2)], [str(paired_set)], options=options).results[0]
        for options in (Options(), Options(padding="published"), Options(self_ensemble=True))
    ]
    assert len({result.mean["psnr"] for result in results}) == 3
    assert [result.self_ensemble for result in results] == [False, False, True]


def test_gray_restoration_takes_gray_pictures(hr_set: Path, tiny_gray: Path) -> None:
    request = Request(noise=(25,))
    found = evaluate(["bicubic", str(tiny_gray)], [str(hr_set)], request)
    assert [r.job.condition.label for r in found.results] == ["noise 25 gray"] * 2
    assert list(found.results[1].mean) == ["psnr", "ssim"]


def test_a_baseline_at_scale_1_is_the_poor_picture_itself(hr_set: Path) -> None:
    from swinsr.degradations import jpeg

    found = evaluate(["bicubic"], [str(hr_set)], Request(qualities=(20,)))
    expected = [psnr(jpeg(p, 20), p) for p in pictures().values()]
    assert scores(found, "psnr") == pytest.approx(expected, abs=1e-9)


def spoil(root: Path) -> None:
    """One missing input, one of a wrong size, one unreadable truth, one gray among colour."""
    low = root / "LR_bicubic" / "X2"
    (low / "astronautx2.png").unlink()
    write(low / "catx2.png", np.zeros((9, 9, 3), np.uint8))
    (root / "HR" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    gray = pictures()["rocket"]
    write(root / "HR" / "gray.png", gray)
    write(low / "grayx2.png", gray[::2, ::2, :1].copy())


def test_bad_pictures_are_named_and_the_rest_measured(paired_set: Path) -> None:
    spoil(paired_set)
    found = evaluate(["bicubic", "lanczos"], [str(paired_set)], X2)
    for result in found.results:
        assert [image.name for image in result.images] == ["rocket"]
        assert [f.name for f in result.failures] == ["astronaut", "broken", "cat", "gray"]
        assert not result.complete
    texts = "\n".join(found.failures)
    assert len(found.failures) == 4  # once each, not once a model
    for wanted in (
        "astronautx2.png: it is missing",
        "broken.png",
        "catx2.png: 9 x 9",
        "it is gray",
    ):
        assert wanted in texts


def test_a_dataset_that_fails_whole_has_no_mean(paired_set: Path) -> None:
    for path in (paired_set / "HR").iterdir():
        path.write_bytes(b"")
    (result,) = evaluate(["bicubic"], [str(paired_set)], X2).results
    assert result.mean == {} and result.seconds_per_image is None and len(result.failures) == 3


def test_measures_nothing_twice(paired_set: Path, tiny_x2: Path, tmp_path: Path) -> None:
    models, cache = ["bicubic", str(tiny_x2)], tmp_path / "cache"
    first, second = (evaluate(models, [str(paired_set)], X2, cache=cache) for _ in range(2))
    assert not any(cached(first)) and all(cached(second))
    for before, after in zip(first.results, second.results, strict=True):
        assert before.mean == after.mean
        assert [i.crop for i in before.images] == [i.crop for i in after.images]


def test_a_changed_picture_is_measured_again(paired_set: Path, tmp_path: Path) -> None:
    def run() -> Evaluation:
        return evaluate(["bicubic"], [str(paired_set)], X2, cache=tmp_path / "cache")

    run()
    truth = pictures()["cat"].copy()
    truth[0, 0] ^= 1
    write(paired_set / "HR" / "cat.png", truth)
    assert cached(run()) == [True, False, True]
    write(paired_set / "LR_bicubic/X2/rocketx2.png", np.zeros((18, 18, 3), np.uint8))
    assert cached(run()) == [True, True, False]


def test_changed_weights_and_options_are_measured_again(
    paired_set: Path, tiny_x2: Path, tmp_path: Path
) -> None:
    def run(options: Options) -> Evaluation:
        return evaluate(
            ["bicubic", str(tiny_x2)], [str(paired_set)], options=options, cache=tmp_path / "cache"
        )

    plain = run(Options())
    # A baseline has neither padding nor self-ensemble.
    assert cached(run(Options(padding="published"))) == [True] * 3 + [False] * 3
    assert cached(run(Options(self_ensemble=True))) == [True] * 3 + [False] * 3
    config = SwinIRConfig(upscale=2, upsampler="pixelshuffledirect", **TINY)
    save_network(tiny_x2, config, seed=1)
    other = run(Options())
    assert cached(other) == [True] * 3 + [False] * 3
    assert other.results[1].mean != plain.results[1].mean


class Stop(Listener):
    """Ends the run, as an interrupt does, after so many pictures."""

    def __init__(self, after: int) -> None:
        self.left = after

    def finish(self, result: Result, outcome: Measured | Failure, work: float) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_a_stopped_run_goes_on_where_it_was(paired_set: Path, tmp_path: Path) -> None:
    cache, models = tmp_path / "cache", ["bicubic", "nearest"]
    whole = evaluate(models, [str(paired_set)], X2)
    with pytest.raises(KeyboardInterrupt):
        evaluate(models, [str(paired_set)], X2, cache=cache, listener=Stop(4))
    resumed = evaluate(models, [str(paired_set)], X2, cache=cache)
    assert cached(resumed) == [True] * 4 + [False] * 2
    assert [r.mean for r in resumed.results] == [r.mean for r in whole.results]


def test_the_listener_sees_all_the_work(paired_set: Path, tiny_x2: Path) -> None:
    class Sum(Listener):
        total = done = 0.0
        shares: list[float] = []  # noqa: RUF012

        def begin(self, total: float) -> None:
            self.total = total

        def start(self, result, item, work):  # type: ignore[no-untyped-def]
            return self.shares.append

        def finish(self, result: Result, outcome: Measured | Failure, work: float) -> None:
            self.done += work

    watcher = Sum()
    evaluate(["bicubic", str(tiny_x2)], [str(paired_set)], X2, listener=watcher)
    assert watcher.total > 0 and math.isclose(watcher.total, watcher.done)
    assert watcher.shares.count(1.0) >= 6


def test_names_need_not_be_ascii(hr_set: Path) -> None:
    (hr_set / "cat.png").rename(hr_set / "Katze – 猫|x.png")
    assert "Katze – 猫|x" in [
        i.name for i in evaluate(["nearest"], [str(hr_set)], X2).results[0].images
    ]


def test_published_scores_are_compared_only_where_the_dataset_is_whole(tmp_path: Path) -> None:
    root = tmp_path / "Set5"
    for number in range(4):
        write(root / f"{number}.png", pictures()["cat"])
    found = evaluate(["bicubic"], [str(root)], X2)
    assert found.results[0].published is not None and found.results[0].difference == {}
    assert "has 4 pictures and not the 5 of Set5" in " ".join(found.notes)
    write(root / "4.png", pictures()["cat"])
    (result,) = evaluate(["bicubic"], [str(root)], X2).results
    assert result.difference["psnr_y"] == result.mean["psnr_y"] - 33.66


def test_a_metric_that_is_not_installed_is_said_before_anything_is_measured(hr_set: Path) -> None:
    with pytest.raises(ConfigError, match=r"pip install|has no metric"):
        evaluate(["nearest"], [str(hr_set)], X2, Options(metrics=("no-such-metric",)))
