"""The models of a run: each loaded once, when the first picture needs it."""

from typing import TYPE_CHECKING

from swinsr.cli.signals import loading
from swinsr.cli.work import Work
from swinsr.errors import ConfigError, ModelNotFoundError

if TYPE_CHECKING:
    from swinsr.inference import Upscaler

# Tasks of the models that `restore` chooses from, by what it is asked for.
_TASKS = {"denoise": ("color_denoise", "gray_denoise"), "jpeg": ("color_jpeg", "gray_jpeg")}
_WORDS = {"denoise": "noise", "jpeg": "JPEG artefacts"}


class LoadedModels:
    """Upscalers by enlargement, for one set of options."""

    def __init__(self, work: Work) -> None:
        """Nothing is loaded yet."""
        self._work = work
        self._loaded: dict[str, Upscaler] = {}

    def check(self) -> float:
        """Load the model that the options name, or that suits the scale.

        Returns:
            The enlargement that is made where none is asked for.

        Raises:
            SwinsrError: it cannot be had, or does not do what is asked for.
        """
        with loading():
            import swinsr.inference  # noqa: F401 - torch, before anything is written
        upscaler = self.get(self._work.target.scale)
        if self._work.task != "upscale":
            if upscaler.scale != 1:
                raise ConfigError(
                    f"{upscaler.engine.name} enlarges by {upscaler.scale:g} and does not restore; "
                    "use `swinsr upscale`, or name a model of scale 1"
                )
        elif not self._work.target.sized:
            upscaler.check_scale(self._work.target.scale or upscaler.scale)
        elif upscaler.scale == 1:
            raise ConfigError(
                f"{upscaler.engine.name} restores and does not enlarge; use `swinsr restore`"
            )
        return upscaler.scale

    def get(self, scale: float | None) -> "Upscaler":
        """The model for an enlargement: the one that was named, or the bundled one that suits.

        Raises:
            SwinsrError: it cannot be had.
        """
        from swinsr.inference import Upscaler
        from swinsr.inference.ensemble import BlendedEngine, EnsembleEngine
        from swinsr.zoo import default_model

        work = self._work
        if work.model is not None:
            name = work.model
        elif work.task == "upscale":
            name = default_model(4.0 if scale is None else max(scale, 1.0)).name
        else:
            name = _restorer(work.task)
        if name not in self._loaded:
            upscaler = Upscaler.from_pretrained(
                name,
                device=work.device,
                precision=work.precision,
                force_float16=work.force,
                mode=work.tiles.mode,
                tile=work.tiles.tile,
                overlap=work.tiles.overlap,
                memory=work.tiles.memory,
            )
            if work.self_ensemble:
                upscaler = Upscaler(EnsembleEngine(upscaler.engine))
            if work.strength < 1:
                upscaler = Upscaler(BlendedEngine(upscaler.engine, work.strength))
            self._loaded[name] = upscaler
        return self._loaded[name]


def _restorer(task: str) -> str:
    """The bundled model for a kind of restoration.

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
