"""Which damage is found in a file, and which network that speaks for."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from skimage import data

from swinsr.files import judge as judging
from swinsr.files.judge import judge, judge_damage
from swinsr.image import probe_image
from swinsr.metrics.damage import Damage
from swinsr.zoo import bundled_models, default_model
from tests.metrics.test_damage import jpeg, noisy, scene


def judged(path: Path, pixels: np.ndarray, **options: object) -> tuple[str, str]:
    Image.fromarray(pixels).save(path, **options)
    return judge(path, probe_image(path))


def test_a_file_is_judged_by_its_tables_and_its_pixels(tmp_path: Path) -> None:
    clean = scene()
    assert judged(tmp_path / "a.png", clean) == ("none", "")
    assert judged(tmp_path / "b.jpg", clean, quality=78) == ("slight", "a JPEG of about quality 78")
    assert judged(tmp_path / "c.jpg", clean, quality=97, subsampling=0) == ("none", "")
    damage, reason = judged(tmp_path / "d.png", jpeg(clean, 70))
    assert damage == "slight" and reason.startswith("once a JPEG of about quality ")
    assert judged(tmp_path / "e.png", noisy(clean, 5))[0] == "slight"
    damage, reason = judged(tmp_path / "f.png", noisy(clean, 12))
    assert damage == "heavy" and reason in {f"noise of about {n} levels" for n in (7, 8, 9)}
    lying = tmp_path / "lying.png"
    lying.write_bytes((tmp_path / "b.jpg").read_bytes())
    assert judge(lying, probe_image(lying))[1] == "a JPEG of about quality 78"


def test_nothing_is_thought_of_what_cannot_be_looked_at(tmp_path: Path) -> None:
    assert judge(tmp_path / "none.png", None) == ("none", "")
    assert judged(tmp_path / "small.png", scene()[:8, :8]) == ("none", "")
    broken = tmp_path / "broken.png"
    Image.fromarray(scene()).save(broken)
    header = probe_image(broken)
    broken.write_bytes(broken.read_bytes()[:500])
    assert judge(broken, header) == ("none", "")  # reading it says what is wrong


def test_large_pictures_are_judged_by_their_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "LOOKED_AT_PIXELS", 100)
    monkeypatch.setattr(judging, "_look", lambda source: pytest.fail("it would be decoded"))
    assert judged(tmp_path / "a.png", scene()) == ("none", "")
    assert judged(tmp_path / "b.jpg", scene(), quality=60)[0] == "slight"


def test_texture_and_dense_text_are_not_noise(tmp_path: Path) -> None:
    for texture in (data.gravel(), data.grass()):
        half = Image.fromarray(texture).convert("RGB").resize((256, 256), Image.Resampling.LANCZOS)
        assert judged(tmp_path / "texture.png", np.asarray(half))[0] == "none"
    page = Image.new("RGB", (280, 220), "white")
    draw = ImageDraw.Draw(page)
    for top in range(0, 220, 10):
        words = "The quick brown fox jumps over the lazy dog, again and again"
        draw.text((0, top), words, fill="black", font=ImageFont.load_default(9))
    half = page.resize((140, 110), Image.Resampling.LANCZOS)
    assert judged(tmp_path / "text.png", np.asarray(half))[0] == "none"


@pytest.mark.parametrize(
    ("found", "saved", "verdict"),
    [
        (Damage(0.5, 0.0, None), None, "none"),
        (Damage(9.0, 0.0, None), 95, "heavy"),
        (Damage(0.5, 0.0, None), 30, "heavy"),
        (Damage(0.5, -1.5, None), None, "slight"),
        (Damage(3.0, 0.0, None), 95, "slight"),
        (Damage(0.5, 0.0, 60), None, "slight"),
        (Damage(9.0, 0.0, None, 8.0), 95, "heavy"),
        (Damage(9.0, 0.0, None, 1.0), None, "none"),  # texture, or dense text
        (Damage(0.5, 0.0, 60, 2.0), None, "slight"),
        (Damage(0.5, 0.0, 30, 0.3), None, "none"),  # pixel art lies on a grid too
        (Damage(0.5, 0.0, None, 3.0), None, "slight"),
        (Damage(0.5, 0.0, None, 2.0), None, "none"),
        (Damage(0.5, 0.0, None, 3.0), 95, "none"),
        (Damage(0.5, 0.0, None, 15.0), 95, "heavy"),
        (None, None, "none"),
    ],
)
def test_verdicts(found: Damage | None, saved: int | None, verdict: str) -> None:
    assert judge_damage(found, saved, jpeg=saved is not None)[0] == verdict


def test_each_damage_has_a_network_and_milder_ones_step_in() -> None:
    assert default_model(4, damage="heavy").damage == "heavy"
    assert default_model(4, damage="slight").damage == "slight"
    assert default_model(4).damage == "none"
    assert default_model(2, damage="heavy").damage != "none"
    assert all(m.damage in ("none", "slight", "heavy") for m in bundled_models())
