"""What a run would come to, told before its start; less where needed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from swinsr.demo.catalogue import AUTOMATIC, Offer, automatic, find_offer, quicker
from swinsr.demo.jobs import duration
from swinsr.demo.tasks.choose import Saving, WantedSize, choose
from swinsr.demo.tasks.compare import enlarged, piece_of
from swinsr.demo.tasks.convert import Workshop
from swinsr.demo.tasks.scoring import contestants, sides, spoiling
from swinsr.demo.uploads import Upload
from swinsr.errors import ImageError, ImageTooLargeError

# Factors that are offered in place of one that gives too large a result, the largest first.
_SCALES = (4.0, 3.0, 2.0)
# Sides of the piece that is compared, in pixels, and their step.
SIDES, STEP = (32, 512), 16


@dataclass(frozen=True)
class Less:
    """An offer of less, where what was asked for is more than the server gives.

    Attributes:
        text: of a button.
        model: to be taken in place of the one that was chosen; None to leave it.
        scale: to be taken in place of the size; None to leave it.
        side: of the piece that is compared, in pixels; None to leave it.
    """

    text: str
    model: str | None = None
    scale: float | None = None
    side: int | None = None


@dataclass(frozen=True)
class Estimate:
    """What would be done.

    Attributes:
        text: one or two sentences.
        startable: whether the server would do it.
        less: what it would do instead; None where it does what is asked for, or nothing helps.
    """

    text: str
    startable: bool = True
    less: Less | None = None


def plan(
    shop: Workshop,
    upload: Upload,
    model: str,
    size: WantedSize,
    *,
    restores: bool,
    strength: float = 1.0,
) -> Estimate:
    """Decide from the header alone; arguments as for `Workshop.process`.

    Raises:
        SwinsrError: the options or the model will not do.
    """
    pixels = upload.header.height * upload.header.width
    try:
        chosen = choose(
            upload, model, size, Saving(), shop.limits, restores=restores, strength=strength
        )
    except ImageTooLargeError as error:
        return Estimate(str(error), False, _smaller(shop, upload, model))
    scale = chosen.target.scale
    height, width = chosen.target.final
    made = f"{width} × {height} pixels by {chosen.name}"
    why = f", for {chosen.reason}" if chosen.reason else ""
    seconds = chosen.seconds(shop.catalogue.speeds, pixels)
    if _in_time(shop, seconds):
        return Estimate(f"Makes {made}{why}{_about(seconds)}.{_fetched(chosen.offers)}")
    text = f"{made} would take {duration(seconds or 0)}, and {_allowed(shop, 'a picture')}."
    for name in () if restores else quicker(scale):
        guess = _seconds(shop, [(find_offer(name), scale, pixels)])
        if guess is not None and _in_time(shop, guess):
            return Estimate(text, False, _quicker(name, guess))
    return Estimate(f"{text} Take a smaller picture.", False)


def plan_batch(shop: Workshop, paths: list[str], model: str, size: WantedSize) -> Estimate:
    """The same for many pictures, which are one job; those that cannot be read are left out.

    Raises:
        SwinsrError: the options will not do.
    """
    count = len(paths)
    pictures = f"{count} picture{'s' if count > 1 else ''}"
    if count > shop.limits.max_files:
        most = shop.limits.max_files
        return Estimate(f"{pictures} are too many; at most {most} are taken at a time.", False)
    total = _together(_each(shop, paths, model, size))
    if _in_time(shop, total):
        return Estimate(f"{pictures}{_about(total)}.")
    text = f"{pictures} would take {duration(total or 0)}, and {_allowed(shop, 'them')}."
    for name in quicker(4 if size.scale is None else size.scale):
        guess = _together(_each(shop, paths, name, size))
        if guess is not None and _in_time(shop, guess):
            return Estimate(text, False, _quicker(name, guess))
    return Estimate(f"{text} Choose fewer.", False)


def plan_comparison(
    shop: Workshop, upload: Upload, models: list[str], scale: float, side: int
) -> Estimate:
    """The same for a comparison; arguments as for `run_comparison`.

    Raises:
        ImageTooLargeError: the result would be.
        ModelNotFoundError: a model that there is not.
    """
    found = [find_offer(automatic(scale) if name == AUTOMATIC else name) for name in models]

    def guess(side: int) -> float | None:
        height, width = piece_of(upload.header.height, upload.header.width, side)
        return _seconds(shop, [(o, _scale(o, scale), height * width) for o in found])

    height, width = piece_of(upload.header.height, upload.header.width, side)
    shop.limits.check_output(upload.name, *enlarged(height, width, scale))
    piece = f"a piece of {width} × {height} pixels"
    seconds = guess(side)
    if _in_time(shop, seconds):
        return Estimate(f"Compares {piece}{_about(seconds)}.{_fetched(found)}")
    text = f"{piece.capitalize()} would take {duration(seconds or 0)}, and {_allowed(shop, 'it')}."
    for smaller in range(side // STEP * STEP, SIDES[0] - 1, -STEP):
        if smaller < side and _in_time(shop, guess(smaller)):
            return Estimate(text, False, Less(f"Take a piece of {smaller} pixels", side=smaller))
    return Estimate(f"{text} Take quicker models.", False)


def plan_scoring(shop: Workshop, upload: Upload, model: str, scale: int) -> Estimate:
    """The same for an evaluation; arguments as for `run_scoring`.

    Raises:
        ImageReadError: the picture is too small to be scored.
        ModelNotFoundError: there is no such model.
    """

    def runs(offers: list[Offer], scale: int) -> list[tuple[Offer, float, int]]:
        height, width = sides(upload.header.height, upload.header.width, scale, upload.name)
        return [(o, scale, height // scale * (width // scale)) for o in offers]

    offers, scale = contestants(model, scale)
    seconds = _seconds(shop, runs(offers, scale))
    height, width = sides(upload.header.height, upload.header.width, scale, upload.name)
    done = f"{spoiling(offers[-1], scale, height, width)} and brought back by " + " and ".join(
        offer.name for offer in offers
    )
    if _in_time(shop, seconds):
        return Estimate(f"The picture is {done}{_about(seconds)}.{_fetched(offers)}")
    text = f"This would take {duration(seconds or 0)}, and {_allowed(shop, 'an evaluation')}."
    for name in quicker(scale) if scale > 1 else ():
        guess = _seconds(shop, runs(contestants(name, scale)[0], scale))
        if guess is not None and _in_time(shop, guess):
            return Estimate(text, False, _quicker(name, guess))
    return Estimate(f"{text} Take a smaller picture.", False)


def _each(shop: Workshop, paths: list[str], model: str, size: WantedSize) -> Iterable[float | None]:
    """Seconds of each picture that can be read; None where they are not known."""
    for path in paths:
        try:
            upload = shop.open(path)
            chosen = choose(upload, model, size, Saving(), shop.limits, restores=False)
        except ImageError:
            continue  # it gets its own line among the results
        pixels = upload.header.height * upload.header.width
        yield chosen.seconds(shop.catalogue.speeds, pixels)


def _scale(offer: Offer, scale: float) -> float:
    return 1.0 if offer.restores else scale


def _seconds(shop: Workshop, runs: Iterable[tuple[Offer, float, int]]) -> float | None:
    """Of all runs together; None where one of them is not known."""
    speeds = shop.catalogue.speeds
    return _together(speeds.seconds(offer.entry, scale, pixels) for offer, scale, pixels in runs)


def _together(seconds: Iterable[float | None]) -> float | None:
    """Their sum; None where one of them is not known."""
    total: float | None = 0.0
    for one in seconds:
        total = None if one is None or total is None else total + one
    return total


def _in_time(shop: Workshop, seconds: float | None) -> bool:
    return seconds is None or seconds <= shop.limits.seconds


def _about(seconds: float | None) -> str:
    return "" if seconds is None else f", in {duration(seconds)}"


def _allowed(shop: Workshop, what: str) -> str:
    return f"this server gives {what} {duration(shop.limits.seconds).removeprefix('about ')}"


def _fetched(offers: Sequence[Offer]) -> str:
    """What is downloaded first, as sentences."""
    several = len(offers) > 1
    return "".join(
        f" {offer.name if several else 'It'} {offer.place} first."
        for offer in offers
        if not offer.here
    )


def _quicker(name: str, seconds: float) -> Less:
    return Less(f"Take {name}, {duration(seconds)}", model=name)


def _smaller(shop: Workshop, upload: Upload, model: str) -> Less | None:
    for scale in _SCALES:
        try:
            choose(upload, model, WantedSize(scale), Saving(), shop.limits, restores=False)
        except ImageTooLargeError:
            continue
        return Less(f"Make it {scale:g} times as large", scale=scale)
    return None
