"""An animation on the page: what is downloaded and saved again has every frame."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from swinsr.demo import Limits
from swinsr.demo.catalogue import Catalogue
from swinsr.demo.folder import Folder
from swinsr.demo.jobs import Submission
from swinsr.demo.tasks.choose import Saving, WantedSize
from swinsr.demo.tasks.convert import Workshop

TIMES = [50, 70, 90]


def times(path: Path) -> list[int]:
    with Image.open(path) as picture:
        found = []
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            picture.load()
            found.append(round(picture.info.get("duration", 0)))
        return found


@pytest.mark.parametrize("form", [None, "WebP", "GIF"])
def test_a_gif_comes_back_with_every_frame_and_is_saved_again_with_them(form: str | None) -> None:
    folder = Folder(3600)
    shop = Workshop(folder, Limits(max_pixels=100_000, max_files=4), Catalogue())
    row = np.tile(np.arange(40, dtype=np.uint8) * 6, (30, 1))
    frames = [Image.fromarray(np.roll(row, 5 * i, 1)) for i in range(3)]
    upload = folder.new_file("a.gif")
    frames[0].save(upload, save_all=True, append_images=frames[1:], duration=TIMES)
    done = shop.process(
        Submission(60), str(upload), "bicubic", WantedSize(scale=2.0), Saving(form), restores=False
    )
    assert times(done.file) == times(done.after) == TIMES
    assert done.size == (80, 60)
    for other in ("WebP", "PNG", "GIF"):
        assert times(shop.save_again(Submission(60), str(done.lossless), Saving(other))) == TIMES
    assert len(times(shop.save_again(Submission(60), str(done.lossless), Saving("JPEG")))) == 1
    folder.close()
