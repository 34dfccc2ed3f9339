"""A discriminator in training, and the direction it gives the network that it judges."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from swinsr.training.adversarial.discriminator import UNetDiscriminator
from swinsr.training.adversarial.jitter import jitter
from swinsr.training.data.sampler import Part
from swinsr.training.distributed import average_gradients
from swinsr.training.recipes.objective import AdversarialSettings

_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


# Side of the square, in pixels of the input, whose mean is not the discriminator's to change.
_COARSE = 5


def texture(gradient: Tensor, scale: int) -> Tensor:
    """What is fine, without colour and not repeated with the pixel shuffle.

    A pattern that comes again every `scale` pixels is the shuffle's own, at no place a texture's: a
    young discriminator pulls towards it, and the network follows where that costs it least.

    Args:
        gradient: (batch, 3, H, W).
        scale: of the pixel shuffle; H and W are multiples of it.
    """
    places = functional.pixel_unshuffle(gradient.mean(dim=1, keepdim=True), scale)
    coarse = functional.avg_pool2d(places, _COARSE, 1, _COARSE // 2, count_include_pad=False)
    return functional.pixel_shuffle(places - coarse, scale).expand_as(gradient)


def _by_channels(pictures: Tensor) -> Tensor:
    """With the channels last, in which convolutions of few channels are twice as quick."""
    return pictures.contiguous(memory_format=torch.channels_last)


class Critic:
    """Holds the discriminator and its optimiser.

    Its weight needs no tuning: its gradient at the network's output is brought to `share` of the
    norm that the other losses' gradient has there. Of it only what is texture is taken: brightness
    and colour, which a young discriminator pulls at steadily, belong to the other losses.
    """

    def __init__(
        self,
        settings: AdversarialSettings,
        seed: int,
        device: torch.device,
        part: Part,
        scale: int,
    ) -> None:
        """Fresh weights, the same in every process; `scale` is the judged network's."""
        self.settings, self.device, self.part, self.scale = settings, device, part, scale
        torch.manual_seed(seed)
        self.network = UNetDiscriminator(settings.channels).to(device).train()
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.parameters = list(self.network.parameters())
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=settings.lr, betas=(0.9, 0.99), weight_decay=0.0
        )

    def guide(self, pictures: Tensor, gradient: Tensor, step: int, autocast: bool) -> Tensor:
        """The losses' gradient at the output with the discriminator's added.

        Args:
            pictures: (batch, 3, H, W) float32, a leaf that takes gradients.
            gradient: of the other losses by `pictures`.
            step: from 0; the discriminator learns alone before `start`, then gains its share.
            autocast: multiply in bfloat16.
        """
        settings = self.settings
        ramp = min(max((step - settings.start) / max(settings.ramp, 1), 0.0), 1.0)
        if ramp == 0:
            return gradient
        self.network.requires_grad_(False)
        # Judged as it stands: a power iteration here would be one for each look.
        self.network.eval()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=autocast):
            (judged,) = jitter(pictures)
            logits = self.network(_by_channels(judged)).float()
        (wish,) = torch.autograd.grad(
            functional.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)), pictures
        )
        self.network.requires_grad_(True).train()
        wish = texture(wish, self.scale)
        weight: Tensor = settings.share * ramp * gradient.norm() / wish.norm().clamp_min(1e-12)
        return gradient + weight * wish

    def learn(self, pictures: Tensor, target: Tensor, rate: float, autocast: bool) -> None:
        """Take a step of the discriminator.

        Args:
            pictures: what the network gave, without gradients.
            target: what it should have given.
            rate: share of the settings' learning rate.
            autocast: multiply in bfloat16.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.lr * rate
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=autocast):
            truth, judged = jitter(target, pictures)
            real = self.network(_by_channels(truth)).float()
            made = self.network(_by_channels(judged)).float()
        loss = functional.binary_cross_entropy_with_logits(real, torch.ones_like(real))
        loss = loss + functional.binary_cross_entropy_with_logits(made, torch.zeros_like(made))
        loss.backward()  # type: ignore[no-untyped-call]
        average_gradients(self.parameters, self.part)
        self.optimizer.step()

    def state(self) -> dict[str, Tensor]:
        """All that a resumed run needs, by name."""
        tensors = {f"weights/{name}": t for name, t in self.network.state_dict().items()}
        for name, parameter in self._named():
            for moment, tensor in self.optimizer.state.get(parameter, {}).items():
                tensors[f"{moment}/{name}"] = tensor
        return tensors

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take what `state` gave.

        Raises:
            RuntimeError: it is of another discriminator.
        """
        prefix = "weights/"
        self.network.load_state_dict(
            {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
        )
        for name, parameter in self._named():
            found = {m: tensors[f"{m}/{name}"] for m in _MOMENTS if f"{m}/{name}" in tensors}
            if found:
                self.optimizer.state[parameter] = {
                    m: t if m == "step" else t.to(parameter.device) for m, t in found.items()
                }

    def _named(self) -> list[tuple[str, nn.Parameter]]:
        return list(self.network.named_parameters())
