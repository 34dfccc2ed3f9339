"""One optimiser step: forward, loss, backward, clip, update, average."""

import torch
from torch import Tensor, nn

from swinsr.models import MaskedImageModel
from swinsr.training.adversarial.critic import Critic
from swinsr.training.adversarial.features import load_features, perceptual
from swinsr.training.data.sampler import Batch, Part
from swinsr.training.distributed import average_gradients
from swinsr.training.recipes.settings import Recipe
from swinsr.training.steps.losses import make_loss
from swinsr.training.steps.memory import keep_freed_memory
from swinsr.training.steps.muon import make_optimizer
from swinsr.training.steps.precision import rounds
from swinsr.training.steps.schedule import learning_rate
from swinsr.training.weights.ema import Average, Trained


class Stepper:
    """Holds the network, its optimiser and its average, and takes steps."""

    def __init__(self, network: Trained, recipe: Recipe, device: torch.device, part: Part) -> None:
        """The network moves to the device; processes share gradients where there are several."""
        if device.type == "cpu":
            keep_freed_memory()
        self.network: Trained = network.to(device).train()
        self.recipe, self.device, self.part = recipe, device, part
        settings = recipe.optimizer
        self.parameters = list(self.network.parameters())
        self.optimizer = make_optimizer(self.network, settings)
        self.average = Average(self.network, settings.ema)
        self.loss = make_loss(recipe.loss)
        self.features = load_features().to(device) if recipe.perceptual.weight else None
        self.critic = (
            Critic(recipe.adversarial, recipe.run.seed, device, part)
            if recipe.adversarial.share
            else None
        )
        self.autocast = rounds(recipe.run.precision, device)

    def step(self, batch: Batch) -> Tensor:
        """Take one step.

        Returns:
            This process's loss, a scalar on the device that is not yet looked at.
        """
        settings = self.recipe.optimizer
        rate = learning_rate(settings, batch.step, self.recipe.run.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        # Dropout and stochastic depth follow from the step too.
        torch.manual_seed((self.recipe.run.seed * 1_000_003 + batch.step) * 1009 + self.part.rank)
        self.optimizer.zero_grad(set_to_none=True)
        if self.critic is None:
            loss = self.forward(batch)
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            loss = self._judged(batch, self.critic, rate / settings.lr)
        average_gradients(self.parameters, self.part)
        if settings.clip_norm:
            nn.utils.clip_grad_norm_(self.parameters, settings.clip_norm)
        self.optimizer.step()
        self.average.update(batch.step + 1)
        return loss.detach()

    def forward(self, batch: Batch) -> Tensor:
        """The loss of a batch, with gradients."""
        source, target = self._ready(batch.input), self._ready(batch.target)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            if isinstance(self.network, MaskedImageModel):
                assert batch.mask is not None
                return self.network.loss(source, batch.mask.to(self.device))
            output = self.network(source)
        if not isinstance(output, tuple):
            return self._of_picture(output.float(), target)
        weight, upsampler = self.recipe.loss.auxiliary, self.network.config.upsampler
        if upsampler == "pixelshuffle_hf":
            # Published order: the picture without high frequencies, the picture, the difference.
            plain, image, _ = output
            extra = self.loss(plain.float(), target)
        else:
            image, low = output
            clean = source if batch.clean is None else self._ready(batch.clean)
            extra = self.loss(low.float(), clean)
        return self.loss(image.float(), target) + weight * extra

    def _of_picture(self, output: Tensor, target: Tensor) -> Tensor:
        """The losses of [loss] and [perceptual] of the network's one picture."""
        loss = self.loss(output, target)
        if self.features is None:
            return loss
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            difference = perceptual(self.features, output, target)
        return loss + self.recipe.perceptual.weight * difference

    def _judged(self, batch: Batch, critic: Critic, rate: float) -> Tensor:
        """Gradients of the losses and of the discriminator, which then learns itself."""
        source, target = self._ready(batch.input), self._ready(batch.target)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            output = self.network(source)
        pictures = output.detach().float().requires_grad_()
        loss = self._of_picture(pictures, target)
        (gradient,) = torch.autograd.grad(loss, pictures)
        gradient = critic.guide(pictures, gradient, batch.step, self.autocast)
        output.backward(gradient.to(output.dtype))
        critic.learn(pictures.detach(), target, rate, self.autocast)
        return loss

    def _ready(self, pixels: Tensor) -> Tensor:
        """On the device as floats in 0..1; bytes are divided by 255."""
        moved = pixels.to(self.device, non_blocking=True)
        return moved.float().div_(255) if pixels.dtype == torch.uint8 else moved
