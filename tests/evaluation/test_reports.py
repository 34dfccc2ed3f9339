"""Markdown, CSV, JSON and HTML of the same results."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from swinsr.evaluation import (
    Evaluation,
    Options,
    Request,
    evaluate,
    to_csv,
    to_document,
    to_html,
    to_json,
    to_markdown,
)
from swinsr.evaluation.crop import SIDE, find_place
from swinsr.evaluation.reports.tables import format_score
from tests.evaluation.conftest import pictures, write


@pytest.fixture
def measured(paired_set: Path, tiny_x2: Path) -> Evaluation:
    (paired_set / "HR" / "broken.png").write_bytes(b"no picture")
    return evaluate(["bicubic", str(tiny_x2)], [str(paired_set)], Request((2,)))


def html_of(evaluation: Evaluation, crops: int = 16) -> str:
    document = to_document(evaluation.results, Options(), evaluation.notes)
    return to_html(evaluation.results, document, crops=crops)


def test_json_has_every_documented_field(measured: Evaluation) -> None:
    document = json.loads(to_json(to_document(measured.results, Options(), measured.notes)))
    assert {"schema", "versions", "machine", "options", "results"} <= set(document)
    assert {"swinsr", "torch", "numpy", "opencv"} <= set(document["versions"])
    bicubic, network = document["results"]
    assert (bicubic["model"], bicubic["dataset"], bicubic["scale"]) == ("bicubic", "paired", 2)
    assert bicubic["parameters"] is None and network["parameters"] > 0
    assert network["macs_per_pixel"] > 0 and len(network["weights_sha256"]) == 64
    assert list(bicubic["mean"]) == ["psnr_y", "ssim_y", "psnr", "ssim"]
    image = bicubic["images"][0]
    assert image["name"] == "astronaut" and (image["height"], image["width"]) == (48, 60)
    assert image["psnr_y"] == measured.results[0].images[0].scores["psnr_y"]
    assert bicubic["failures"][0]["name"] == "broken"


def test_json_has_no_infinity(hr_set: Path) -> None:
    found = evaluate(["nearest"], [str(hr_set)], Request(noise=(0,)))
    document = json.loads(to_json(to_document(found.results, Options())))
    assert document["results"][0]["mean"]["psnr"] is None
    assert document["results"][0]["images"][0]["ssim"] == pytest.approx(1.0)
    assert "| ∞ |" in to_markdown(found.results)
    assert "inf" in to_csv(found.results)


def test_csv_has_a_line_a_picture_and_a_mean(measured: Evaluation) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(measured.results))))
    assert [r["row"] for r in rows] == ["image", "image", "image", "mean"] * 2
    assert float(rows[3]["psnr_y"]) == measured.results[0].mean["psnr_y"]
    assert rows[0]["psnrb"] == ""


def test_markdown_has_a_row_a_result_and_names_failures(measured: Evaluation) -> None:
    lines = to_markdown(measured.results).splitlines()
    assert lines[0].startswith("| Model | Dataset | Task | On | PSNR | SSIM |")
    assert lines[2].startswith("| bicubic | paired | x2 | Y | ")
    assert len({line.count("|") for line in lines[:4]}) == 1
    assert any(line.startswith("- ") and "broken.png" in line for line in lines)


def test_markdown_escapes_bars(tmp_path: Path) -> None:
    write(tmp_path / "a|b" / "cat.png", pictures()["cat"])
    found = evaluate(["nearest"], [str(tmp_path / "a|b")], Request((2,)))
    assert "| a\\|b |" in to_markdown(found.results)


def test_scores_are_shown_with_the_digits_that_matter() -> None:
    assert format_score("psnr_y", 33.6779) == "33.678"
    assert format_score("ssim_y", 0.93041) == "0.9304"
    assert format_score("psnr", -0.01, signed=True) == "-0.010"
    assert format_score("psnr", float("inf")) == "∞" and format_score("psnr", None) == "-"


def test_html_needs_nothing_from_outside(measured: Evaluation) -> None:
    html = html_of(measured)
    assert "default-src 'none'" in html
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:)|https?://|@import|url\(""", html)


def test_html_shows_input_models_and_truth(measured: Evaluation) -> None:
    html = html_of(measured)
    data = json.loads(re.search(r'id="crops">(.*?)</script>', html, re.S)[1])  # type: ignore[index]
    assert [crop["name"] for crop in data] == ["astronaut", "cat", "rocket"]
    labels = [panel["label"] for panel in data[0]["panels"]]
    assert labels == ["input", "bicubic", "tiny_x2", "truth"]
    assert "broken.png" in html


def test_bicubic_is_shown_where_it_is_not_measured(paired_set: Path) -> None:
    found = evaluate(["nearest"], [str(paired_set)], Request((2,)))
    html = html_of(found)
    assert '"label": "bicubic", "score": "not measured"' in html


@pytest.mark.parametrize(
    ("crops", "names"), [(0, []), (1, ["astronaut"]), (2, ["astronaut", "rocket"])]
)
def test_html_shows_as_many_pictures_as_asked(
    measured: Evaluation, crops: int, names: list[str]
) -> None:
    html = html_of(measured, crops)
    assert re.findall(r'<section class="picture">.*?<h3>(.*?)</h3>', html) == names


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    name = "<script>alert(1)<!--&quot;'\"<"
    write(tmp_path / name / "a.png", pictures()["cat"])
    (tmp_path / name / "a.png").rename(tmp_path / name / "<img src=x onerror=alert(1)>.png")
    html = html_of(evaluate(["nearest"], [str(tmp_path / name)], Request((2,))))
    assert html.count("<script") == html.count("</script>") == 2
    assert "<img" not in html and "<!--" not in html


def test_the_piece_shown_is_the_most_detailed_and_fits_the_scale() -> None:
    truth = pictures()["cat"][:42, :48].repeat(12, 0).repeat(12, 1)
    flat = truth * 0
    flat[300:340, 400:440] = truth[:40, :40] | 1
    for scale in (1, 2, 3, 4):
        place = find_place(flat, scale)
        assert place.top <= 300 and place.top + place.height >= 340
        assert place.left <= 400 and place.left + place.width >= 440
        assert place.height <= SIDE
        assert not any(n % scale for n in (place.top, place.left, place.height, place.width))


def test_a_small_picture_is_shown_whole() -> None:
    place = find_place(pictures()["cat"], 2)
    assert (place.top, place.left, place.height, place.width) == (0, 0, 42, 48)
