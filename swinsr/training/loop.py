"""The run itself: steps, validations and checkpoints."""

import json
import math
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import torch
from torch import Tensor

from swinsr.errors import ConfigError
from swinsr.inference import choose_device
from swinsr.runtime.graph import CudaGraph
from swinsr.storage.temporary import remove_leftovers
from swinsr.training.data.on_device.stream import device_batches
from swinsr.training.data.prefetch import batches
from swinsr.training.data.sampler import Batch
from swinsr.training.distributed import (
    any_process,
    check_share,
    local_device,
    mean_over_processes,
    part_of_environment,
    process_group,
)
from swinsr.training.interrupt import Interrupt
from swinsr.training.recipes.recipe import recipe_to_table
from swinsr.training.recipes.settings import Recipe
from swinsr.training.reports.report import Reporter, clock
from swinsr.training.state import (
    Progress,
    TrainingError,
    load_state,
    save_state,
)
from swinsr.training.steps.precision import explain_precision
from swinsr.training.steps.stepper import Stepper
from swinsr.training.validator import Validator
from swinsr.training.weights.exported import export_weights
from swinsr.training.weights.setup import Data, make_network, read_data, task_name

# Losses are looked at so often; in between, a GPU need not wait for the host.
CHECK_EVERY = 10


class Run:
    """A training run in its folder: curve.csv, last.state, last.safetensors, best.safetensors."""

    def __init__(self, recipe: Recipe, *, resume: bool = False, overwrite: bool = False) -> None:
        """Nothing is read yet.

        Args:
            recipe: what to do.
            resume: go on from the folder's last.state.
            overwrite: start anew though the folder holds a run already.
        """
        self.recipe, self.resume, self.overwrite = recipe, resume, overwrite
        self.folder = Path(recipe.run.folder) / recipe.run.name
        self.state_path = self.folder / "last.state"
        self.part = part_of_environment()
        self._began = time.monotonic()
        self._took: dict[str, float] = {}
        self.progress = Progress()
        self.reporter = Reporter(recipe.run.steps, every=recipe.log.every, quiet=self.part.rank > 0)

    def train(self) -> Progress:
        """Read the data, build or restore everything, and go on to the last step.

        Raises:
            TrainingError: the loss is no number, a checkpoint cannot be written, another process
                ended, or the run was interrupted (it can be resumed).
            SwinsrError: whatever is wrong with the recipe, the data or the checkpoint.
        """
        recipe = self.recipe
        if self.state_path.exists() and not (self.resume or self.overwrite):
            raise ConfigError(
                f"{self.folder}: holds a run already; go on with --resume, replace it with "
                "--overwrite, or choose another run.name"
            )
        check_share(self.part, recipe.data.batch)
        if recipe.run.minutes and self.part.world > 1:
            raise ConfigError("run.minutes is of one process; processes would end apart")
        self._began = time.monotonic()
        self.device = choose_device(local_device(recipe.run.device))
        if recipe.run.threads:
            torch.set_num_threads(recipe.run.threads)
        cv2.setNumThreads(1)  # the arithmetic needs the cores more than the crops do
        self.validator = Validator(recipe, self.folder, self.device)
        network, told = make_network(recipe)
        self.reporter.line(f"network: {told}")
        self.reporter.line(f"precision: {explain_precision(recipe.run.precision, self.device)}")
        data = read_data(recipe, self.device)
        self.reporter.line(f"data: {data.summary}")
        with process_group(self.part, self.device), Interrupt() as self.interrupt:
            self.stepper = Stepper(network, recipe, self.device, self.part)
            self._restore()
            self._run(data)
        return self.progress

    def _restore(self) -> None:
        stepper = self.stepper
        if self.resume:
            self.progress = load_state(
                self.state_path,
                stepper.network,
                stepper.average,
                stepper.optimizer,
                stepper.critic,
            )
            self.reporter.line(f"resumed at step {self.progress.step}")
        if self.part.rank == 0:
            remove_leftovers(self.folder)
            self.validator.open(resumed_at=self.progress.step if self.resume else None)

    def _stream(self, data: Data) -> Iterator[Batch]:
        recipe, device = self.recipe, self.device
        steps = range(self.progress.step, recipe.run.steps)
        if data.on_device:
            graph = CudaGraph if self.stepper.way == "captured" else None
            return device_batches(data.sampler, recipe, self.part, steps, device, graph)
        return batches(
            data.sampler,
            self.part,
            steps,
            workers=recipe.data.workers,
            prefetch=recipe.data.prefetch,
            pinned=device.type == "cuda",
        )

    def _run(self, data: Data) -> None:
        stream = self._stream(data)
        try:
            with self.reporter:
                if not self.progress.step:
                    self._timed(self._validate, math.nan)
                first = self.progress.step
                self._steps(stream)
            if self.progress.step == first:  # else the last one was saved
                self._save()
        finally:
            self.validator.close()
        progress = self.progress
        told = f"done: {progress.step} steps in {clock(progress.seconds)}"
        if progress.best is not None:
            told += f", best {progress.best:.3f} dB at step {progress.best_step}"
        self.reporter.line(told)

    def _steps(self, stream: Iterator[Batch]) -> None:
        recipe, progress = self.recipe, self.progress
        losses: list[Tensor] = []
        recent: list[float] = []
        saved = last = time.monotonic()
        earlier = progress.seconds
        shown = (progress.step, last)
        for batch in stream:
            spent = self._share(earlier + time.monotonic() - self._began)
            losses.append(self.stepper.step(batch, done=spent))
            progress.step = done = batch.step + 1
            over = done == recipe.run.steps or (spent is not None and spent >= 1)
            at_validation = done % recipe.validation.every == 0 or over
            at_save = at_validation or done % recipe.run.checkpoint_every == 0
            alone_asked = self.interrupt.asked and self.part.world == 1
            if not (len(losses) == CHECK_EVERY or at_save or alone_asked):
                continue
            recent += self._checked(losses, done)
            losses.clear()
            stopping = any_process(self.interrupt.asked, self.part, self.device)
            now = time.monotonic()
            progress.seconds += now - last
            last = now
            if done - shown[0] >= self.reporter.interval:
                rate = self._pixels(done - shown[0]) / (now - shown[1])
                left = None if spent is None else (1 - min(spent, 1)) * 60 * recipe.run.minutes
                self.reporter.step(done, sum(recent[-100:]) / len(recent[-100:]), rate, left)
                shown = (done, now)
            if at_validation:
                self._timed(self._validate, sum(recent) / len(recent))
                recent.clear()
            if at_save or stopping or now - saved > 60 * recipe.run.checkpoint_minutes:
                self._timed(self._save)
                saved = time.monotonic()
                shown = (shown[0], shown[1] + saved - now)  # this time was not training
                last = saved
            if stopping:
                raise TrainingError(
                    f"Stopped at step {done}; {self.state_path} is whole: go on with --resume"
                )
            if over:
                return

    def _share(self, seconds: float) -> float | None:
        """The share of the run's minutes that is over; the last validation and save lie within."""
        if not self.recipe.run.minutes:
            return None
        budget = 60 * self.recipe.run.minutes
        # Of what neither leaves anything of, half is trained.
        return seconds / max(budget - sum(self._took.values()), budget / 2)

    def _timed(self, work: Callable[..., None], *given: float) -> None:
        """Validate or save, and keep how long that takes at most."""
        began = time.monotonic()
        work(*given)
        name = work.__name__
        self._took[name] = max(self._took.get(name, 0.0), time.monotonic() - began)

    def _pixels(self, steps: int) -> int:
        """Input pixels trained in so many steps."""
        return steps * self.recipe.data.batch * self.recipe.data.patch**2

    def _checked(self, losses: list[Tensor], done: int) -> list[float]:
        """The losses as numbers, averaged over all processes."""
        values: list[float] = mean_over_processes(torch.stack(losses), self.part).tolist()
        for step, value in enumerate(values, done - len(values) + 1):
            if not math.isfinite(value):
                raise TrainingError(
                    f"The loss of step {step} is {value}; nothing was saved since. Lower "
                    "optimizer.lr or optimizer.clip_norm and go on with --resume"
                )
        return values

    def _validate(self, loss: float) -> None:
        if self.part.rank:
            return
        progress, network = self.progress, self.stepper.average.network
        row: dict[str, float] = {
            "step": progress.step,
            "seconds": progress.seconds,
            "pixels": self._pixels(progress.step),
            "lr": self.stepper.rate,
            "loss": loss,
        }
        scores = self.validator.validate(network, row)
        told = "  ".join(f"{n} {s.psnr:.3f} dB {s.ssim:.4f}" for n, s in scores.items())
        known = "" if math.isnan(loss) else f"loss {loss:.5f}  "
        self.reporter.line(f"step {progress.step}  {clock(progress.seconds)}  {known}{told}")
        first = next(iter(scores.values()), None)
        if first is not None and (progress.best is None or first.psnr > progress.best):
            progress.best, progress.best_step = first.psnr, progress.step
            self._export(self.folder / "best.safetensors")

    def _save(self) -> None:
        if self.part.rank:
            return
        stepper, table = self.stepper, recipe_to_table(self.recipe)
        save_state(
            self.state_path,
            stepper.network,
            stepper.average,
            stepper.optimizer,
            self.progress,
            table,
            stepper.critic,
        )
        self._export(self.folder / "last.safetensors")

    def _export(self, path: Path) -> None:
        """The averaged weights with the network's configuration and the run's story."""
        machine = {
            "torch": torch.__version__,
            "device": str(self.device),
            "processor": platform.processor() or platform.machine(),
            "threads": torch.get_num_threads(),
            "processes": self.part.world,
        }
        provenance = {
            "recipe": json.dumps(recipe_to_table(self.recipe)),
            "training": json.dumps(vars(self.progress)),
            "machine": json.dumps(machine),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        export_weights(self.stepper.average.network, path, task_name(self.recipe), provenance)
