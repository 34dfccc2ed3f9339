"""What a run would come to, told before its start; less where needed."""

from dataclasses import dataclass

from swinsr.demo.catalogue import find_offer, quicker
from swinsr.demo.jobs import duration
from swinsr.demo.tasks.choose import Saving, WantedSize, choose
from swinsr.demo.tasks.convert import Workshop
from swinsr.demo.uploads import Upload
from swinsr.errors import ImageError, ImageTooLargeError

# Factors that are offered in place of one that gives too large a result, the largest first.
_SCALES = (4.0, 3.0, 2.0)


@dataclass(frozen=True)
class Less:
    """An offer of less, where what was asked for is more than the server gives.

    Attributes:
        text: of a button.
        model: to be taken in place of the one that was chosen; None to leave it.
        scale: to be taken in place of the size; None to leave it.
    """

    text: str
    model: str | None = None
    scale: float | None = None


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
    speeds, scale = shop.catalogue.speeds, chosen.target.scale
    seconds = chosen.seconds(speeds, pixels)
    height, width = chosen.target.final
    made = f"{width} × {height} pixels by {chosen.name}"
    why = f", for {chosen.reason}" if chosen.reason else ""
    # Of several, all ship.
    fetched = "" if chosen.offers[0].here else f" It {chosen.offers[0].place} first."
    if seconds is None:
        return Estimate(f"Makes {made}{why}.{fetched}")
    if seconds <= shop.limits.seconds:
        return Estimate(f"Makes {made}{why}, in {duration(seconds)}.{fetched}")
    text = (
        f"{made} would take {duration(seconds)}, and this server gives a picture "
        f"{duration(shop.limits.seconds).removeprefix('about ')}."
    )
    for name in () if restores else quicker(scale):
        guess = speeds.seconds(find_offer(name).entry, scale, pixels)
        if guess is not None and guess <= shop.limits.seconds:
            return Estimate(text, False, Less(f"Take {name}, {duration(guess)}", model=name))
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
    total, known = 0.0, True
    for path in paths:
        try:
            upload = shop.open(path)
            chosen = choose(upload, model, size, Saving(), shop.limits, restores=False)
        except ImageError:
            continue  # it gets its own line among the results
        pixels = upload.header.height * upload.header.width
        seconds = chosen.seconds(shop.catalogue.speeds, pixels)
        known = known and seconds is not None
        total += seconds or 0.0
    if not known:
        return Estimate(f"{pictures}.")
    if total > shop.limits.seconds:
        allowed = duration(shop.limits.seconds).removeprefix("about ")
        return Estimate(
            f"{pictures} would take {duration(total)}, and this server gives them {allowed}; "
            "choose fewer, or a quicker model.",
            False,
        )
    return Estimate(f"{pictures}, in {duration(total)}.")


def _smaller(shop: Workshop, upload: Upload, model: str) -> Less | None:
    for scale in _SCALES:
        try:
            choose(upload, model, WantedSize(scale), Saving(), shop.limits, restores=False)
        except ImageTooLargeError:
            continue
        return Less(f"Make it {scale:g} times as large", scale=scale)
    return None
