"""Validations of a run: scores, curve, picture, and which weights were the best."""

import math
from pathlib import Path

import torch

from swinsr.metrics import Score
from swinsr.training.recipes.settings import Recipe
from swinsr.training.reports.board import Board
from swinsr.training.reports.curve import Curve
from swinsr.training.reports.sheet import side_by_side, write_sheet
from swinsr.training.validation import answer, read_test_folders, score
from swinsr.training.weights.ema import Trained


class Validator:
    """Scores a network on the recipe's folders and keeps the record."""

    def __init__(self, recipe: Recipe, folder: Path, device: torch.device) -> None:
        """Read the validation pictures.

        Raises:
            SwinsrError: see `read_test_folders`.
        """
        self.recipe, self.folder, self.device = recipe, folder, device
        self.tests = read_test_folders(recipe)
        self._curve: Curve | None = None
        self._board: Board | None = None

    def open(self, *, resumed_at: int | None) -> None:
        """Start the record, or take it up at a step.

        Raises:
            ConfigError: TensorBoard is asked for and not installed.
        """
        columns = ["step", "seconds", "pixels", "lr", "loss"]
        columns += [f"{kind}_{t.name}" for t in self.tests for kind in ("psnr", "ssim")]
        self._curve = Curve(self.folder / "curve.csv", columns, resumed_at=resumed_at)
        if self.recipe.log.tensorboard:
            self._board = Board(self.folder, resumed_at=resumed_at)

    def close(self) -> None:
        """End the record."""
        if self._board is not None:
            self._board.close()

    def validate(self, network: Trained, row: dict[str, float]) -> dict[str, Score]:
        """Score every folder; `row` is what else the curve's line says (step, loss, ...)."""
        scores = {t.name: score(network, t, self.recipe, self.device) for t in self.tests}
        for name, value in scores.items():
            row = row | {f"psnr_{name}": value.psnr, f"ssim_{name}": value.ssim}
        if self._curve is not None:
            self._curve.add(row)
        step = int(row["step"])
        if self._board is not None:
            known = {k: v for k, v in row.items() if k != "step" and not math.isnan(v)}
            self._board.scalars(step, known)
        if self.recipe.validation.picture and self.tests:
            pair = self.tests[0].pairs[0]
            sheet = side_by_side(pair.input, answer(network, pair, self.device), pair.target)
            write_sheet(self.folder / "pictures" / f"{step:07}.png", sheet)
            if self._board is not None:
                self._board.picture(step, sheet)
        return scores
