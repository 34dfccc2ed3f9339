"""Muon: momentum whose matrices are orthogonalised, and AdamW for all that is no matrix."""

from collections import defaultdict
from typing import Any

import torch
from torch import Tensor, nn

from swinsr.training.recipes.objective import OptimizerSettings

# The polynomial of five rounds that brings all singular values near 1, from the source below.
POLYNOMIAL = (3.4445, -4.7750, 2.0315)
ROUNDS = 5
# An orthogonal matrix of n columns and fewer rows has entries of about 1/sqrt(n); with this factor
# an update is as large as AdamW's, so that one learning rate serves both (arXiv:2502.16982, eq. 4).
ADAMW_RMS = 0.2
MOMENTUM = 0.95
EPSILON = 1e-8  # AdamW's


def orthogonalise(matrices: Tensor) -> Tensor:
    """Near the closest semi-orthogonal matrices: singular values of about 0.7 to 1.2.

    Args:
        matrices: (N, rows, columns), float32.

    Returns:
        (N, rows, columns). A matrix of zeros stays one.

    Source: the Newton-Schulz iteration of K. Jordan et al., Muon (2024), in float32.
    """
    a, b, c = POLYNOMIAL
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.flatten(1).norm(dim=1).clamp(min=1e-12)[:, None, None]
    for _ in range(ROUNDS):
        gram = x @ x.mT
        x = a * x + torch.baddbmm(gram, gram, gram, beta=b, alpha=c) @ x
    out: Tensor = x.mT if tall else x
    return out


def count_matrices(name: str, parameter: Tensor) -> int:
    """How many matrices a parameter of a network holds: three for qkv; 0 where AdamW rules.

    Matrices are the weights of the body's linear layers and convolutions. The first and the last
    layers, whose inputs or outputs are pixels, and all position biases are not.
    """
    body = name.startswith(("layers.", "encoder.layers.")) and name.endswith(".weight")
    if not body or parameter.ndim < 2 or "cpb_mlp" in name:
        return 0
    return 3 if name.endswith("qkv.weight") else 1


class Muon(torch.optim.Optimizer):
    """Matrices by orthogonalised momentum, everything else by AdamW; one learning rate for both.

    Matrices of one shape are orthogonalised together. The state has AdamW's names: "step",
    "exp_avg", and "exp_avg_sq" where AdamW rules.

    Source: K. Jordan et al., Muon (2024), with Nesterov's momentum; the size of an update from
    arXiv:2502.16982.
    """

    def __init__(
        self, network: nn.Module, lr: float, betas: tuple[float, float], weight_decay: float
    ) -> None:
        """Take all parameters of a network; `betas` are AdamW's."""
        named = dict(network.named_parameters())
        self.matrices: dict[Tensor, int] = {p: count_matrices(name, p) for name, p in named.items()}
        defaults = {"lr": lr, "betas": betas, "weight_decay": weight_decay}
        super().__init__(named.values(), defaults)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            ready = [(p, p.grad) for p in group["params"] if p.grad is not None]
            for parameter, _ in ready:
                state = self.state[parameter]
                if not state:
                    state["step"] = torch.zeros((), dtype=torch.float32)
                    state["exp_avg"] = torch.zeros_like(parameter)
                    if not self.matrices[parameter]:
                        state["exp_avg_sq"] = torch.zeros_like(parameter)
                state["step"] += 1
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
            self._step_matrices([pair for pair in ready if self.matrices[pair[0]]], group["lr"])
            self._step_others([pair for pair in ready if not self.matrices[pair[0]]], group)

    def _step_matrices(self, pairs: list[tuple[Tensor, Tensor]], rate: float) -> None:
        shapes: dict[torch.Size, list[tuple[Tensor, Tensor]]] = defaultdict(list)
        for parameter, gradient in pairs:
            momentum = self.state[parameter]["exp_avg"].lerp_(gradient, 1 - MOMENTUM)
            ahead = torch.lerp(gradient, momentum, MOMENTUM)
            pieces = ahead.view(self.matrices[parameter], -1, ahead[0].numel())
            shapes[pieces.shape].append((parameter, pieces))
        for (_, rows, columns), members in shapes.items():
            updates = orthogonalise(torch.cat([pieces for _, pieces in members]))
            size = rate * ADAMW_RMS * max(rows, columns) ** 0.5
            for (parameter, _), update in zip(members, updates.chunk(len(members)), strict=True):
                parameter.sub_(update.reshape(parameter.shape), alpha=size)

    def _step_others(self, pairs: list[tuple[Tensor, Tensor]], group: dict[str, Any]) -> None:
        if not pairs:
            return
        states = [self.state[parameter] for parameter, _ in pairs]
        gradients = [gradient for _, gradient in pairs]
        first, second = group["betas"]
        means, squares = [s["exp_avg"] for s in states], [s["exp_avg_sq"] for s in states]
        torch._foreach_lerp_(means, gradients, 1 - first)
        torch._foreach_mul_(squares, second)
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - second)
        for (parameter, _), state in zip(pairs, states, strict=True):
            done = state["step"].item()
            bottom = (state["exp_avg_sq"] / (1 - second**done)).sqrt_().add_(EPSILON)
            parameter.addcdiv_(state["exp_avg"], bottom, value=-group["lr"] / (1 - first**done))


def make_optimizer(network: nn.Module, settings: OptimizerSettings) -> torch.optim.Optimizer:
    """The optimiser that a recipe names, over all parameters of a network."""
    lr, betas, decay = settings.lr, settings.betas, settings.weight_decay
    if settings.name == "muon":
        return Muon(network, lr, betas, decay)
    return torch.optim.AdamW(
        network.parameters(), lr=lr, betas=betas, weight_decay=decay, fused=True
    )
