"""The score curve of a run as a CSV file, one line a validation."""

import csv
from pathlib import Path


def _is_upto(row: dict[str, str], step: int) -> bool:
    """Whether a line is whole and not past a step; a killed run may leave half a line."""
    whole = all(value is not None for value in row.values())
    return whole and row["step"].isdigit() and int(row["step"]) <= step


class Curve:
    """Appends lines; after a resume, lines past the resumed step are dropped first."""

    def __init__(self, path: Path, columns: list[str], *, resumed_at: int | None) -> None:
        """Start a file, or take up the one that is there where `resumed_at` is a step."""
        self.path, self.columns = path, columns
        rows: list[dict[str, str]] = []
        if resumed_at is not None and path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                rows = [r for r in csv.DictReader(file) if _is_upto(r, resumed_at)]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)

    def add(self, values: dict[str, float]) -> None:
        """Write one line; floats with six significant digits."""
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.columns)
            writer.writerow({k: v if isinstance(v, int) else f"{v:.6g}" for k, v in values.items()})
