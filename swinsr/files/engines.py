"""The models of a run: each loaded once, when the first picture needs it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from swinsr.errors import ConfigError, ModelNotFoundError
from swinsr.files.settings import Settings
from swinsr.files.signals import loading
from swinsr.files.sources import is_there

if TYPE_CHECKING:
    from swinsr.inference import Upscaler
    from swinsr.zoo import Damage

# Tasks of the models that restoring chooses from, by what is asked for.
_TASKS = {"denoise": ("color_denoise", "gray_denoise"), "jpeg": ("color_jpeg", "gray_jpeg")}
_WORDS = {"denoise": "noise", "jpeg": "JPEG artefacts"}


class Models(Protocol):
    """Where a job's model comes from."""

    def get(self, scale: float | None) -> "Upscaler":
        """The model for an enlargement; None for that which is made where none is asked for."""
        ...

    def why(self, scale: float | None) -> str:
        """Why it was taken, for people; empty where nothing spoke for it."""
        ...


class Engines:
    """Upscalers by enlargement, for one set of settings."""

    def __init__(
        self, settings: Settings, loader: "Callable[[str, Settings], Upscaler] | None" = None
    ) -> None:
        """Nothing is loaded yet.

        Args:
            settings: of the run.
            loader: what gets a model by its name; `load` by default.
        """
        self._settings, self._loader = settings, loader or load
        self._loaded: dict[str, Upscaler] = {}

    @property
    def sharpness(self) -> float | None:
        """How crisp the results shall be; None where nothing was said."""
        return self._settings.sharpness

    def check(self) -> float:
        """Load the model that the settings name, or that suits the scale.

        Returns:
            The enlargement that is made where none is asked for.

        Raises:
            SwinsrError: it cannot be had, or does not do what is asked for.
        """
        with loading():
            import swinsr.inference  # noqa: F401 - torch, before anything is written
        settings = self._settings
        upscaler = self.get(settings.scale)
        if settings.task != "upscale":
            if upscaler.scale != 1:
                raise ConfigError(
                    f"{upscaler.engine.name} enlarges by {upscaler.scale:g} and does not restore; "
                    "use `swinsr upscale`, or name a model of scale 1"
                )
        elif not settings.target.sized:
            upscaler.check_scale(settings.scale or upscaler.scale)
        elif upscaler.scale == 1:
            raise ConfigError(
                f"{upscaler.engine.name} restores and does not enlarge; use `swinsr restore`"
            )
        return upscaler.scale

    def known_scale(self) -> float | None:
        """What `check` would return, from the model's name alone and without torch.

        Returns:
            None where only the loaded model tells: of a file, or of one on the Hub.

        Raises:
            ModelNotFoundError: no model of that name, and no such file.
        """
        from swinsr.inference.baselines import BASELINES, DEFAULT_SCALE
        from swinsr.zoo import (
            bundled_models,
            cached_path,
            find_published,
            find_weights,
            is_hub_id,
        )

        settings = self._settings
        name, *others = self.names(settings.scale)
        if others:
            return settings.scale
        if name in BASELINES:
            return DEFAULT_SCALE
        entry = next((m for m in bundled_models() if m.name == name), None)
        if entry is not None:
            return float(entry.scale)
        if is_hub_id(name) and not is_there(Path(name)):
            return None  # finding it downloads it
        path = find_weights(name)
        published = find_published(name)
        known = published is not None and path == cached_path(published)
        return float(published.scale) if known and published is not None else None

    def get(self, scale: float | None, *, damage: "Damage" = "none") -> "Upscaler":
        """The model for an enlargement: the one that was named, or the bundled ones that suit.

        Args:
            scale: factor of enlargement.
            damage: what the picture has been through, which a model should know.

        Raises:
            SwinsrError: it cannot be had.
        """
        from swinsr.inference import Upscaler
        from swinsr.inference.relay import RelayEngine

        names = self.names(scale, damage=damage)
        for name in names:
            if name not in self._loaded:
                self._loaded[name] = self._loader(name, self._settings)
        whole = " + ".join(names)
        if whole not in self._loaded:
            engines = [self._loaded[name].engine for name in names]
            self._loaded[whole] = Upscaler(RelayEngine(engines))
        return self._loaded[whole]

    def names(self, scale: float | None, *, damage: "Damage" = "none") -> tuple[str, ...]:
        """What `get` gives, by name, without torch: one model, or several one after the other."""
        from swinsr.inference.baselines import DEFAULT_SCALE
        from swinsr.inference.stages import default_stages
        from swinsr.zoo import crisp_model

        settings = self._settings
        if settings.model is not None:
            return (settings.model,)
        if settings.sharpness is not None:
            return (crisp_model().name,)
        if settings.task != "upscale":
            return (restorer(settings.task),)
        wanted = DEFAULT_SCALE if scale is None else max(scale, 1.0)
        chosen = default_stages(wanted, fast=settings.fast, damage=damage, best=settings.best)
        return tuple(model.name for model in chosen)


