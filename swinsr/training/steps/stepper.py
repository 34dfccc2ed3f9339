"""One optimiser step: forward, loss, backward, clip, update, average."""

import torch
from torch import Tensor, nn

from swinsr.models import MaskedImageModel, RestorationConfig
from swinsr.nn.block import SwinBlock
from swinsr.runtime.compiled import compile_blocks
from swinsr.training.adversarial.critic import Critic
from swinsr.training.adversarial.features import load_features, perceptual
from swinsr.training.adversarial.jitter import jitter
from swinsr.training.data.sampler import Batch, Part, Tensors
from swinsr.training.distributed import average_gradients
from swinsr.training.recipes.settings import Recipe
from swinsr.training.steps.capture import CapturedStep, on_device, step_way
from swinsr.training.steps.losses import make_loss
from swinsr.training.steps.memory import keep_freed_memory
from swinsr.training.steps.muon import make_optimizer
from swinsr.training.steps.precision import rounds
from swinsr.training.steps.schedule import learning_rate
from swinsr.training.weights.ema import Average, Trained


class Stepper:
    """Holds the network, its optimiser and its average, and takes steps."""

    def __init__(self, network: Trained, recipe: Recipe, device: torch.device, part: Part) -> None:
        """The network moves to the device; processes share gradients where there are several.

        Raises:
            ConfigError: SWINSR_STEP names something unknown.
            DeviceError: SWINSR_STEP names what cannot run here.
        """
        if device.type == "cpu":
            keep_freed_memory()
        self.network: Trained = network.to(device).train()
        if device.type == "cuda":
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.recipe, self.device, self.part = recipe, device, part
        settings = recipe.optimizer
        self.parameters = list(self.network.parameters())
        self.optimizer = make_optimizer(self.network, settings)
        self.average = Average(self.network, settings.ema)
        self.loss = make_loss(recipe.loss)
        self.features = load_features().to(device) if recipe.perceptual.weight else None
        self.critic = _critic(recipe, device, part)
        self.autocast = rounds(recipe.run.precision, device)
        self.rate, self._number = 0.0, 0
        # The same number where a step on the device finds it.
        self._rate = torch.zeros((), device=device)
        blocks = [m for m in self.network.modules() if isinstance(m, SwinBlock)]
        recomputes = any(block.use_checkpoint for block in blocks)
        self.way = step_way(device, part.world, recomputes=recomputes)
        if self.way != "plain":
            compile_blocks(self.network)
        self._captured = None
        # What the discriminator does depends on the step's number.
        if self.way == "captured" and self.critic is None:
            self._captured = CapturedStep(self._whole, self._state, device)

    def step(self, batch: Batch, *, done: float | None = None) -> Tensor:
        """Take one step.

        Args:
            batch: its crops and its number.
            done: share of the run that is over, where the clock ends it; see `learning_rate`.

        Returns:
            This process's loss, a scalar on the device that is not yet looked at.
        """
        self._set(batch.step, done)
        if self._captured is not None:
            return self._captured(batch.tensors)
        return self._whole(on_device(batch.tensors, self.device))

    def _set(self, step: int, done: float | None = None) -> None:
        """All that a step takes from its number: rate, share of the average, seed."""
        steps, self._number = self.recipe.run.steps, step
        self.rate = learning_rate(self.recipe.optimizer, step, steps, done=done)
        self._rate.fill_(self.rate)
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate
        self.average.set_step(step + 1)
        # Dropout and stochastic depth follow from the step too.
        torch.manual_seed((self.recipe.run.seed * 1_000_003 + step) * 1009 + self.part.rank)

    def _whole(self, tensors: Tensors) -> Tensor:
        """The step on tensors of the device; it reads nothing back, so that it can be captured."""
        self.optimizer.zero_grad(set_to_none=True)
        if self.critic is None:
            loss = self.forward(tensors)
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            loss = self._judged(tensors, self.critic)
        average_gradients(self.parameters, self.part)
        if self.recipe.optimizer.clip_norm:
            nn.utils.clip_grad_norm_(self.parameters, self.recipe.optimizer.clip_norm)
        self.optimizer.step()
        self.average.follow()
        return loss.detach()

    def _state(self) -> list[Tensor]:
        """What a step changes."""
        moments = [t for state in self.optimizer.state.values() for t in state.values()]
        return [*self.parameters, *self.average.network.parameters(), *moments]

    def forward(self, tensors: Tensors) -> Tensor:
        """The loss, with gradients, of input, target, clean input and mask; see `Batch`."""
        pixels, wanted, undamaged, mask = tensors
        assert pixels is not None
        assert wanted is not None
        source, target = _floats(pixels), _floats(wanted)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            if isinstance(self.network, MaskedImageModel):
                assert mask is not None
                return self.network.loss(source, mask)
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
            clean = source if undamaged is None else _floats(undamaged)
            extra = self.loss(low.float(), clean)
        return self.loss(image.float(), target) + weight * extra

    def _of_picture(self, output: Tensor, target: Tensor) -> Tensor:
        """The losses of [loss] and [perceptual] of the network's one picture."""
        loss = self.loss(output, target)
        if self.features is None:
            return loss
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            difference = perceptual(self.features, *jitter(output, target))
        return loss + self.recipe.perceptual.weight * difference

    def _judged(self, tensors: Tensors, critic: Critic) -> Tensor:
        """Gradients of the losses and of the discriminator, which then learns itself."""
        pixels, wanted, *_ = tensors
        assert pixels is not None
        assert wanted is not None
        source, target = _floats(pixels), _floats(wanted)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            output = self.network(source)
        pictures = output.detach().float().requires_grad_()
        loss = self._of_picture(pictures, target)
        (gradient,) = torch.autograd.grad(loss, pictures)
        gradient = critic.guide(pictures, gradient, self._number, self.autocast)
        output.backward(gradient.to(output.dtype))
        share = self.rate / self.recipe.optimizer.lr
        critic.learn(pictures.detach(), target, share, self.autocast)
        return loss


def _floats(pixels: Tensor) -> Tensor:
    """In 0..1; bytes are divided by 255."""
    return pixels.float().div_(255) if pixels.dtype == torch.uint8 else pixels


def _critic(recipe: Recipe, device: torch.device, part: Part) -> Critic | None:
    if not recipe.adversarial.share:
        return None
    scale = recipe.network.upscale if isinstance(recipe.network, RestorationConfig) else 1
    return Critic(recipe.adversarial, recipe.run.seed, device, part, scale)
