"""One row of the table: a contender on a network, a size and a precision, checked and timed."""

import dataclasses
import os
import statistics
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.gpu.clock import milliseconds, peak_bytes
from benchmarks.networks import cost_of
from benchmarks.published import Unavailable, published_network
from swinsr.inference import prepare
from swinsr.models import RestorationConfig, RestorationNetwork
from swinsr.ops.backend import BLOCK_VARIABLE
from swinsr.runtime.precision import exact_float32, tf32_products

Run = Callable[[Tensor], Tensor]
# Of the output's range.
BOUNDS = {"float32": 2e-5, "tf32": 2e-2, "bfloat16": 2e-2}
HEAD = (
    "| network | size | precision | program | ms | times published | peak | of the product's "
    "ceiling | of the copy's | difference |\n|---|---|---|---|---|---|---|---|---|---|"
)


@dataclasses.dataclass(frozen=True)
class Ceilings:
    """What the device was measured to do at most.

    Attributes:
        product: 10^12 operations a second of a bfloat16 product.
        copy: 10^9 bytes a second of a copy, read and written.
    """

    product: float
    copy: float

    def shares(self, milliseconds: float, operations: float, moved: float) -> tuple[float, float]:
        """Of the two, what some work came to."""
        return (
            operations / (milliseconds * 1e9) / self.product,
            moved / (milliseconds * 1e6) / self.copy,
        )


def least_moved(config: RestorationConfig, height: int, width: int) -> float:
    """Bytes of memory that a pass reads and writes at the least, kernels of halves of a block.

    Each half of a block reads its float32 map and writes it; a convolution with a residual reads
    two and writes one; the picture is read and the result written once. What a head holds between
    its layers is not counted.
    """
    maps = 4 * config.blocks + 3 * (len(config.depths) + 1) + 2
    picture = config.in_chans * (1 + config.upscale**2)
    return 4.0 * height * width * (maps * config.embed_dim + picture)


@dataclasses.dataclass
class Row:
    """What was found; `problem` says why nothing was."""

    network: str
    size: tuple[int, int]
    precision: str
    program: str
    problem: str = ""
    difference: float = float("nan")
    milliseconds: list[float] = dataclasses.field(default_factory=list)
    peak: int = 0
    operations: float = 0.0
    moved: float = 0.0

    @property
    def median(self) -> float:
        """Milliseconds of the median run."""
        return statistics.median(self.milliseconds) if self.milliseconds else float("nan")

    def markdown(self, published: float, ceilings: Ceilings) -> str:
        """As a line of the table.

        Args:
            published: milliseconds of the published code in this precision, or NaN.
            ceilings: of the device.
        """
        height, width = self.size
        start = f"| {self.network} | {width}x{height} | {self.precision} | {self.program} |"
        if not self.milliseconds:
            return f"{start} - | - | - | - | - | {self.problem} |"
        times = "-" if published != published else f"{published / self.median:.2f}"
        product, copy = ceilings.shares(self.median, self.operations, self.moved)
        peak = f"{self.peak / 1e9:.2f} GB" if self.peak else "-"
        return (
            f"{start} {self.median:.2f} | {times} | {peak} | {product:.1%} | {copy:.1%} "
            f"| {self.difference:.0e} |"
        )


class Case:
    """A network, a size and a precision, and what the output should be."""

    def __init__(
        self, name: str, built: RestorationNetwork, size: tuple[int, int], precision: str
    ) -> None:
        """`built` is on the device, in evaluation mode."""
        self.name, self.built, self.size, self.precision = name, built, size, precision
        self.device = built.mean.device
        generator = torch.Generator().manual_seed(0)
        shape = (1, built.config.in_chans, *size)
        self.image = torch.rand(shape, generator=generator).to(self.device)
        with torch.inference_mode(), exact_float32:
            self.reference = built.forward_head(self.image).image
        self.operations = 2.0 * cost_of(built.config).macs(*self.reference.shape[-2:])
        self.moved = least_moved(built.config, *size)

    def measure(self, program: str, make: Callable[[], Run], runs: int) -> Row:
        """Check a contender's output, then time it; one that is wrong is not timed."""
        row = Row(self.name, self.size, self.precision, program)
        row.operations, row.moved = self.operations, self.moved
        products = tf32_products if self.precision == "tf32" else exact_float32
        try:
            with torch.inference_mode(), products:
                run = make()
                span = float(self.reference.max() - self.reference.min())
                out = run(self.image)
                row.difference = float((out - self.reference).abs().max()) / span
                if not row.difference <= BOUNDS[self.precision]:
                    row.problem = f"differs by {row.difference:.1e} of the range; not timed"
                    return row
                row.milliseconds = milliseconds(lambda: run(self.image), self.device, runs=runs)
                row.peak = peak_bytes(lambda: run(self.image), self.device)
        except Unavailable as why:
            row.problem = str(why).splitlines()[0]
        except torch.OutOfMemoryError:
            row.problem = "out of memory"
        return row

    def ours(self, *, block: str = "auto", captured: bool = True) -> Run:
        """Prepared as the Upscaler prepares it.

        Args:
            block: how blocks run; see SWINSR_BLOCK.
            captured: replay a graph where the device has them.
        """
        before = os.environ.get(BLOCK_VARIABLE)
        os.environ[BLOCK_VARIABLE] = block
        try:
            ready = prepare(self.built, self.precision)
        finally:
            del os.environ[BLOCK_VARIABLE]
            if before is not None:
                os.environ[BLOCK_VARIABLE] = before
        if not captured:
            ready.captured = None
        return ready

    def published(self, file: Path | None, *, compiled: bool = False) -> Run:
        """The published network, all of it in the precision's type.

        Raises:
            Unavailable: there is none here.
        """
        dtype = torch.bfloat16 if self.precision == "bfloat16" else torch.float32
        module = published_network(self.built, file).to(self.device, dtype)
        called: Run = torch.compile(module) if compiled else module
        height, width = (side * self.built.config.upscale for side in self.size)

        def run(x: Tensor) -> Tensor:
            return called(x.to(dtype)).float()[..., :height, :width]

        return run
