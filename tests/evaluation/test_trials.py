"""Which model is measured on what."""

from pathlib import Path

import pytest

from swinsr.errors import ConfigError
from swinsr.evaluation.contestant import Contestant
from swinsr.evaluation.known import Dataset, known_by_name
from swinsr.evaluation.trials import Request, make_plan
from swinsr.inference.engine import BaselineEngine
from swinsr.models import SwinIRConfig

ENGINE = BaselineEngine("bicubic")
BICUBIC = Contestant("bicubic", "bicubic", ENGINE)


def network(
    name: str, scale: int, task: str, gray: bool = False, published: str | None = None
) -> Contestant:
    upsampler = "pixelshuffledirect" if scale > 1 else ""
    config = SwinIRConfig(upscale=scale, in_chans=1 if gray else 3, upsampler=upsampler)
    return Contestant(name, name, ENGINE, config, task, published=published)


X2, X4 = (network(f"x{s}", s, "classical_sr") for s in (2, 4))
DENOISE = network("dn", 1, "gray_denoise", gray=True)
DENOISE_25 = network("dn25", 1, "gray_denoise", gray=True, published="swinir-gray-denoise-25")
JPEG = network("car", 1, "color_jpeg")


def dataset(root: Path, name: str) -> Dataset:
    (root / name).mkdir(exist_ok=True)
    (root / name / "a.png").touch()
    return Dataset(name, root / name, known_by_name(name))


def labels(models: list[Contestant], sets: list[Dataset], request: Request) -> list[str]:
    plan = make_plan(models, sets, request)
    return [f"{j.contestant.name} {j.dataset.name} {j.condition.label}" for j in plan.jobs]


def test_every_network_at_its_own_scale_and_baselines_at_all(tmp_path: Path) -> None:
    sets = [dataset(tmp_path, "Set5")]
    assert labels([BICUBIC, X2, X4], sets, Request()) == [
        *("bicubic Set5 x2", "bicubic Set5 x4", "x2 Set5 x2", "x4 Set5 x4"),
    ]


def test_a_network_that_is_not_asked_for_is_named(tmp_path: Path) -> None:
    sets = [dataset(tmp_path, "Set5")]
    plan = make_plan([BICUBIC, X4], sets, Request((2, 4)))
    assert [(j.contestant.name, j.condition.scale) for j in plan.jobs] == [
        *(("bicubic", 2), ("bicubic", 4), ("x4", 4)),
    ]
    with pytest.raises(ConfigError, match=r"x4 enlarges by 4.*not asked for"):
        make_plan([BICUBIC, X4], sets, Request((2,)))
    with pytest.raises(ConfigError, match="add --scale 4"):
        make_plan([BICUBIC, X4], sets, Request(noise=(25,)))


def test_a_baseline_alone_takes_what_the_dataset_is_for(tmp_path: Path) -> None:
    wanted = {
        "Set5": ["x4"],
        "Set12": ["noise 15 gray", "noise 25 gray", "noise 50 gray"],
        "McMaster": ["noise 15", "noise 25", "noise 50"],
        "LIVE1": ["JPEG 10", "JPEG 20", "JPEG 30", "JPEG 40"],
        "mine": ["x4"],
    }
    for name, conditions in wanted.items():
        found = labels([BICUBIC], [dataset(tmp_path, name)], Request())
        assert found == [f"bicubic {name} {c}" for c in conditions]


def test_restoration_takes_the_levels_asked_for(tmp_path: Path) -> None:
    sets = [dataset(tmp_path, "mine")]
    assert labels([BICUBIC, DENOISE], sets, Request(noise=(30,))) == [
        *("bicubic mine noise 30 gray", "dn mine noise 30 gray"),
    ]
    assert labels([JPEG], sets, Request(qualities=(5,))) == ["car mine JPEG 5"]


def test_a_published_denoiser_takes_the_level_it_is_for(tmp_path: Path) -> None:
    sets = [dataset(tmp_path, "Set12")]
    assert labels([DENOISE_25], sets, Request()) == ["dn25 Set12 noise 25 gray"]


def test_denoisers_are_not_set_to_jpeg(tmp_path: Path) -> None:
    sets = [dataset(tmp_path, "mine")]
    request = Request(noise=(25,), qualities=(10,))
    assert labels([DENOISE, JPEG], sets, request) == ["dn mine noise 25 gray", "car mine JPEG 10"]


def test_nothing_to_measure_is_said(tmp_path: Path) -> None:
    both = [dataset(tmp_path, "mine"), dataset(tmp_path, "Set12")]
    plan = make_plan([DENOISE], both, Request())
    assert len(plan.jobs) == 3
    assert "dn (gray_denoise) restores" in plan.notes[0] and "mine" in plan.notes[0]
    with pytest.raises(ConfigError, match="--noise or --quality"):
        make_plan([DENOISE], both[:1], Request())


def test_given_pairs_are_used_for_restoration(tmp_path: Path) -> None:
    for name in ("GT", "LQ"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").touch()
    pairs = Dataset("pairs", tmp_path)
    assert labels([BICUBIC, JPEG], [pairs], Request()) == [
        *("bicubic pairs as given", "car pairs as given"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"scales": (0,)},
        {"scales": (65,)},
        {"noise": (-1,)},
        {"qualities": (0,)},
        {"qualities": (101,)},
    ],
)
def test_refuses_impossible_requests(wrong: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(ConfigError):
        Request(**wrong)
