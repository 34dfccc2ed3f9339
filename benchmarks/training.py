"""Training steps a second on the CPU: the gradients first, then the time.

    python -m benchmarks.training [--networks starter swinir-s-x4] [--steps 5] [--threads 2]

Low-resolution pixels trained a second, batches of 16 patches of 32x32, bfloat16 autocast. Beside
`swinsr train`'s own step stands the same network written the usual way, without any kernel of ours,
in a plain loop, and BasicSR's network in the same loop where it is installed.
"""

import argparse
import copy
import dataclasses
import os
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks.contenders import Unavailable, published_swinir
from benchmarks.networks import PUBLISHED
from swinsr.models import RestorationNetwork, from_published
from swinsr.training.sampler import Batch, Part
from swinsr.training.settings import DataSettings, Recipe
from swinsr.training.stepper import Stepper

BATCH, PATCH = 16, 32
STARTER = dict(PUBLISHED["swinir-s-x4"][1]) | {
    "depths": [4, 4],
    "num_heads": [4, 4],
    "embed_dim": 48,
    "img_size": 32,
    "drop_path_rate": 0.0,
}
NETWORKS = {
    "starter": STARTER,
    "swinir-s-x4": dict(PUBLISHED["swinir-s-x4"][1]) | {"drop_path_rate": 0.0},
}
# The usual step's own error, in bfloat16, is what ours is held to.
LOOSER = 2.0
Step = Callable[[], object]


def usual_step(network: nn.Module, source: Tensor, target: Tensor) -> Step:
    """A plain training loop's step: autocast, L1, AdamW, clipping, an average of the weights."""
    network.train()
    parameters = list(network.parameters())
    optimizer = torch.optim.AdamW(parameters, 1e-4, betas=(0.9, 0.99))
    average = copy.deepcopy(parameters)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16):
            output = network(source)
        (output.float() - target).abs().mean().backward()
        nn.utils.clip_grad_norm_(parameters, 0.5)
        optimizer.step()
        with torch.no_grad():
            for mean, parameter in zip(average, parameters, strict=True):
                mean.lerp_(parameter, 0.002)

    return step


def own_step(network: RestorationNetwork, source: Tensor, target: Tensor) -> Step:
    """The step of `swinsr train`."""
    recipe = Recipe(network=network.config, data=DataSettings(train=("unused",)))
    stepper = Stepper(network, recipe, torch.device("cpu"), Part())
    batch = Batch(step=1000, input=source, target=target)
    return lambda: stepper.step(batch)


def without_kernels(step: Step) -> Step:
    """The same step with every operation through PyTorch's own operators."""

    def plain() -> object:
        forced = {"SWINSR_ATTENTION": "reference", "SWINSR_BLOCK": "modules"}
        os.environ.update(forced)
        try:
            return step()
        finally:
            for name in forced:
                del os.environ[name]

    return plain


def gradients(network: nn.Module, source: Tensor, target: Tensor, *, autocast: bool) -> Tensor:
    """All gradients of one step, flattened."""
    network.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        output = network(source)
    # Squares, since L1's gradient jumps where the output crosses the target.
    (output.float() - target).square().mean().backward()
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


def check(network: RestorationNetwork, source: Tensor, target: Tensor) -> tuple[float, float]:
    """Relative error of the gradients under autocast, usual and ours, from float32's."""
    network.train()
    found: dict[bool, Tensor] = {}
    for kernels in (False, True):
        take: Callable[[], object] = lambda: gradients(network, source, target, autocast=True)  # noqa: E731
        result = take() if kernels else without_kernels(take)()
        assert isinstance(result, Tensor)
        found[kernels] = result
    exact = without_kernels(lambda: gradients(network, source, target, autocast=False))()
    assert isinstance(exact, Tensor)
    usual, ours = ((found[k] - exact).norm() / exact.norm() for k in (False, True))
    return float(usual), float(ours)


@dataclasses.dataclass
class Row:
    """One way to train one network."""

    network: str
    name: str
    seconds: list[float] = dataclasses.field(default_factory=list)
    problem: str = ""


def measure(name: str, steps: int) -> tuple[list[Row], str]:
    """All ways on one network, a step of each in turn; and a line on the gradients."""
    torch.manual_seed(0)
    config = NETWORKS[name]
    source, target = torch.rand(BATCH, 3, PATCH, PATCH), torch.rand(BATCH, 3, 4 * PATCH, 4 * PATCH)
    network = from_published("swinir", config)
    usual, ours = check(network, source, target)
    verdict = f"{name}: gradients off by {ours:.1e} of their norm, usual step {usual:.1e}"
    if not ours <= LOOSER * usual:
        raise SystemExit(f"{verdict}: too far, nothing is timed")
    ready: list[tuple[Row, Step]] = [
        (
            Row(name, "usual step"),
            without_kernels(usual_step(copy.deepcopy(network), source, target)),
        ),
        (Row(name, "swinsr train"), own_step(copy.deepcopy(network), source, target)),
    ]
    rows = [row for row, _ in ready]
    try:
        published = published_swinir(config)
        row = Row(name, "BasicSR's network")
        ready.append((row, usual_step(published, source, target)))
        rows.append(row)
    except Unavailable as error:
        rows.append(Row(name, "BasicSR's network", problem=str(error).splitlines()[0]))
    for number in range(steps + 1):
        for row, step in ready:
            start = time.perf_counter()
            step()
            if number:  # the first warms up
                row.seconds.append(time.perf_counter() - start)
    return rows, verdict


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0)
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    print(f"{torch.get_num_threads()} threads")
    for name in given.networks:
        rows, verdict = measure(name, given.steps)
        base = statistics.median(rows[0].seconds)
        print(f"\n{verdict}\n\n| network | step | pixels a second | times |\n|---|---|---|---|")
        for row in rows:
            if row.problem:
                print(f"| {row.network} | {row.name} | - | {row.problem} |")
                continue
            median = statistics.median(row.seconds)
            rate = BATCH * PATCH**2 / median
            print(f"| {row.network} | {row.name} | {rate:,.0f} | {base / median:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
