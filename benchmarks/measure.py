"""Check every contender against the reference, then time them in turn."""

import dataclasses
import statistics
import time
from collections.abc import Callable, Sequence

import torch

from benchmarks.contenders import CONTENDERS, Contender, Run, Unavailable
from benchmarks.floor import Floor
from benchmarks.networks import network
from swinsr.models.count import count

# Of the output's range: a few roundings of float32, and what bfloat16 may cost.
BOUNDS = {"float32": 2e-5, "bfloat16": 2e-2}


@dataclasses.dataclass
class Row:
    """One contender at one size."""

    network: str
    side: int
    contender: str
    precision: str
    problem: str = ""
    difference: float = float("nan")
    seconds: list[float] = dataclasses.field(default_factory=list)
    operations: float = float("nan")
    floor: float = float("nan")  # seconds that the arithmetic alone needs; see `quote`
    peak: float | None = None  # bytes

    @property
    def median(self) -> float:
        """Seconds of the median run."""
        return statistics.median(self.seconds) if self.seconds else float("nan")


def measure(
    name: str,
    side: int,
    *,
    contenders: Sequence[str],
    runs: int,
    floor: Floor,
    say: Callable[[str], None],
) -> list[Row]:
    """All contenders on one network and one square size.

    The reference is our plain modules, which the golden tests hold to the published networks. A
    contender whose output differs by more than the bound of its precision is not timed.
    """
    torch.manual_seed(0)
    built = network(name)
    image = torch.rand(1, built.config.in_chans, side, side)
    with torch.inference_mode():
        reference = built.forward_head(image).image
    span = float(reference.max() - reference.min())
    macs = count(built.config).macs(*reference.shape[-2:])

    rows: list[Row] = []
    ready: list[tuple[Row, Run]] = []
    for contender in chosen(contenders, built.config.family):
        row = Row(name, side, contender.name, contender.precision)
        rows.append(row)
        say(f"{name} {side}x{side}: checking {contender.name}")
        try:
            run = contender.make(built, (side, side))
        except Unavailable as error:
            row.problem = str(error).splitlines()[0]
            continue
        row.difference = float((run(image) - reference).abs().max()) / span
        row.operations = 2.0 * macs
        if row.difference > BOUNDS[contender.precision]:
            row.problem = f"differs by {row.difference:.1e} of the range; not timed"
            continue
        ready.append((row, run))
    for number in range(runs):
        say(f"{name} {side}x{side}: run {number + 1} of {runs}")
        for row, run in ready:
            floor.sample()
            start = time.perf_counter()
            run(image)
            row.seconds.append(time.perf_counter() - start)
    floor.sample()
    return rows


def quote(rows: Sequence[Row], floor: Floor) -> None:
    """Fill in each row's floor, from the best rates of the whole run."""
    for row in rows:
        if row.precision in floor.rates:
            row.floor = row.operations / floor.rates[row.precision]


def chosen(names: Sequence[str], family: str) -> list[Contender]:
    """The contenders of those names, or all, that know the family."""
    return [c for c in CONTENDERS if family in c.families and (not names or c.name in names)]
