"""The printed scores belong to models and datasets that are known."""

from swinsr.evaluation.known import KNOWN
from swinsr.zoo import published_models
from swinsr.zoo.scores import find_score, published_scores


def test_every_printed_score_is_of_a_known_model_and_dataset() -> None:
    models = {m.name: m for m in published_models()}
    datasets = {k.name for k in KNOWN}
    for score in published_scores():
        assert score.dataset in datasets
        if score.model != "bicubic":
            assert models[score.model].scale == score.scale


def test_every_sr_checkpoint_with_a_table_has_its_scores() -> None:
    with_scores = {s.model for s in published_scores()}
    without = {m.name for m in published_models()} - with_scores
    assert all("real" in n or "x8" in n or "swin2sr" in n for n in without), without


def test_no_score_is_listed_twice() -> None:
    keys = [
        (s.model, s.dataset, s.scale, s.noise, s.quality, s.self_ensemble)
        for s in published_scores()
    ]
    assert len(keys) == len(set(keys))


def test_finds_what_is_printed_for_exactly_this() -> None:
    plain = find_score("swinir-classical-x4-df2k", "Urban100", scale=4)
    assert plain is not None and dict(plain.scores) == {"psnr_y": 27.45, "ssim_y": 0.8254}
    plus = find_score("swinir-classical-x4-df2k", "Urban100", scale=4, self_ensemble=True)
    assert plus is not None and plus.scores["psnr_y"] == 27.56
    jpeg = find_score("swinir-gray-jpeg-10", "Classic5", quality=10)
    assert jpeg is not None and jpeg.scores["psnrb"] == 29.95
    assert find_score("swinir-classical-x4-df2k", "Urban100", scale=2) is None


def test_likely_misprints_say_what_was_meant() -> None:
    marked = {(s.model, s.dataset): dict(s.misprints) for s in published_scores() if s.misprints}
    assert marked == {
        ("swinir-classical-x4-div2k", "Manga109"): {"ssim_y": 0.9243},
        ("swin2sr-classical-x4", "Manga109"): {"psnr_y": 32.03},
    }
