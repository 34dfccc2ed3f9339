"""Muon: momentum whose matrices are orthogonalised, and AdamW for all that is no matrix.

A step reads nothing back: on a GPU it neither waits for the host nor is waited for, and with a
learning rate that is a tensor there it can be captured in a graph and replayed.
"""

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
        self._owners: tuple[object, Tensor] | None = None
        if others := [p for p, count in self.matrices.items() if not count]:
            self._owners_of(others)  # made on the host, and so not within a step

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            ready = [p for p in group["params"] if p.grad is not None]
            if not ready:
                continue
            states = [self._state_of(p) for p in ready]
            torch._foreach_add_([state["step"] for state in states], 1.0)
            if group["weight_decay"]:
                torch._foreach_mul_(ready, 1.0 - group["lr"] * group["weight_decay"])
            self._step_matrices([p for p in ready if self.matrices[p]], group["lr"])
            self._step_others([p for p in ready if not self.matrices[p]], group)

    def _state_of(self, parameter: Tensor) -> dict[str, Tensor]:
        """A parameter's state, all of it where the parameter is."""
        state: dict[str, Tensor] = self.state[parameter]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32, device=parameter.device)
            state["exp_avg"] = torch.zeros_like(parameter)
            if not self.matrices[parameter]:
                state["exp_avg_sq"] = torch.zeros_like(parameter)
        return state

    def _step_matrices(self, parameters: list[Tensor], rate: float | Tensor) -> None:
        if not parameters:
            return
        gradients = [_gradient(p) for p in parameters]
        momenta = [self.state[p]["exp_avg"] for p in parameters]
        torch._foreach_lerp_(momenta, gradients, 1 - MOMENTUM)
        ahead = torch._foreach_lerp(gradients, momenta, MOMENTUM)
        shapes: dict[torch.Size, list[tuple[Tensor, Tensor]]] = defaultdict(list)
        for parameter, direction in zip(parameters, ahead, strict=True):
            pieces = direction.reshape(self.matrices[parameter], -1, direction[0].numel())
            shapes[pieces.shape].append((parameter, pieces))
        for (_, rows, columns), members in shapes.items():
            updates = orthogonalise(torch.cat([pieces for _, pieces in members]))
            updates.mul_(-rate * (ADAMW_RMS * max(rows, columns) ** 0.5))
            chunks = updates.chunk(len(members))
            torch._foreach_add_(
                [parameter for parameter, _ in members],
                [u.reshape(p.shape) for (p, _), u in zip(members, chunks, strict=True)],
            )

    def _step_others(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        if not parameters:
            return
        gradients = [_gradient(p) for p in parameters]
        states = [self.state[p] for p in parameters]
        first, second = group["betas"]
        means, squares = [s["exp_avg"] for s in states], [s["exp_avg_sq"] for s in states]
        torch._foreach_lerp_(means, gradients, 1 - first)
        torch._foreach_mul_(squares, second)
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - second)
        # What is left is done on all values in a row: each parameter has its own count of steps,
        # and an operation for each of them would be hundreds of small ones.
        done = torch.stack([state["step"] for state in states])[self._owners_of(parameters)]
        bottom = (_row(squares) / (1.0 - second**done)).sqrt_().add_(EPSILON)
        updates = (_row(means) / bottom).mul_(-group["lr"] / (1.0 - first**done))
        pieces = updates.split([p.numel() for p in parameters])
        torch._foreach_add_(
            parameters, [u.view(p.shape) for u, p in zip(pieces, parameters, strict=True)]
        )

    def _owners_of(self, parameters: list[Tensor]) -> Tensor:
        """For every value of parameters in a row, the place of its parameter."""
        key = (tuple(map(id, parameters)), parameters[0].device)
        if self._owners is None or self._owners[0] != key:
            sizes = torch.tensor([p.numel() for p in parameters])
            owners = torch.arange(len(parameters)).repeat_interleave(sizes)
            self._owners = (key, owners.to(parameters[0].device))
        return self._owners[1]


def _row(tensors: list[Tensor]) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])


def _gradient(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def make_optimizer(network: nn.Module, settings: OptimizerSettings) -> torch.optim.Optimizer:
    """The optimiser that a recipe names, over all parameters of a network."""
    lr, betas, decay = settings.lr, settings.betas, settings.weight_decay
    if settings.name == "muon":
        return Muon(network, lr, betas, decay)
    parameters = list(network.parameters())
    on_gpu = parameters[0].device.type == "cuda"
    return torch.optim.AdamW(
        parameters, lr=lr, betas=betas, weight_decay=decay, fused=True, capturable=on_gpu
    )
