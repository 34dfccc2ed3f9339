"""Tables of names, applied in either direction.

A table pairs another program's names with the published ones; `{}` stands for a number, or for
"weight" or "bias", and stands in the same order on both sides.
"""

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

Pairs = Iterable[tuple[str, str]]
Rules = list[tuple[re.Pattern[str], str]]


def rules(pairs: Pairs, *, forward: bool) -> Rules:
    """Patterns and replacements: from the first name of each pair to the second, or back."""
    out: Rules = []
    for first, second in pairs:
        source, target = (first, second) if forward else (second, first)
        pattern = r"(\d+|weight|bias)".join(re.escape(part) for part in source.split("{}"))
        out.append((re.compile(pattern), target))
    return out


def rename(tensors: Mapping[str, Tensor], table: Rules) -> dict[str, Tensor]:
    """Apply the rule that fits each name; a name that none fits stays."""
    out: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        matches = ((pattern.fullmatch(name), target) for pattern, target in table)
        out[next((target.format(*m.groups()) for m, target in matches if m), name)] = tensor
    return out
