"""Names of timm's `SwinTransformer` and `SwinTransformerV2` (0.9 and later).

timm merges patches at the start of a stage, the published code at the end of the one before; and
its classifier is `head.fc`. Everything else has the published names.
"""

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

MERGING = re.compile(r"layers\.(\d+)\.(downsample\..+)")


def is_timm_swin(names: Iterable[str]) -> bool:
    """Whether these are timm's names: `head.fc`, or merging in the last stage and not the first."""
    names = list(names)
    stages = {int(m[1]) for m in (re.match(r"layers\.(\d+)\.blocks\.", n) for n in names) if m}
    merging = {int(m[1]) for m in map(MERGING.match, names) if m}
    return "head.fc.weight" in names or (bool(merging) and max(merging) == max(stages, default=-1))


def swin_from_timm(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Published names for timm's; the tensors stay the same."""
    return {_moved(name, -1).replace("head.fc.", "head."): t for name, t in tensors.items()}


def swin_to_timm(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """timm's names for the published ones: the inverse of `swin_from_timm`."""
    return {re.sub(r"^head\.", "head.fc.", _moved(name, 1)): t for name, t in tensors.items()}


def _moved(name: str, stages: int) -> str:
    match = MERGING.fullmatch(name)
    return f"layers.{int(match[1]) + stages}.{match[2]}" if match else name
