"""The run itself: steps, validations and checkpoints."""

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from swinsr.checkpoints import save
from swinsr.training.curve import Curve
from swinsr.training.prefetch import batches
from swinsr.training.recipe import recipe_to_table
from swinsr.training.report import Reporter, clock
from swinsr.training.sampler import Batch, Part, Sampler
from swinsr.training.settings import Recipe
from swinsr.training.setup import choose_device, make_network, read_data
from swinsr.training.state import Progress, TrainingError, load_state, save_state
from swinsr.training.stepper import Stepper
from swinsr.training.validation import read_test_folders, score

# Losses are looked at so often; in between, a GPU need not wait for the host.
CHECK_EVERY = 10


class Run:
    """A training run in its folder: curve.csv, last.state, last.safetensors, best.safetensors."""

    def __init__(self, recipe: Recipe, *, resume: bool = False) -> None:
        """Read the data and build or restore everything.

        Raises:
            SwinsrError: whatever is wrong with the recipe, the data or the checkpoint.
        """
        if recipe.run.threads:
            torch.set_num_threads(recipe.run.threads)
        self.recipe = recipe
        self.folder = Path(recipe.run.folder) / recipe.run.name
        self.state_path = self.folder / "last.state"
        self.device = choose_device(recipe.run.device)
        self.reporter = Reporter(recipe.run.steps, every=recipe.log.every)
        self.tests = read_test_folders(recipe.validation.folders, recipe.network.scale)
        network, told = make_network(recipe)
        self.reporter.line(f"network: {told}")
        self.stepper = Stepper(network, recipe, self.device)
        self.progress = Progress()
        if resume:
            self.progress = load_state(
                self.state_path, network, self.stepper.average, self.stepper.optimizer
            )
            self.reporter.line(f"resumed at step {self.progress.step}")
        data = read_data(recipe)
        self.sampler: Sampler = data.sampler
        self.reporter.line(f"data: {data.summary}")
        columns = ["step", "seconds", "pixels", "lr", "loss"] + [
            f"psnr_{t.name}" for t in self.tests
        ]
        self.curve = Curve(
            self.folder / "curve.csv", columns, resumed_at=self.progress.step if resume else None
        )

    def train(self) -> Progress:
        """Go on to the last step.

        Raises:
            TrainingError: the loss is no number, or a checkpoint cannot be written.
        """
        settings = self.recipe.run
        steps = range(self.progress.step, settings.steps)
        stream = batches(
            self.sampler,
            Part(),
            steps,
            workers=self.recipe.data.workers,
            prefetch=self.recipe.data.prefetch,
        )
        with self.reporter:
            if not self.progress.step:
                self._validate(math.nan)
            self._steps(stream)
        self._save()
        self.reporter.line(
            f"done: {self.progress.step} steps in {clock(self.progress.seconds)}, best "
            f"{self.progress.best:.3f} dB at step {self.progress.best_step}"
        )
        return self.progress

    def _steps(self, stream: Iterator[Batch]) -> None:
        recipe, progress = self.recipe, self.progress
        losses: list[Tensor] = []
        recent: list[float] = []
        saved = started = last = time.monotonic()
        shown = (progress.step, started)
        for batch in stream:
            losses.append(self.stepper.step(batch))
            progress.step = done = batch.step + 1
            at_validation = done % recipe.validation.every == 0 or done == recipe.run.steps
            at_save = done % recipe.run.checkpoint_every == 0
            if len(losses) == CHECK_EVERY or at_validation or at_save:
                recent += self._checked(losses, done)
                losses.clear()
                now = time.monotonic()
                progress.seconds += now - last
                last = now
                if done % recipe.log.every == 0 and done > shown[0]:
                    rate = self._pixels(done - shown[0]) / (now - shown[1])
                    self.reporter.step(done, sum(recent[-100:]) / len(recent[-100:]), rate)
                    shown = (done, now)
                at_save |= now - saved > 60 * recipe.run.checkpoint_minutes
            if at_validation:
                self._validate(sum(recent) / len(recent))
                recent.clear()
            if at_save or at_validation:
                self._save()
                saved = last = time.monotonic()
                if at_validation:
                    shown = (done, saved)

    def _pixels(self, steps: int) -> int:
        """Input pixels trained in so many steps."""
        return steps * self.recipe.data.batch * self.recipe.data.patch**2

    def _checked(self, losses: list[Tensor], done: int) -> list[float]:
        values: list[float] = torch.stack(losses).tolist()
        for step, value in enumerate(values, done - len(values) + 1):
            if not math.isfinite(value):
                raise TrainingError(
                    f"The loss of step {step} is {value}; nothing was saved since. Lower "
                    "optimizer.lr or optimizer.clip_norm and go on with --resume."
                )
        return values

    def _validate(self, loss: float) -> None:
        progress = self.progress
        scores = {
            t.name: score(self.stepper.average.network, t, self.recipe.network.scale, self.device)
            for t in self.tests
        }
        row: dict[str, float] = {
            "step": progress.step,
            "seconds": progress.seconds,
            "pixels": self._pixels(progress.step),
            "lr": self.stepper.optimizer.param_groups[0]["lr"],
            "loss": loss,
        }
        self.curve.add(row | {f"psnr_{name}": value for name, value in scores.items()})
        told = "  ".join(f"{name} {value:.3f} dB" for name, value in scores.items())
        self.reporter.line(
            f"step {progress.step}  {clock(progress.seconds)}  loss {loss:.5f}  {told}"
        )
        if scores and next(iter(scores.values())) > progress.best:
            progress.best, progress.best_step = next(iter(scores.values())), progress.step
            self._export(self.folder / "best.safetensors")

    def _save(self) -> None:
        stepper = self.stepper
        save_state(
            self.state_path,
            stepper.network,
            stepper.average,
            stepper.optimizer,
            self.progress,
            recipe_to_table(self.recipe),
        )
        self._export(self.folder / "last.safetensors")

    def _export(self, path: Path) -> None:
        """The averaged weights with the network's configuration and the run's story."""
        provenance = {
            "recipe": json.dumps(recipe_to_table(self.recipe)),
            "training": json.dumps(vars(self.progress)),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        save(self.stepper.average.network, path, task=self.recipe.task.name, provenance=provenance)
