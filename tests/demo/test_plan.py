"""What a run would come to, told before it: the network, the time, and an offer of less."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swinsr.demo import Limits, catalogue
from swinsr.demo.catalogue import CRISP, KINDS, Catalogue, find_offer
from swinsr.demo.folder import Folder
from swinsr.demo.speeds import Speeds
from swinsr.demo.tasks.choose import Chosen, Saving, WantedSize, choose
from swinsr.demo.tasks.convert import Workshop
from swinsr.demo.tasks.plan import plan, plan_batch, plan_comparison, plan_scoring
from swinsr.demo.uploads import Upload
from swinsr.errors import ImageReadError, ImageTooLargeError, ModelNotFoundError
from swinsr.image import Image, write_image
from swinsr.zoo import ModelEntry, bundled_models
from tests.metrics.test_damage import scene


@pytest.fixture
def shop() -> Iterator[Workshop]:
    folder = Folder(3600)
    yield Workshop(folder, Limits(max_output_pixels=40_000, seconds=60), Catalogue())
    folder.close()


def given_picture(shop: Workshop, name: str, height: int = 60, width: int = 80) -> Upload:
    path = shop.folder.new_file(name)
    write_image(path, Image(scene(max(height, width))[:height, :width].copy()))
    return shop.open(str(path))


def entry(name: str) -> ModelEntry:
    found = find_offer(name).entry
    assert found is not None
    return found


SCALES = (1.0, 1.5, 2.0, 3.0, 4.0, 4.1, 5.0, 6.0, 6.5, 8.0, 12.0, 16.0)


def chosen_for(shop: Workshop, upload: Upload, kind: str, scale: float) -> Chosen:
    return choose(upload, kind, WantedSize(scale), Saving(), Limits(), restores=False)


@pytest.mark.parametrize("name", ("a.png", "b.jpg"))
def test_automatic_is_what_the_command_takes(shop: Workshop, name: str) -> None:
    from swinsr.files.choose import suited
    from swinsr.files.engines import Engines
    from swinsr.files.settings import Settings

    upload = given_picture(shop, name)
    for scale in SCALES:
        settings = Settings(scale=scale)
        command = suited(Engines(settings), settings, upload.path, upload.header)
        found = chosen_for(shop, upload, "auto", scale)
        assert tuple(offer.name for offer in found.offers) == command.names(scale)
        assert found.reason == command.why(scale)
    assert len(found.offers) > 1, "far scales take several networks"


def test_every_kind_has_a_network_that_ships(shop: Workshop) -> None:
    upload = given_picture(shop, "a.png")
    ours = {m.name for m in bundled_models()}
    for kind in set(KINDS) - {CRISP}:
        for scale in SCALES:
            for offer in chosen_for(shop, upload, kind, scale).offers:
                assert offer.name in ours and entry(offer.name).scale > 1


def test_crisp_is_offered_where_a_network_for_it_ships(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    if catalogue.crisp_models():
        pytest.skip("a network for crisp results ships")
    upload = given_picture(shop, "a.png")
    with pytest.raises(ModelNotFoundError, match="no model for crisp results"):
        chosen_for(shop, upload, "crisp", 4)
    sharp = ModelEntry(
        "swinsr-sharp-x4", "f", "real_sr", 4, "Apache-2.0", faithful="swinsr-photo-x4"
    )
    monkeypatch.setattr(catalogue, "bundled_models", lambda: (*bundled_models(), sharp))
    for kind, name, reason in (
        ("crisp", "swinsr-sharp-x4", "a crisp result"),
        ("photo", "swinsr-photo-x4", "a photograph"),
        ("old", "swinsr-real-x4", "an old or noisy picture"),
        ("drawing", "swinsr-light-x4", ""),
    ):
        found = chosen_for(shop, upload, kind, 4)
        assert (found.name, found.reason) == (name, reason)


def test_the_time_of_several_networks_is_that_of_each_on_what_it_is_given(shop: Workshop) -> None:
    upload = given_picture(shop, "a.png")
    speeds = shop.catalogue.speeds
    found = chosen_for(shop, upload, "auto", 8)
    assert [offer.scale for offer in found.offers] == [2, 4]
    speeds.note(entry("swinsr-light-x2"), 2, 10_000, 10.0)
    speeds.note(entry("swinsr-light-x4"), 4, 10_000, 20.0)
    # A millisecond a pixel of the picture, then two for each of four times as many.
    assert found.seconds(speeds, 1000) == pytest.approx(1 + 4 * 2)
    assert found.seconds(Speeds(), 1000) is None


def test_the_time_is_told_once_this_machine_is_known(shop: Workshop) -> None:
    upload = given_picture(shop, "a.png")
    before = plan(shop, upload, "auto", WantedSize(2), restores=False)
    assert before.text == "Makes 160 × 120 pixels by swinsr-light-x2."
    shop.catalogue.speeds.note(entry("swinsr-light-x4"), 4, 10_000, 10.0)
    after = plan(shop, upload, "auto", WantedSize(2), restores=False)
    # 4800 pixels at a millisecond each, by a network a little smaller.
    assert after.text.endswith("in about 5 s.") and after.startable and after.less is None


def test_what_would_take_too_long_is_refused_with_a_quicker_network(shop: Workshop) -> None:
    upload = given_picture(shop, "a.png")
    shop.catalogue.speeds.note(entry("swinsr-light-x4"), 4, 10_000, 200.0)
    found = plan(shop, upload, "auto", WantedSize(2), restores=False)
    assert not found.startable and "would take about 2 min, and this server gives" in found.text
    assert found.less is not None and found.less.model == "swinsr-fast-x2"
    accepted = plan(shop, upload, found.less.model, WantedSize(2), restores=False)
    assert accepted.startable
    shop.catalogue.speeds.note(entry("swinsr-light-x4"), 4, 10_000, 20_000.0)
    slower = plan(shop, upload, "auto", WantedSize(2), restores=False)
    assert slower.less is not None and slower.less.model == "bicubic"


def test_what_would_be_too_large_is_refused_with_a_smaller_factor(shop: Workshop) -> None:
    upload = given_picture(shop, "a.png")
    found = plan(shop, upload, "auto", WantedSize(4), restores=False)
    assert not found.startable and "at most 40,000" in found.text
    assert found.less is not None and found.less.scale == 2
    assert plan(shop, upload, "auto", WantedSize(found.less.scale), restores=False).startable
    large = given_picture(shop, "b.png", 150, 200)
    assert plan(shop, large, "auto", WantedSize(4), restores=False).less is None


def test_a_batch_is_one_job_whose_time_is_that_of_all(shop: Workshop) -> None:
    paths = [str(given_picture(shop, f"{n}.png").path) for n in range(3)]
    broken = shop.folder.new_file("bad.png")
    broken.write_bytes(b"no picture")
    assert plan_batch(shop, paths, "auto", WantedSize(2)).text == "3 pictures."
    shop.catalogue.speeds.note(entry("swinsr-light-x2"), 2, 4_800, 10.0)
    found = plan_batch(shop, [*paths, str(broken)], "auto", WantedSize(2))
    assert found.startable and found.text == "4 pictures, in about 30 s."
    refused = plan_batch(shop, paths * 3, "auto", WantedSize(2))
    assert not refused.startable and "9 pictures would take about 2 min" in refused.text
    assert refused.less is not None and refused.less.model == "swinsr-fast-x2"
    assert plan_batch(shop, paths * 3, refused.less.model, WantedSize(2)).startable
    many = plan_batch(shop, paths[:1] * 51, "auto", WantedSize(2))
    assert not many.startable and "at most 50" in many.text


def test_a_comparison_tells_its_time_and_offers_a_smaller_piece(shop: Workshop) -> None:
    upload = given_picture(shop, "a.png", 90, 300)
    names = ["bicubic", "auto"]
    unknown = plan_comparison(shop, upload, names, 2, 96)
    assert unknown.text == "Compares a piece of 96 × 90 pixels." and unknown.startable
    shop.catalogue.speeds.note(entry("swinsr-light-x2"), 2, 96 * 90, 10.0)
    assert plan_comparison(shop, upload, names, 2, 96).text.endswith(", in about 10 s.")
    # Two networks take as long as both; one that restores does so at the picture's own size.
    both = plan_comparison(shop, upload, ["swinsr-light-x2", "swinsr-light-x2"], 2, 96)
    assert both.text.endswith(", in about 20 s.")
    restorer = plan_comparison(shop, upload, ["bicubic", "swinsr-denoise"], 2, 96)
    alone = shop.catalogue.speeds.seconds(entry("swinsr-denoise"), 1, 96 * 90)
    assert alone is not None and f"about {round(alone)} s" in restorer.text
    shop.catalogue.speeds.note(entry("swinsr-light-x2"), 2, 96 * 90, 300.0)
    refused = plan_comparison(shop, upload, names, 2, 96)
    assert not refused.startable and "would take about 3 min, and this server" in refused.text
    assert refused.less is not None and refused.less.side is not None
    assert 32 <= refused.less.side < 96 and refused.less.side % 16 == 0
    assert plan_comparison(shop, upload, names, 2, refused.less.side).startable
    assert not plan_comparison(shop, upload, names, 2, refused.less.side + 16).startable
    shop.catalogue.speeds.note(entry("swinsr-light-x2"), 2, 96 * 90, 30_000.0)
    hopeless = plan_comparison(shop, upload, names, 2, 96)
    assert hopeless.less is None and hopeless.text.endswith("Take quicker models.")
    with pytest.raises(ImageTooLargeError, match="at most 40,000"):
        plan_comparison(shop, upload, names, 8, 96)


def test_an_evaluation_tells_what_is_done_and_how_long_it_takes(shop: Workshop) -> None:
    upload = given_picture(shop, "a.png", 101, 202)
    unknown = plan_scoring(shop, upload, "auto", 2)
    assert unknown.text == (
        "The picture is reduced by 2 to 101 × 50 pixels and brought back by bicubic and "
        "swinsr-light-x2."
    )
    shop.catalogue.speeds.note(entry("swinsr-light-x2"), 2, 101 * 50, 10.0)
    assert plan_scoring(shop, upload, "auto", 2).text.endswith("swinsr-light-x2, in about 10 s.")
    noisy = plan_scoring(shop, upload, "swinsr-denoise", 2)
    assert noisy.text.startswith(
        "The picture is given noise of strength 25 (of 255) and brought back by swinsr-denoise, in"
    )
    assert "saved as JPEG of quality 30" in plan_scoring(shop, upload, "swinsr-jpeg", 2).text
    assert "by bicubic, in" in plan_scoring(shop, upload, "bicubic", 4).text
    shop.catalogue.speeds.note(entry("swinsr-light-x2"), 2, 101 * 50, 150.0)
    refused = plan_scoring(shop, upload, "auto", 2)
    assert not refused.startable and "This would take about 1 min, and this" in refused.text
    assert refused.less is not None and refused.less.model == "swinsr-fast-x2"
    assert plan_scoring(shop, upload, refused.less.model, 2).startable
    with pytest.raises(ImageReadError, match="too few to be scored"):
        plan_scoring(shop, given_picture(shop, "b.png", 40, 60), "auto", 2)


def test_what_has_to_be_downloaded_is_said_before(shop: Workshop) -> None:
    upload = given_picture(shop, "a.png")
    if find_offer("swinir-light-x2").here:
        pytest.skip("the published model is on this machine")
    told = "swinir-light-x2 will be downloaded (17 MB) first."
    assert plan_comparison(shop, upload, ["bicubic", "swinir-light-x2"], 2, 96).text.endswith(told)
    assert plan_scoring(shop, upload, "swinir-light-x2", 1).text.endswith(told)


@given(
    st.sampled_from([1, 2, 3, 4]),
    st.floats(1, 16),
    st.integers(4_000, 10_000_000),
    st.floats(0.01, 1e4),
)
def test_a_run_that_was_measured_is_guessed_as_it_was(
    own: int, scale: float, pixels: int, seconds: float
) -> None:
    model = ModelEntry("m", "m", "classical_sr", own, "MIT", bytes=1000)
    speeds = Speeds()
    speeds.note(model, scale, pixels, seconds)
    assert speeds.seconds(model, scale, pixels) == pytest.approx(seconds)
    twice = speeds.seconds(model, scale, 2 * pixels)
    assert twice == pytest.approx(2 * seconds)
    other = ModelEntry("o", "o", "classical_sr", own, "MIT", bytes=500)
    assert speeds.seconds(other, scale, pixels) == pytest.approx(seconds / 2)


def test_what_was_never_measured_is_not_guessed(tmp_path: Path) -> None:
    assert Speeds().seconds(entry("swinsr-light-x4"), 4, 1000) is None
