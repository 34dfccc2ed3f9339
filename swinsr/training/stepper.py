"""One optimiser step: forward, loss, backward, clip, update, average."""

import torch
from torch import Tensor, nn

from swinsr.models import RestorationNetwork
from swinsr.training.ema import Average
from swinsr.training.losses import make_loss
from swinsr.training.sampler import Batch
from swinsr.training.schedule import learning_rate
from swinsr.training.settings import Recipe


class Stepper:
    """Holds the network, its optimiser and its average, and takes steps."""

    def __init__(self, network: RestorationNetwork, recipe: Recipe, device: torch.device) -> None:
        """The network moves to the device."""
        self.network = network.to(device).train()
        self.recipe, self.device = recipe, device
        settings = recipe.optimizer
        self.parameters = list(self.network.parameters())
        self.optimizer = torch.optim.AdamW(
            self.parameters,
            lr=settings.lr,
            betas=settings.betas,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.average = Average(self.network, settings.ema)
        self.loss = make_loss(recipe.loss)
        self.autocast = recipe.run.precision == "bfloat16"

    def step(self, batch: Batch) -> Tensor:
        """Take one step and return its loss, a scalar on the device that is not yet looked at."""
        settings = self.recipe.optimizer
        rate = learning_rate(settings, batch.step, self.recipe.run.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        # Dropout and stochastic depth follow from the step too.
        torch.manual_seed(self.recipe.run.seed * 1_000_003 + batch.step)
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._forward(self._ready(batch.input), self._ready(batch.target))
        loss.backward()  # type: ignore[no-untyped-call]
        if settings.clip_norm:
            nn.utils.clip_grad_norm_(self.parameters, settings.clip_norm)
        self.optimizer.step()
        self.average.update(batch.step + 1)
        return loss.detach()

    def _ready(self, pixels: Tensor) -> Tensor:
        return pixels.to(self.device, non_blocking=True).float().div_(255)

    def _forward(self, source: Tensor, target: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            output = self.network(source)
        if isinstance(output, tuple):
            output = output[0]
        return self.loss(output.float(), target)
