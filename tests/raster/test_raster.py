"""Rasters keep their ground, their numbers and what is not there."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swinsr.errors import SwinsrError
from swinsr.image.resize.matlab import imresize
from swinsr.raster import RasterSettings, raster
from swinsr.tiling import work_path
from tests.helpers.networks import tiny_file
from tests.raster.scenes import LEFT, PIXEL, TOP, ground, nearest, read, write

rasterio = pytest.importorskip("rasterio", reason="rasterio is not installed")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_file(tmp_path_factory.mktemp("network")))


def settings(network: str = "bicubic", **options: Any) -> RasterSettings:
    return RasterSettings(
        **{"scale": 2, "model": network, "device": "cpu", "precision": "float32", **options}
    )


def run(folder: Path, source: Path, network: str = "bicubic", **options: Any) -> Path:
    output = folder / "out.tif"
    output.unlink(missing_ok=True)
    raster(source, output, settings(network, **options))
    assert not work_path(output).exists()
    return output


def scaled(t: Any, factor: float) -> Any:
    return type(t)(t.a * factor, t.b * factor, t.c, t.d * factor, t.e * factor, t.f)


def described(dataset: Any) -> None:
    dataset.descriptions = ("B04", "B03", "B02", "B08")
    dataset.units = ("DN",) * 4
    dataset.scales, dataset.offsets = (1e-4,) * 4, (-0.1,) * 4
    dataset.update_tags(SENSOR="MSI", AREA_OR_POINT="Point")
    dataset.update_tags(ns="ORBIT", NUMBER="122")
    dataset.update_tags(2, WAVELENGTH="560", STATISTICS_MAXIMUM="1")


@pytest.mark.parametrize("scale", (1, 2, 3, 7))
def test_result_lies_on_the_same_ground(scale: int, tmp_path: Path) -> None:
    source = write(tmp_path / "in.tif", ground(), describe=described, nodata=0)
    output = run(tmp_path, source, scale=scale, compress="zstd")
    with rasterio.open(source) as before, rasterio.open(output) as after:
        assert after.crs == before.crs
        assert (after.transform.c, after.transform.f) == (LEFT, TOP)
        assert (after.transform.a, after.transform.e) == (PIXEL / scale, -PIXEL / scale)
        assert after.shape == (before.height * scale, before.width * scale)
        for name in ("descriptions", "units", "scales", "offsets", "colorinterp", "nodata"):
            assert getattr(after, name) == getattr(before, name), name
        assert after.tags() == before.tags()
        assert after.tags(ns="ORBIT") == {"NUMBER": "122"}
        assert after.tags(2) == {"WAVELENGTH": "560"}  # statistics are of other pixels
        assert after.profile["tiled"] and after.profile["compress"] == "zstd"
        # The centre of a block of new pixels is the centre of the old one.
        row, column = 30 * scale + (scale - 1) / 2, 40 * scale + (scale - 1) / 2
        assert np.allclose(after.xy(row, column), before.xy(30, 40), rtol=0, atol=1e-6)


def test_window_is_the_same_ground(tmp_path: Path) -> None:
    samples = ground()
    source = write(tmp_path / "in.tif", samples)
    output = run(tmp_path, source, window=(20, 10, 64, 48), bands=(4, 2))
    alone = write(
        tmp_path / "alone.tif",
        samples[[3, 1], 10:58, 20:84],
        transform=rasterio.transform.from_origin(LEFT + 200, TOP - 100, 10, 10),
    )
    with rasterio.open(output) as after, rasterio.open(alone) as before:
        assert after.transform.almost_equals(scaled(before.transform, 0.5))
    expected = run(tmp_path, alone)
    assert np.array_equal(read(output), read(expected))


TYPES = (
    *("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"),
    *("float32", "float64"),
)


@pytest.mark.parametrize("dtype", TYPES)
def test_interpolation_is_that_of_the_whole_in_every_type(dtype: str, tmp_path: Path) -> None:
    samples = ground(2).astype(np.float64)
    if dtype.endswith("int8"):
        samples = samples / 40 - (60 if dtype == "int8" else 0)
    elif dtype in ("int16", "int32", "int64", "float32", "float64"):
        samples = samples - 3000
    samples = samples.astype(dtype)
    output = run(tmp_path, write(tmp_path / "in.tif", samples), tile=48, overlap=16)
    whole = imresize(np.moveaxis(samples, 0, 2).astype(np.float64), scale=2)
    got = np.moveaxis(read(output), 0, 2)
    assert got.dtype == dtype
    # Rounded once, and tiles in float32 of the band's range.
    assert np.abs(got - whole).max() <= (0.51 if got.dtype.kind != "f" else 0.01)


def test_network_sees_the_range_and_gives_the_bands_numbers(network: str, tmp_path: Path) -> None:
    """The same picture in other numbers is the same picture."""
    samples = ground(3).astype(np.int32)
    plain = run(tmp_path, write(tmp_path / "a.tif", samples), network, range=(0, 8000))
    first = read(plain).astype(np.float64)
    shifted = samples.astype(np.float64) * 0.5 - 700
    other = run(tmp_path, write(tmp_path / "b.tif", shifted), network, range=(-700, 3300))
    assert np.abs(read(other) - (first * 0.5 - 700)).max() < 0.26  # first is rounded to 1


def test_values_outside_the_range_go_around_the_network(tmp_path: Path) -> None:
    samples = ground(3, 64, 64).astype(np.int32)
    samples[:, 20:40, 20:40] += 40_000
    samples[:, 50:60, 50:60] -= 40_000
    source = write(tmp_path / "in.tif", samples)
    got = read(run(tmp_path, source, "swinsr-fast-x2", range=(0, 6000)))
    # Well within each patch nothing but what stands out is left, and it is whole.
    for rows, sign in ((slice(52, 68), 1), (slice(108, 112), -1)):
        block = got[:, rows, rows].astype(np.float64)
        before = nearest(samples, 2)[:, rows, rows]
        assert np.abs(block - before).max() < 4500
        assert (np.sign(block) == sign).all()
    assert np.abs(got[:, :30, :30]).max() < 9000  # and it has no echo elsewhere


def holes(samples: np.ndarray, value: float) -> np.ndarray:
    out = samples.copy()
    out[:, :30, :41] = value
    out[0, 50:55, 60:77] = value  # of one band alone
    return out


@pytest.mark.parametrize("model", ("bicubic", "network"))
def test_nothing_bleeds_across_the_edge_of_nodata(model: str, network: str, tmp_path: Path) -> None:
    model = network if model == "network" else model
    samples = ground()
    results = []
    for value in (0, 65535):
        source = write(tmp_path / "in.tif", holes(samples, value), nodata=value)
        results.append(read(run(tmp_path, source, model, tile=64, overlap=16)))
        none = nearest(holes(samples, value) == value, 2)
        assert ((results[-1] == value) == none).all()
    valid = ~none
    assert np.array_equal(results[0][valid], results[1][valid])
    low, high = samples.min(), samples.max()
    if model == "bicubic":  # the network is not trained; interpolation stays near the values
        assert int(low) - 700 < results[0][valid].min()
        assert results[0][valid].max() < int(high) + 700


def test_dark_pixels_do_not_become_nodata(tmp_path: Path) -> None:
    samples = np.ones((1, 40, 40), np.uint8)
    samples[:, ::2, ::2] = 9
    samples[:, :8, :8] = 0
    got = read(run(tmp_path, write(tmp_path / "in.tif", samples, nodata=0)))
    assert ((got == 0) == nearest(samples == 0, 2)).all()


def test_floats_that_are_no_numbers_stay_where_they_are(network: str, tmp_path: Path) -> None:
    samples = ground(1).astype(np.float32)
    samples[0, 5:9, 5:9], samples[0, 20, 20], samples[0, 70, 3] = np.nan, np.inf, -np.inf
    got = read(run(tmp_path, write(tmp_path / "in.tif", samples), network, tile=48, overlap=16))
    before = nearest(samples, 2)
    for kind in (np.isnan, np.isposinf, np.isneginf):
        assert np.array_equal(kind(got), kind(before))


def test_masks_and_alpha_are_enlarged_by_nearest(network: str, tmp_path: Path) -> None:
    samples = ground(3).astype(np.uint8)
    mask = np.full((90, 130), 255, np.uint8)
    mask[10:40, 20:61] = 0
    source = write(tmp_path / "in.tif", samples, mask=mask)
    for cog in (False, True):
        with rasterio.open(run(tmp_path, source, network, cog=cog)) as after:
            assert np.array_equal(after.dataset_mask(), nearest(mask, 2))
            assert rasterio.enums.MaskFlags.per_dataset in after.mask_flag_enums[0]

    def colours(dataset: Any) -> None:
        dataset.colorinterp = [rasterio.enums.ColorInterp(i) for i in (3, 4, 5, 6)]

    with_alpha = np.concatenate([samples, mask[None]])
    source = write(
        tmp_path / "in.tif", with_alpha, describe=colours, photometric="RGB", alpha="YES"
    )
    with rasterio.open(run(tmp_path, source, network)) as after:
        assert np.array_equal(after.read(4), nearest(mask, 2))
        assert [c.name for c in after.colorinterp] == ["red", "green", "blue", "alpha"]


def test_control_points_and_coefficients_follow_the_pixels(tmp_path: Path) -> None:
    from rasterio.control import GroundControlPoint
    from rasterio.rpc import RPC

    points = [GroundControlPoint(r, c, c * 10.0, r * -10.0) for r, c in ((0, 0), (0, 130), (90, 0))]
    source = write(
        tmp_path / "in.tif",
        ground(1),
        crs=None,
        transform=None,
        describe=lambda d: setattr(d, "gcps", (points, rasterio.crs.CRS.from_epsg(32633))),
    )
    with rasterio.open(run(tmp_path, source, scale=3)) as after:
        found, crs = after.gcps
        assert crs.to_epsg() == 32633
        assert [(p.row, p.col, p.x, p.y) for p in found] == [
            (3 * p.row, 3 * p.col, p.x, p.y) for p in points
        ]
    ones = [1.0] * 20
    rpcs = RPC(0, 1, 8, 1, ones, ones, 45, 50.0, 11, 1, ones, ones, 65, 70.0, None, None)
    source = write(
        tmp_path / "in.tif",
        ground(1),
        crs=None,
        transform=None,
        describe=lambda d: setattr(d, "rpcs", rpcs),
    )
    with rasterio.open(run(tmp_path, source)) as after:
        assert (after.rpcs.line_off, after.rpcs.samp_off) == (90.5, 130.5)
        assert (after.rpcs.line_scale, after.rpcs.samp_scale) == (100.0, 140.0)


def test_rotated_raster_keeps_its_angle(tmp_path: Path) -> None:
    turned = rasterio.Affine(8.0, 6.0, LEFT, 6.0, -8.0, TOP)
    source = write(tmp_path / "in.tif", ground(1), transform=turned)
    record = raster(source, tmp_path / "out.tif", settings())
    with rasterio.open(tmp_path / "out.tif") as after:
        assert after.transform.almost_equals(scaled(turned, 0.5), 1e-9)
    assert any("rows do not run along an axis" in note for note in record.notes)


def test_cog_is_valid(tmp_path: Path) -> None:
    source = write(tmp_path / "in.tif", ground(4, 90, 130), describe=described, nodata=0)
    plain = read(run(tmp_path, source, scale=6))
    output = run(tmp_path, source, scale=6, cog=True)
    with rasterio.open(output) as after:
        assert after.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert after.overviews(1) == [2]
        assert after.descriptions == ("B04", "B03", "B02", "B08")
        assert after.transform.a == PIXEL / 6
        assert np.array_equal(after.read(), plain)
    cogeo = pytest.importorskip("rio_cogeo", reason="rio-cogeo, a validator, is not installed")
    valid, errors, _ = cogeo.cog_validate(output, strict=True)
    assert valid, errors


def test_overviews_do_not_mix_in_nodata(tmp_path: Path) -> None:
    samples = np.full((1, 700, 700), 1000, np.uint16)
    samples[0, :, :333] = 0
    output = run(tmp_path, write(tmp_path / "in.tif", samples, nodata=0))
    with rasterio.open(output, overview_level=1) as overview:
        assert set(np.unique(overview.read(1))) == {0, 1000}


def refused(folder: Path, source: Path, **options: Any) -> str:
    before = set(folder.iterdir())
    with pytest.raises(SwinsrError) as caught:
        raster(source, folder / "out.tif", settings(**options))
    assert set(folder.iterdir()) == before
    return str(caught.value)


def test_bad_input_is_named_in_a_sentence(tmp_path: Path) -> None:
    source = write(tmp_path / "in.tif", ground(2))
    assert "there is no band 3" in refused(tmp_path, source, bands=(1, 3))
    assert "reaches beyond" in refused(tmp_path, source, window=(100, 0, 31, 5))
    assert "no value of uint16" in refused(tmp_path, source, nodata=-1)
    assert "no such coordinate system" in refused(tmp_path, source, crs="EPSG:0")
    assert "cannot be read as a raster" in refused(tmp_path, tmp_path / "nowhere.tif")
    for wrong in ((5, 5), (0, float("nan")), (-1e308, 1e308)):
        assert "LOW below HIGH" in refused_settings(range=wrong)
    bare = write(tmp_path / "bare.tif", ground(1), crs=None)
    assert "--crs EPSG:CODE" in refused(tmp_path, bare)
    empty = write(tmp_path / "empty.tif", np.zeros((2, 300, 300), np.uint16), nodata=0)
    assert "no pixel holds a value" in refused(tmp_path, empty)
    waves = write(tmp_path / "waves.tif", np.ones((1, 9, 9), np.complex64))
    assert "not complex64" in refused(tmp_path, waves)
    far = write(tmp_path / "far.tif", np.array([[[1.0, 2.0, -1.7e308]] * 3]))
    assert "name them with --nodata" in refused(tmp_path, far, range=(0, 1))
    box = tmp_path / "box.gpkg"
    for table in "ab":
        write(
            box,
            ground(3).astype(np.uint8),
            driver="GPKG",
            RASTER_TABLE=table,
            APPEND_SUBDATASET=str(table == "b").upper(),
        )
    told = refused(tmp_path, box)
    assert "it has no bands itself" in told and "box.gpkg:a" in told
    whole = source.read_bytes()
    source.write_bytes(whole[: len(whole) // 2])
    assert "damaged, or not all there" in refused(tmp_path, source)


def refused_settings(**options: Any) -> str:
    with pytest.raises(SwinsrError) as caught:
        RasterSettings(**options)
    return str(caught.value)


def test_only_pixels_that_hold_something_are_looked_for_everywhere(tmp_path: Path) -> None:
    samples = np.zeros((1, 270, 2400), np.uint16)
    samples[0, 200, 257] = 77  # between the windows that are sampled
    source = write(tmp_path / "in.tif", samples, nodata=0, compress="deflate")
    assert (read(run(tmp_path, source, scale=1)) == samples).all()


def test_palette_is_enlarged_by_nearest_alone(tmp_path: Path) -> None:
    classes = np.random.default_rng(0).integers(0, 4, (1, 40, 40), np.uint8)
    source = write(tmp_path / "in.tif", classes, photometric="palette")
    with rasterio.open(source, "r+") as dataset:
        dataset.write_colormap(1, {i: (i * 60, 0, 0, 255) for i in range(4)})
    assert "palette" in refused(tmp_path, source)
    with rasterio.open(run(tmp_path, source, "nearest")) as after:
        assert np.array_equal(after.read(), nearest(classes, 2))
        assert after.colormap(1)[3] == (180, 0, 0, 255)


def test_three_bands_are_colours_and_the_rest_is_gray() -> None:
    from swinsr.raster.enlarge import groups_of
    from swinsr.raster.scene import Band

    def bands(*colours: str) -> tuple[Band, ...]:
        return tuple(Band(i, c, None, None, 1, 0, {}) for i, c in enumerate(colours, 1))

    assert groups_of(bands(*["gray"] * 5), gray=False) == ((0, 1, 2), (3,), (4,))
    assert groups_of(bands("blue", "green", "red", "undefined"), gray=False) == ((2, 1, 0), (3,))
    assert groups_of(bands("gray", "gray"), gray=False) == ((0,), (1,))
    assert groups_of(bands("red", "green", "blue"), gray=True) == ((0,), (1,), (2,))
