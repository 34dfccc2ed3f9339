"""Make curves.png: how the scores of the bundled weights rose in training.

    python docs/images/curves.py

Reads `weights/curves/*.csv`; needs matplotlib.
"""

import csv
from pathlib import Path

from matplotlib.figure import Figure

HERE = Path(__file__).resolve().parent
CURVES = HERE.parents[1] / "weights" / "curves"


def main() -> None:
    """One panel a run: PSNR of each validation folder over the hours."""
    files = sorted(CURVES.glob("*.csv"))
    columns = 2
    rows = -(-len(files) // columns)
    figure = Figure(figsize=(10, 2.6 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in panels[len(files) :]:
        panel.set_visible(False)
    for panel, file in zip(panels, files, strict=False):
        with file.open(newline="", encoding="utf-8") as opened:
            lines = list(csv.DictReader(opened))
        for column in (c for c in lines[0] if c.startswith("psnr_")):
            # The start would hide the rest of the curve.
            shown = [r for r in lines if r[column] and (int(r["step"]) or len(lines) < 4)]
            hours = [float(r["seconds"]) / 3600 for r in shown]
            scores = [float(r[column]) for r in shown]
            panel.plot(hours, scores, marker=".", label=column.removeprefix("psnr_"))
        panel.set_title(file.stem, fontsize=10, loc="left")
        panel.set_ylabel("PSNR in dB")
        panel.set_xlabel("hours")
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8)
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(HERE / "curves.png", dpi=90)


if __name__ == "__main__":
    main()
