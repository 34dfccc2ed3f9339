"""Training steps a second on the CPU: the gradients first, then the time.

    python -m benchmarks.training [--networks starter swinir-s-x4] [--steps 9] [-o FOLDER]

Low-resolution pixels trained a second, batches of 16 patches of 32x32, bfloat16 autocast. Beside
`swinsr train`'s own step stands the same network written the usual way, without any kernel of ours,
in a plain loop, and BasicSR's network in the same loop where it is installed. Each has a process of
its own, and they take a step in turn.
"""

import argparse
import copy
import dataclasses
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.contenders import Unavailable, published_swinir
from benchmarks.networks import PUBLISHED
from swinsr.models import RestorationNetwork, from_published
from swinsr.training.data.sampler import Batch, Part
from swinsr.training.recipes.settings import DataSettings, Recipe
from swinsr.training.steps.precision import explain_precision
from swinsr.training.steps.stepper import Stepper

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
Config = Mapping[str, Any]


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

    @property
    def rate(self) -> float:
        """Low-resolution pixels a second, of the median step."""
        return BATCH * PATCH**2 / statistics.median(self.seconds)


def pictures() -> tuple[Tensor, Tensor]:
    """A batch: input and target."""
    torch.manual_seed(0)
    return torch.rand(BATCH, 3, PATCH, PATCH), torch.rand(BATCH, 3, 4 * PATCH, 4 * PATCH)


def make_usual(config: Config) -> Step:
    """The network without kernels in a plain loop."""
    return without_kernels(usual_step(from_published("swinir", config), *pictures()))


def make_own(config: Config) -> Step:
    """What `swinsr train` does."""
    return own_step(from_published("swinir", config), *pictures())


def make_basicsr(config: Config) -> Step:
    """BasicSR's network in a plain loop."""
    return usual_step(published_swinir(config), *pictures())


WAYS: dict[str, Callable[[Config], Step]] = {
    "usual step": make_usual,
    "swinsr train": make_own,
    "BasicSR's network": make_basicsr,
}


def serve(way: str, network: str, threads: int, pipe: Any) -> None:
    """In a process of its own: take a step and tell its seconds, as often as asked."""
    torch.set_num_threads(threads)
    try:
        step = WAYS[way](NETWORKS[network])
    except Unavailable as error:
        pipe.send(str(error).splitlines()[0])
        return
    pipe.send("")
    while pipe.recv():
        start = time.perf_counter()
        step()
        pipe.send(time.perf_counter() - start)


def measure(name: str, steps: int) -> tuple[list[Row], str]:
    """All ways on one network, a step of each in turn; and a line on the gradients."""
    usual, ours = check(from_published("swinir", NETWORKS[name]), *pictures())
    verdict = f"{name}: gradients off by {ours:.1e} of their norm, usual step {usual:.1e}"
    if not ours <= LOOSER * usual:
        raise SystemExit(f"{verdict}: too far, nothing is timed")
    context = multiprocessing.get_context("spawn")
    rows, ready = [], []
    for way in WAYS:
        here, there = context.Pipe()
        arguments = (way, name, torch.get_num_threads(), there)
        process = context.Process(target=serve, args=arguments, daemon=True)
        process.start()
        row = Row(name, way, problem=here.recv())
        rows.append(row)
        if not row.problem:
            ready.append((row, here, process))
    for number in range(steps + 2):
        for row, pipe, _ in ready:
            time.sleep(0.02)  # until the threads of the step before no longer spin
            pipe.send(True)
            seconds = pipe.recv()
            if number > 1:  # the first warm up
                row.seconds.append(seconds)
    for _, pipe, process in ready:
        pipe.send(False)
        process.join()
    return rows, verdict


def table(rows: list[Row], verdict: str) -> str:
    """Markdown."""
    base = statistics.median(rows[0].seconds)
    lines = [verdict, "", "| network | step | pixels a second | times |", "|---|---|---|---|"]
    for row in rows:
        if row.problem:
            lines.append(f"| {row.network} | {row.name} | - | {row.problem} |")
            continue
        times = base / statistics.median(row.seconds)
        lines.append(f"| {row.network} | {row.name} | {row.rate:,.0f} | {times:.2f} |")
    return "\n".join(lines)


def main() -> int:
    """Measure, print tables, and write them where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--steps", type=int, default=9)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, help="folder for training.md and .json")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    rows: list[Row] = []
    texts = [f"{torch.get_num_threads()} threads, {given.steps} steps each, medians."]
    texts[0] += f" Precision: {explain_precision('bfloat16', torch.device('cpu'))}."
    for name in given.networks:
        measured, verdict = measure(name, given.steps)
        rows += measured
        texts.append(table(measured, verdict))
        print("\n".join(texts[-2:] if len(texts) == 2 else texts[-1:]), end="\n\n", flush=True)
    if given.output:
        (given.output / "training.md").write_text("\n\n".join(texts) + "\n")
        values = [dataclasses.asdict(row) for row in rows]
        (given.output / "training.json").write_text(json.dumps(values, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
