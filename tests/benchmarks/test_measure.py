"""The benchmark times only what is right, and quotes a floor that nothing beats by accident."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks import measure as measuring
from benchmarks.contenders import CONTENDERS, Contender, Run, Unavailable, _Plain
from benchmarks.floor import Floor
from benchmarks.measure import Row, measure, quote
from benchmarks.report import as_json, markdown, write
from swinsr.models import RestorationNetwork, from_published

TINY = {"upscale": 2, "img_size": 16, "window_size": 8, "depths": [2], "num_heads": [2]}
TINY |= {"embed_dim": 8, "upsampler": "pixelshuffledirect"}


class NoFloor(Floor):
    """Rates without measuring."""

    def __init__(self) -> None:
        self.rates = {"float32": 1e9, "bfloat16": 2e9}
        self.samples = 0

    def sample(self, runs: int = 2) -> None:
        self.samples += 1


def right(network: RestorationNetwork, size: tuple[int, int]) -> Run:
    def run(x: Tensor) -> Tensor:
        with torch.inference_mode():
            return network.forward_head(x).image

    return run


def wrong(network: RestorationNetwork, size: tuple[int, int]) -> Run:
    run = right(network, size)
    return lambda x: run(x) + 0.01


def missing(network: RestorationNetwork, size: tuple[int, int]) -> Run:
    raise Unavailable("it is not installed")


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    made = (("right", right), ("wrong", wrong), ("missing", missing))
    contenders = tuple(Contender(name, "float32", ("swinir",), make) for name, make in made)
    monkeypatch.setattr(measuring, "CONTENDERS", contenders)
    monkeypatch.setattr(measuring, "network", lambda name: from_published("swinir", TINY).eval())
    floor = NoFloor()
    found = measure("tiny", 16, contenders=[], runs=3, floor=floor, say=lambda line: None)
    quote(found, floor)
    assert floor.samples == 4  # before each run that was timed, and after the last
    return found


def test_wrong_and_missing_contenders_get_no_time_and_say_why(rows: list[Row]) -> None:
    good, bad, absent = rows
    assert len(good.seconds) == 3 and not good.problem
    assert not bad.seconds and "not timed" in bad.problem
    assert not absent.seconds and absent.problem == "it is not installed"


def test_floor_is_the_arithmetic_at_the_measured_rate(rows: list[Row]) -> None:
    assert rows[0].floor == rows[0].operations / 1e9 > 0


def test_report_names_every_contender(rows: list[Row], tmp_path: Path) -> None:
    rates = {"float32": 1e9, "bfloat16": 2e9}
    text = markdown(rows, rates)
    assert all(f"| {row.contender} |" in text for row in rows)
    assert "it is not installed" in text
    assert as_json(rows, rates)["rows"][0]["median"] == rows[0].median
    write(rows, rates, tmp_path, "tiny")
    assert (tmp_path / "tiny.json").exists() and (tmp_path / "tiny.md").read_text() == text


def test_floor_keeps_the_best_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.floor.CONVOLUTIONS", ((4, 8),))
    monkeypatch.setattr("benchmarks.floor.PRODUCT", 16)
    floor = Floor()
    floor.sample(1)
    first = dict(floor.rates)
    assert min(first.values()) > 0
    floor.sample(1)
    assert all(floor.rates[name] >= rate for name, rate in first.items())


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_network_for_other_programs_is_traced_in_plain_operators() -> None:
    network = from_published("swin2sr", TINY).eval()
    image = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        traced = torch.jit.trace(_Plain(network), image, check_trace=False)  # type: ignore[no-untyped-call]
        expected = network.forward_head(image).image
    assert "swinsr::" not in str(traced.inlined_graph)
    assert torch.allclose(traced(image), expected, atol=1e-6)


def test_every_contender_knows_a_network_that_is_measured() -> None:
    assert {family for contender in CONTENDERS for family in contender.families} == {
        "swinir",
        "swin2sr",
    }
