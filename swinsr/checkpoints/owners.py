"""What training programs call the place of a network's weights, and of their running average.

Published results are computed with averaged weights (EMA, SWA), whatever a program calls them:
params_ema, params-ema, state_dict_ema, ema_model, netG_ema, EMA. Names are compared by their words.
"""

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
AVERAGES = {"ema", "swa", "averaged", "avg"}
# Words that name a generator or its weights, and no discriminator, optimiser or loss.
NETWORK_WORDS = {
    *("params", "param", "state", "dict", "sd", "model", "models", "module", "weights"),
    *("generator", "gen", "g", "net", "netg", "network"),
}
# Raw weights, the best first: what is here in this spelling comes before other spellings.
WRAPPERS = (
    "params",
    "state_dict",
    "model_state_dict",
    "model",
    "generator",
    "net_g",
    "netG",
    "network",
)
# One tensor of every network that is read; what is before it in a name is its owner's.
LANDMARKS = (
    "conv_first.weight",
    "swin2sr.first_convolution.weight",
    "swin.embeddings.patch_embeddings.projection.weight",
    "swinv2.embeddings.patch_embeddings.projection.weight",
    "patch_embed.proj.weight",
)


def _words(name: str) -> set[str]:
    return {word.lower() for word in WORDS.findall(name)}


def is_averaged(name: str) -> bool:
    """Whether a name is that of a network's averaged weights."""
    words = _words(name)
    return bool(words & AVERAGES) and words <= AVERAGES | NETWORK_WORDS


def is_raw(name: str) -> bool:
    """Whether a name is that of a network's weights as they were trained."""
    words = _words(name)
    return bool(words) and words <= NETWORK_WORDS


def by_preference(names: Iterable[str]) -> list[str]:
    """Those names that a network's weights have, the best first: averaged, then `WRAPPERS`."""
    names = list(names)
    averaged = sorted((n for n in names if is_averaged(n)), key=lambda n: n != "params_ema")
    raw = [name for name in WRAPPERS if name in names]
    return averaged + raw + [n for n in names if is_raw(n) and n not in raw]


def owner_of(tensors: Mapping[str, Tensor]) -> tuple[str, list[str]]:
    """The prefix of the network whose weights are to be taken.

    Args:
        tensors: by name, perhaps of several networks, each under a prefix such as "net_g_ema.".

    Returns:
        The prefix, "" for none; and the other prefixes under which the same network is there.
    """
    for landmark in LANDMARKS:
        found = [n[: -len(landmark)] for n in tensors if n.endswith(landmark)]
        owners = [owner for owner in found if owner == "" or _is_owner(owner)]
        if owners:
            order = {
                w: i for i, w in enumerate(by_preference(p for o in owners for p in _parts(o)))
            }
            owners.sort(key=lambda owner: _rank(owner, order))
            return owners[0], owners[1:]
    return "", []


def _parts(owner: str) -> list[str]:
    return owner.removesuffix(".").split(".") if owner else []


def _is_owner(owner: str) -> bool:
    return owner.endswith(".") and all(is_averaged(p) or is_raw(p) for p in _parts(owner))


def _rank(owner: str, order: Mapping[str, int]) -> tuple[bool, bool, int, int]:
    """Averaged weights first, then those under a prefix, in the order of the prefixes."""
    parts = _parts(owner)
    best = min((order[part] for part in parts), default=0)
    return not any(map(is_averaged, parts)), not parts, best, len(parts)
