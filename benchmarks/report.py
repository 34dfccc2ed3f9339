"""The measurements as Markdown, JSON and a plot."""

import dataclasses
import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.measure import Row
from swinsr.version import __version__

FIRST = ("published (BasicSR)", "transformers", "swinsr modules")


def markdown(rows: Sequence[Row], rates: dict[str, float]) -> str:
    """A table a network and size; ratios are to the published implementation, or our modules."""
    lines = [
        f"{torch.get_num_threads()} threads; floor: "
        + ", ".join(f"{rate / 1e9:.0f} GFLOP/s in {name}" for name, rate in rates.items())
        + "."
    ]
    for name, side in dict.fromkeys((row.network, row.side) for row in rows):
        group = [row for row in rows if (row.network, row.side) == (name, side)]
        timed = {row.contender: row.median for row in group if row.seconds}
        base = next((first for first in FIRST if first in timed), None)
        lines += [
            "",
            f"**{name}, {side}x{side}**, times as fast as {base}",
            "",
            "| program | median s | times | of the floor | peak memory | difference |",
            "|---|---|---|---|---|---|",
        ]
        for row in group:
            if not row.seconds:
                lines.append(f"| {row.contender} | - | - | - | - | {row.problem} |")
                continue
            times = timed[base] / row.median if base else float("nan")
            peak = "-" if row.peak is None else f"{row.peak / 1e9:.2f} GB"
            lines.append(
                f"| {row.contender} | {row.median:.2f} | {times:.2f} | "
                f"{row.floor / row.median:.0%} | {peak} | {row.difference:.0e} |"
            )
    return "\n".join(lines) + "\n"


def as_json(rows: Sequence[Row], rates: dict[str, float]) -> dict[str, Any]:
    """Everything that was measured, and on what."""
    return {
        "swinsr": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "operations_per_second": rates,
        "rows": [dataclasses.asdict(row) | {"median": row.median} for row in rows],
    }


def plot(rows: Sequence[Row], path: Path) -> None:
    """Bars of medians, one panel a network and size (needs matplotlib)."""
    from matplotlib.figure import Figure

    groups = list(dict.fromkeys((row.network, row.side) for row in rows))
    figure = Figure(figsize=(7, 1.1 + 1.9 * len(groups)), layout="constrained")
    panels = figure.subplots(len(groups), 1, squeeze=False)[:, 0]
    for panel, (name, side) in zip(panels, groups, strict=True):
        timed = [r for r in rows if (r.network, r.side) == (name, side) and r.seconds]
        colours = ["#2a6f97" if r.contender.startswith("swinsr") else "#b0b7bd" for r in timed]
        bars = panel.barh([r.contender for r in timed], [r.median for r in timed], color=colours)
        panel.bar_label(bars, fmt="%.2f", padding=3)
        panel.invert_yaxis()
        panel.set_title(f"{name}, {side}x{side}: seconds, median", fontsize=10, loc="left")
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def write(rows: Sequence[Row], rates: dict[str, float], folder: Path, name: str = "speed") -> None:
    """NAME.json, NAME.md and NAME.png in `folder`; no plot without matplotlib."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(as_json(rows, rates), indent=1) + "\n")
    (folder / f"{name}.md").write_text(markdown(rows, rates))
    try:
        plot(rows, folder / f"{name}.png")
    except ImportError:
        print("no plot: matplotlib is not installed", file=sys.stderr)
