"""Two pictures under a divider, in a notebook: one piece of HTML that needs no network."""

import base64
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from PIL import Image as PilImage

from swinsr.image import read_image, to_pil
from swinsr.image.arrays import from_array
from swinsr.image.picture import Image

if TYPE_CHECKING:
    from swinsr.image.picture import Array

Picture: TypeAlias = "Array | Image | PilImage.Image | str | os.PathLike[str]"
# The longest side that is sent to the browser; more than any screen shows.
LONGEST = 2048

_PAGE = """\
<div style="position:relative;display:inline-block;max-width:100%;line-height:0;--at:50%">
  <img alt="after, {after}" src="{after_data}" style="max-width:100%;width:{width}px;height:auto">
  <img alt="before, {before}" src="{before_data}"
    style="position:absolute;inset:0;width:100%;height:100%;
    clip-path:inset(0 calc(100% - var(--at)) 0 0)">
  <div style="position:absolute;top:0;bottom:0;left:var(--at);width:2px;margin-left:-1px;
    background:#fff;box-shadow:0 0 3px #000;pointer-events:none"></div>
  <input type="range" min="0" max="100" step="0.1" value="50"
    aria-label="Divider between before and after"
    oninput="this.parentNode.style.setProperty('--at', this.value + '%')"
    style="position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:ew-resize">
</div>
<div style="font:12px sans-serif;color:gray">{before} before, {after} after{note}</div>
"""


class Comparison:
    """A picture before and after, with a divider to move.

    A notebook shows it as such; `html` is the same for a page of one's own.
    """

    def __init__(self, before: PilImage.Image, after: PilImage.Image) -> None:
        """Use `show`."""
        self._before, self._after = before, after

    def __repr__(self) -> str:
        """The sizes."""
        return f"Comparison({_size(self._before)} before, {_size(self._after)} after)"

    @property
    def html(self) -> str:
        """A piece of HTML, the pictures within it."""
        sent = _fitted(self._after)
        reduced = sent.size != self._after.size
        return _PAGE.format(
            before=_size(self._before),
            after=_size(self._after),
            before_data=_data(_fitted(self._before)),
            after_data=_data(sent),
            width=sent.width,
            note=f", shown at {_size(sent)}" if reduced else "",
        )

    def _repr_html_(self) -> str:
        return self.html


def show(before: Picture, after: Picture) -> Comparison:
    """Lay two pictures over each other, with a divider: `swinsr.show(before, after)`.

    Args:
        before, after: paths, PIL images, arrays or `swinsr.image.Image`; of any sizes, the first
            is stretched over the second.

    Raises:
        PictureTypeError: what is no picture.
        ShapeMismatchError: an array that is none.
        ImageError: a file that cannot be read.
    """
    return Comparison(_pil(before), _pil(after))


def _pil(picture: Any) -> PilImage.Image:
    if isinstance(picture, PilImage.Image):
        return picture
    if isinstance(picture, str | Path | os.PathLike):
        return to_pil(read_image(picture))
    return to_pil(picture if isinstance(picture, Image) else from_array(picture))


def _fitted(picture: PilImage.Image) -> PilImage.Image:
    factor = LONGEST / max(picture.size)
    if factor >= 1:
        return picture
    size = [max(round(side * factor), 1) for side in picture.size]
    return picture.resize((size[0], size[1]), PilImage.Resampling.LANCZOS)


def _data(picture: PilImage.Image) -> str:
    stream = io.BytesIO()
    plain = picture if picture.mode in ("L", "LA", "RGB", "RGBA", "P") else picture.convert("RGB")
    # Without the profile's rendering the two would differ by more than the network did.
    plain.save(stream, "PNG", icc_profile=picture.info.get("icc_profile"))
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _size(picture: PilImage.Image) -> str:
    return f"{picture.width}x{picture.height}"
