"""Make before_after.png: the example picture, and what `swinsr upscale` makes of it.

    swinsr upscale apps/examples/astronaut.png --scale 4 -o astronaut_x4.png
    python docs/images/before_after.py apps/examples/astronaut.png astronaut_x4.png

The second prints nothing.
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw

BOX = (84, 10, 184, 90)  # of the small picture: left, top, right, bottom
ZOOM = 4


def main(before: str, after: str) -> None:
    """Write before_after.png beside this file."""
    size = ((BOX[2] - BOX[0]) * ZOOM, (BOX[3] - BOX[1]) * ZOOM)
    small = Image.open(before).convert("RGB")
    parts = [
        ("input, pixels enlarged", small.crop(BOX).resize(size, Image.Resampling.NEAREST)),
        ("bicubic x4", small.resize((small.width * ZOOM, small.height * ZOOM)).crop(scaled())),
        ("swinsr upscale x4", Image.open(after).convert("RGB").crop(scaled())),
    ]
    sheet = Image.new("RGB", (len(parts) * size[0] + 8 * (len(parts) - 1), size[1] + 24), "white")
    draw = ImageDraw.Draw(sheet)
    for i, (label, part) in enumerate(parts):
        left = i * (size[0] + 8)
        sheet.paste(part, (left, 24))
        draw.text((left + 4, 4), label, fill="black", font_size=15)
    sheet.save(Path(__file__).with_name("before_after.png"), optimize=True)


def scaled() -> tuple[int, int, int, int]:
    """`BOX` in the enlarged picture."""
    left, top, right, bottom = (side * ZOOM for side in BOX)
    return left, top, right, bottom


if __name__ == "__main__":
    main(*sys.argv[1:])