@dataclass(frozen=True)
class Suited:
    """The models of a run as they suit one picture.

    Attributes:
        engines: of the run.
        damage: as for `Engines.get`.
        reason: why, for people; empty where nothing spoke for it.
    """

    engines: Engines
    damage: "Damage" = "none"
    reason: str = ""

    def get(self, scale: float | None) -> "Upscaler":
        """The model for an enlargement."""
        return self.engines.get(scale, damage=self.damage)

    def names(self, scale: float | None) -> tuple[str, ...]:
        """What that is, by name."""
        return self.engines.names(scale, damage=self.damage)

    def why(self, scale: float | None) -> str:
        """Why it was taken, where it is one for damage; how crisp it is, where that was asked."""
        if self.engines.sharpness is not None:
            return f"sharpness {self.engines.sharpness:g}"
        from swinsr.inference.baselines import DEFAULT_SCALE
        from swinsr.inference.stages import default_stages

        wanted = DEFAULT_SCALE if scale is None else max(scale, 1.0)
        first, *_ = default_stages(wanted, damage=self.damage)
        return self.reason if first.damage != "none" else ""


def load(name: str, settings: Settings) -> "Upscaler":
    """One model as the settings have it run.

    Raises:
        SwinsrError: it cannot be had.
    """
    from swinsr.inference import Upscaler

    upscaler = Upscaler.from_pretrained(
        name,
        device=settings.device,
        precision=settings.precision,
        force_float16=settings.force_float16,
        mode=settings.mode,
        tile=settings.tile,
        overlap=settings.overlap,
        memory=settings.memory,
        best=settings.best,
        sharpness=settings.sharpness,
    )
    return wrapped(upscaler, settings)


def wrapped(upscaler: "Upscaler", settings: Settings) -> "Upscaler":
    """A model within the engines that the settings ask for: self-ensemble, restoration in part."""
    from swinsr.inference import Upscaler
    from swinsr.inference.ensemble import BlendedEngine, EnsembleEngine

    if settings.self_ensemble:
        upscaler = Upscaler(EnsembleEngine(upscaler.engine))
    if settings.strength < 1:
        upscaler = Upscaler(BlendedEngine(upscaler.engine, settings.strength))
    return upscaler


def restorer(task: str) -> str:
    """The bundled model for a kind of restoration, "denoise" or "jpeg".

    Raises:
        ModelNotFoundError: none ships; the published ones are named.
    """
    from swinsr.zoo import bundled_models, published_models

    wanted = _TASKS[task]
    bundled = [m for m in bundled_models() if m.task in wanted and m.scale == 1]
    chosen = next((m for m in bundled if m.default), bundled[0] if bundled else None)
    if chosen is not None:
        return chosen.name
    named = [m.name for kind in wanted for m in published_models() if m.task == kind]
    known = named[0] if named else "NAME"
    raise ModelNotFoundError(
        f"no bundled model takes out {_WORDS[task]}; name a weights file with --model, or get a "
        f"published one with `swinsr models download {known}` and give --model {known}"
    )
