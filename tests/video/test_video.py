"""A video through `swinsr video`: what changes is the pictures' size, and nothing else."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PilImage

from swinsr import Settings, Upscaler, upscale_file
from swinsr.errors import ConfigError, ImageReadError, OutputExistsError, SwinsrError
from swinsr.video import VideoSettings, upscale_video

av = pytest.importorskip("av", reason="PyAV is not installed")
from tests.video.clips import (  # noqa: E402
    decoded,
    make_clip,
    pictures,
    planes,
    shown,
    sound_packets,
)

BICUBIC = Settings(model="bicubic", scale=2)
FFV1 = VideoSettings(codec="ffv1")
# Kr and Kb of BT.601, BT.709 and BT.2020, by H.273's numbers.
WEIGHTS = {6: (0.299, 0.114), 1: (0.2126, 0.0722), 9: (0.2627, 0.0593)}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "in.mp4", pictures(30))


def yuv(pixels: np.ndarray, tags: tuple[int, int, int, int], bits: int) -> np.ndarray:
    """Y'CbCr by the definition, unrounded, of RGB in 0..1."""
    kr, kb = WEIGHTS[tags[2]]
    r, g, b = np.moveaxis(pixels.astype(np.float64), 2, 0)
    y = kr * r + (1 - kr - kb) * g + kb * b
    chroma = [(b - y) / (2 * (1 - kb)), (r - y) / (2 * (1 - kr))]
    step, peak = 1 << (bits - 8), (1 << bits) - 1
    if tags[3] == 2:
        return np.stack([y * peak, *(c * peak + 128 * step for c in chroma)], 2)
    return np.stack([(y * 219 + 16) * step, *((c * 224 + 128) * step for c in chroma)], 2)


def rgb(coded: np.ndarray, tags: tuple[int, int, int, int], bits: int) -> np.ndarray:
    """The inverse of `yuv`."""
    zero = yuv(np.zeros((1, 1, 3)), tags, bits)[0, 0]
    matrix = np.stack([yuv(np.eye(3)[None, i : i + 1], tags, bits)[0, 0] - zero for i in range(3)])
    return np.clip((coded - zero) @ np.linalg.inv(matrix), 0, 1)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def whole(frame: Any) -> np.ndarray:
    """The samples of a frame, (height, width, 3); chroma repeated."""
    parts = planes(frame)
    down, across = (a // b for a, b in zip(parts[0].shape, parts[1].shape, strict=True))
    chroma = [part.repeat(down, 0).repeat(across, 1) for part in parts[1:]]
    return np.stack([parts[0], *chroma], 2)


def test_times_sound_chapters_and_names_are_those_of_the_source(clip: Path, tmp_path: Path) -> None:
    record = upscale_video(clip, tmp_path / "out.mp4", BICUBIC)
    assert (record.frames, record.size, record.output_size) == (30, (64, 48), (128, 96))
    assert not record.notes
    assert shown(tmp_path / "out.mp4") == shown(clip)
    before, after = sound_packets(clip), sound_packets(tmp_path / "out.mp4")
    assert list(before.values()) == list(after.values())
    assert len(before) == 2
    with av.open(str(clip)) as one, av.open(str(tmp_path / "out.mp4")) as other:
        assert one.chapters() == other.chapters() != []
        assert other.metadata["title"] == "A test"
        assert [s.language for s in other.streams.audio] == ["deu", "eng"]
        assert other.streams.video[0].duration == pytest.approx(one.streams.video[0].duration, 1)
    assert names_in(tmp_path) == ["out.mp4"]


@pytest.mark.parametrize(
    ("form", "tags"),
    [
        ("yuv444p", (1, 1, 1, 1)),
        ("yuv444p", (1, 1, 1, 2)),
        ("yuv444p", (6, 6, 6, 1)),
        ("yuv420p", (1, 1, 1, 1)),
        ("yuv420p", (6, 6, 6, 2)),
        ("yuv422p10le", (9, 14, 9, 1)),
        ("yuv444p10le", (9, 14, 9, 1)),
        ("yuv444p10le", (1, 1, 1, 2)),
    ],
)
def test_colours_are_within_one_level_of_the_still_path(
    tmp_path: Path, form: str, tags: tuple[int, int, int, int]
) -> None:
    bits = 10 if "10" in form else 8
    frames = pictures(3)
    if "444" not in form:  # one colour a frame: chroma of any place is the same
        frames = [np.full_like(frame, frame[20, 30]) for frame in frames]
    source = make_clip(tmp_path / "in.mkv", frames, codec="ffv1", form=form, tags=tags, sound=False)
    upscale_video(source, tmp_path / "out.mkv", BICUBIC, FFV1)
    upscaler = Upscaler.from_pretrained("bicubic")
    done = decoded(tmp_path / "out.mkv")
    assert [f.format.name for f in done] == [form] * 3
    for before, after in zip(decoded(source), done, strict=True):
        top, dtype = (255, np.uint8) if bits == 8 else (65535, np.uint16)
        still = (rgb(whole(before), tags, bits) * top + 0.5).astype(dtype)
        wanted = yuv(upscaler(still, 2) / top, tags, bits)
        assert np.abs(whole(after) - wanted).max() <= 1
        assert (after.colorspace, after.color_range) == tags[2:]
        assert (after.color_primaries, after.color_trc) == tags[:2]


@pytest.mark.parametrize("form", ["yuv420p10le", "yuv422p10le"])
def test_chroma_stays_in_its_place(tmp_path: Path, form: str) -> None:
    # A ramp of chroma, sampled at every second pixel from the left, and its enlargement.
    deep = 4
    frame = av.VideoFrame(64, 32, form)
    for number, plane in enumerate(frame.planes):
        row = plane.line_size // 2
        values = np.full((plane.height, row), 126 * deep, "<u2")
        if number == 1:
            values[:] = (64 + 3 * np.arange(row)) * deep
        plane.update(values.tobytes())
    with av.open(str(tmp_path / "in.mkv"), "w") as out:
        stream: Any = out.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 32, form
        stream.codec_context.colorspace, stream.codec_context.color_range = 1, 1
        frame.pts = 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    upscale_video(tmp_path / "in.mkv", tmp_path / "out.mkv", BICUBIC, FFV1)
    (done,) = decoded(tmp_path / "out.mkv")
    found = planes(done)[1][10, 12:52] / deep
    # Sample k lies at column 2k; in the picture twice as large column x lies at (x - 0.5) / 2.
    wanted = 64 + 3 * ((2 * np.arange(12, 52) - 0.5) / 2) / 2
    # The mean is free of rounding; half a column would be 0.4 levels.
    assert abs((found - wanted).mean()) <= 0.2


def test_untagged_video_keeps_its_matrix_when_it_becomes_high_definition(tmp_path: Path) -> None:
    source = make_clip(
        tmp_path / "in.mkv", pictures(1, 400, 64), codec="ffv1", form="yuv444p",
        tags=(2, 2, 2, 0), sound=False,
    )  # fmt: skip
    record = upscale_video(source, tmp_path / "out.mkv", BICUBIC, FFV1)
    (before,), (after,) = decoded(source), decoded(tmp_path / "out.mkv")
    assert "BT.601" in record.notes[0]
    assert (before.colorspace, after.colorspace) == (2, 6)  # players would guess BT.709


@pytest.mark.parametrize(
    ("name", "settings", "format_"),
    [
        ("o.mp4", VideoSettings(codec="hevc", preset="ultrafast"), "yuv420p"),
        ("o.webm", VideoSettings(preset="12", audio=False), "yuv420p"),
        ("o.mov", VideoSettings(codec="prores"), "yuv422p10le"),
        ("o.mkv", VideoSettings(codec="ffv1"), "yuv420p"),
        ("o.mp4", VideoSettings(bits=10, preset="ultrafast"), "yuv420p10le"),
    ],
)
def test_codecs_keep_frames_and_times(
    clip: Path, tmp_path: Path, name: str, settings: VideoSettings, format_: str
) -> None:
    upscale_video(clip, tmp_path / name, BICUBIC, settings)
    done = decoded(tmp_path / name)
    assert {(f.width, f.height, f.format.name) for f in done} == {(128, 96, format_)}
    begin = shown(tmp_path / name)[0]
    apart = [float(a - begin - b) for a, b in zip(shown(tmp_path / name), shown(clip), strict=True)]
    # Matroska and WebM count milliseconds.
    assert max(map(abs, apart)) <= (0.00051 if name.endswith(("mkv", "webm")) else 0)


def test_rotation_and_pixel_aspect_stay(tmp_path: Path) -> None:
    source = make_clip(
        tmp_path / "in.mp4", pictures(4), rotation=90, aspect=Fraction(4, 3), sound=False
    )
    # A width is that of the picture as it is shown: the source is 48 wide then.
    record = upscale_video(source, tmp_path / "out.mp4", Settings(model="bicubic", width=96))
    assert record.output_size == (128, 96)
    for path in (source, tmp_path / "out.mp4"):
        assert decoded(path)[0].rotation == 90
        with av.open(str(path)) as container:
            assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


def test_numbered_pictures_have_the_bytes_of_upscale(tmp_path: Path) -> None:
    for number, pixels in enumerate(pictures(3), 7):
        PilImage.fromarray(pixels).save(tmp_path / f"in{number:04}.png", dpi=(300, 300))
    upscale_video(tmp_path / "in%04d.png", tmp_path / "out" / "%04d.png", BICUBIC)
    assert names_in(tmp_path / "out") == ["0007.png", "0008.png", "0009.png"]
    for number in range(7, 10):
        upscale_file(tmp_path / f"in{number:04}.png", tmp_path / "still.png", BICUBIC)
        assert (tmp_path / "still.png").read_bytes() == (
            tmp_path / "out" / f"{number:04}.png"
        ).read_bytes()
        (tmp_path / "still.png").unlink()
    with pytest.raises(OutputExistsError, match=r"0007\.png: it is already there"):
        upscale_video(tmp_path / "in%04d.png", tmp_path / "out" / "%04d.png", BICUBIC)


def test_numbered_jpegs_get_the_network_that_upscale_takes(tmp_path: Path) -> None:
    PilImage.fromarray(pictures(1)[0]).save(tmp_path / "1.jpg", quality=60)
    record = upscale_video(tmp_path / "%d.jpg", tmp_path / "big%d.png", Settings(scale=4))
    still = upscale_file(tmp_path / "1.jpg", tmp_path / "still.png", Settings(scale=4))
    assert (record.model, record.reason) == (still.model, still.reason)
    assert (tmp_path / "big1.png").read_bytes() == (tmp_path / "still.png").read_bytes()


def test_video_to_pictures_and_back(clip: Path, tmp_path: Path) -> None:
    upscale_video(clip, tmp_path / "f%03d.png", BICUBIC, VideoSettings(end=0.2))
    names = names_in(tmp_path)
    assert len(names) == sum(time < Fraction(1, 5) for time in shown(clip))
    assert names[0] == "f001.png"
    video = VideoSettings(rate=Fraction(30000, 1001))
    upscale_video(tmp_path / "f%03d.png", tmp_path / "back.mp4", BICUBIC, video)
    assert [float(t) for t in shown(tmp_path / "back.mp4")] == pytest.approx(
        [i * 1001 / 30000 for i in range(len(names))], abs=1e-4
    )
    part = VideoSettings(rate=Fraction(10), start=0.2)
    upscale_video(tmp_path / "f%03d.png", tmp_path / "part.mp4", BICUBIC, part)
    assert len(shown(tmp_path / "part.mp4")) == len(names) - 2
    assert shown(tmp_path / "part.mp4")[0] == 0
    (tmp_path / "f003.png").unlink()
    with pytest.raises(ImageReadError, match=r"f003\.png: it is missing"):
        upscale_video(tmp_path / "f%03d.png", tmp_path / "gap.mp4", BICUBIC, video)


def test_a_part_begins_and_ends_where_asked(clip: Path, tmp_path: Path) -> None:
    part = VideoSettings(start=0.4, end=0.8)
    upscale_video(clip, tmp_path / "out.mp4", BICUBIC, part)
    begin = Fraction(2, 5)
    wanted = [t - begin for t in shown(clip) if begin <= t < Fraction(4, 5)]
    assert [float(t) for t in shown(tmp_path / "out.mp4")] == pytest.approx(
        [float(t) for t in wanted], abs=1e-4
    )
    sound = {k: [d for t, d in v if begin <= t < Fraction(4, 5)]
             for k, v in sound_packets(clip).items()}  # fmt: skip
    kept = sound_packets(tmp_path / "out.mp4")
    assert [[d for _, d in v] for v in kept.values()] == list(sound.values())
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [(c["start"], c["end"]) for c in container.chapters()] == [(0, 100), (100, 400)]


def test_frames_that_do_not_change_are_computed_once(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_clip(tmp_path / "in.mkv", pictures(10), codec="ffv1", form="yuv444p", sound=False)
    computed = []
    whole = Upscaler.upscale
    monkeypatch.setattr(Upscaler, "upscale", lambda *a, **k: computed.append(1) or whole(*a, **k))
    upscale_video(source, tmp_path / "out.mkv", BICUBIC, FFV1)
    assert len(computed) == 8  # of five frames the last is as the one before
    assert len(decoded(tmp_path / "out.mkv")) == 10


@pytest.mark.parametrize(
    ("options", "settings", "said", "asked"),
    [
        ({"form": "yuv420p10le", "tags": (9, 16, 9, 1)}, {}, "it is HDR (PQ)", "keep_hdr"),
        ({"form": "yuv420p10le", "tags": (9, 18, 9, 1)}, {}, "it is HDR (HLG)", "keep_hdr"),
        ({"options": {"x264-params": "tff=1"}}, {}, "it is interlaced", "deinterlace"),
    ],
)
def test_hdr_and_interlaced_are_refused_unless_asked_for(
    tmp_path: Path, options: dict[str, Any], settings: dict[str, Any], said: str, asked: str
) -> None:
    source = make_clip(tmp_path / "in.mp4", pictures(6), sound=False, **options)
    with pytest.raises(ConfigError) as refused:
        upscale_video(source, tmp_path / "out.mp4", BICUBIC)
    assert said in str(refused.value) and "--" + asked.replace("_", "-") in str(refused.value)
    upscale_video(source, tmp_path / "out.mp4", BICUBIC, VideoSettings(**{asked: True}))
    assert shown(tmp_path / "out.mp4") == shown(source)
    assert not any(frame.interlaced_frame for frame in decoded(tmp_path / "out.mp4"))
    assert decoded(tmp_path / "out.mp4")[0].color_trc == options.get("tags", (1, 1))[1]


def test_a_container_that_cannot_hold_the_sound_is_refused_before_the_work(
    clip: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"webm holds no sound as aac.*out\.mkv.*--no-audio"):
        upscale_video(clip, tmp_path / "out.webm", BICUBIC)
    assert not names_in(tmp_path)


@pytest.mark.parametrize(
    ("name", "codec", "elsewhere"), [("in.mkv", "subrip", "mp4"), ("in.mp4", "mov_text", "mkv")]
)
def test_subtitles_and_fonts_are_carried_over_or_refused(
    tmp_path: Path, name: str, codec: str, elsewhere: str
) -> None:
    source, texts = tmp_path / name, {100: b"\x00\x02Hi", 500: b"\x00\x03Bye"}
    with av.open(str(source), "w") as out:
        video: Any = out.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        words: Any = out.add_mux_stream(codec)
        words.metadata["language"] = "eng"
        if codec == "subrip":
            out.add_attachment("letters.ttf", "application/x-truetype-font", b"a font" * 9)
        packets = []
        for number, pixels in enumerate(pictures(20)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number
            packets += video.encode(frame)
        packets += video.encode(None)
        for time, text in texts.items():
            packet = av.Packet(text)
            packet.stream, packet.time_base = words, Fraction(1, 1000)
            packet.pts = packet.dts = time
            packet.duration, packet.is_keyframe = 200, True
            packets.append(packet)
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            out.mux(packet)
    output = tmp_path / f"out{source.suffix}"
    upscale_video(source, output, BICUBIC)
    with av.open(str(output)) as done:
        assert done.streams.subtitles[0].language == "eng"
        found = {
            round(p.pts * p.time_base * 1000): bytes(p)
            for p in done.demux()
            if p.stream.type == "subtitle" and p.size > 2  # MP4 has empty ones between
        }
        assert found == texts
        fonts = [a.data for a in done.streams if a.type == "attachment"]
        assert fonts == ([b"a font" * 9] if codec == "subrip" else [])
    with pytest.raises(ConfigError, match=rf"use -o other\.{name[3:]}, or .*--no-subtitles"):
        upscale_video(source, tmp_path / f"other.{elsewhere}", BICUBIC)
    upscale_video(source, tmp_path / f"other.{elsewhere}", BICUBIC, VideoSettings(subtitles=False))


@pytest.mark.parametrize("content", [b"", b"no video", None])
def test_a_file_that_is_no_video_is_one_sentence(
    tmp_path: Path, clip: Path, content: bytes | None
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(clip.read_bytes()[:3000] if content is None else content)
    with pytest.raises(SwinsrError, match=r"bad\.mp4: "):
        upscale_video(bad, tmp_path / "out.mp4", BICUBIC)
    assert names_in(tmp_path) == ["bad.mp4"]


def test_a_playlist_reads_no_other_file(tmp_path: Path, clip: Path) -> None:
    names = {"list.m3u8": f"#EXTM3U\n#EXTINF:1,\n{clip}\n", "list.ffconcat": f"file '{clip}'\n"}
    for name, text in names.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(ImageReadError, match=name):
            upscale_video(tmp_path / name, tmp_path / "out.mp4", BICUBIC)


def test_resume_gives_the_frames_of_an_uninterrupted_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_clip(tmp_path / "in.mp4", pictures(60))
    upscale_video(source, tmp_path / "whole.mp4", BICUBIC)
    whole, seen = Upscaler.upscale, []

    class Killed(BaseException):
        pass

    def dies(*arguments: Any, **more: Any) -> Any:
        seen.append(1)
        if len(seen) == 43:  # of 60 frames 12 are as the one before
            raise Killed
        return whole(*arguments, **more)

    monkeypatch.setattr(Upscaler, "upscale", dies)
    with pytest.raises(Killed):
        upscale_video(source, tmp_path / "out.mp4", BICUBIC)
    assert not (tmp_path / "out.mp4").exists()
    record = upscale_video(source, tmp_path / "out.mp4", BICUBIC)
    assert "going on after 48 frames of an earlier run" in record.notes
    assert record.frames == 60
    one, other = decoded(tmp_path / "whole.mp4"), decoded(tmp_path / "out.mp4")
    assert [f.to_ndarray().tobytes() for f in one] == [f.to_ndarray().tobytes() for f in other]
    assert shown(tmp_path / "out.mp4") == shown(source)
    assert sound_packets(tmp_path / "out.mp4") == sound_packets(tmp_path / "whole.mp4")
    assert names_in(tmp_path) == ["in.mp4", "out.mp4", "whole.mp4"]


def test_the_command_enlarges_a_clip(clip: Path, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "swinsr", "video", str(clip), "-o", str(tmp_path / "out.mp4")),
        *("--scale", "2", "-m", "bicubic", "--preview", "0.3", "--json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["status"], record["output_size"]) == ("done", [128, 96])
    assert record["frames"] == len(decoded(tmp_path / "out.mp4"))
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert again.stderr.count("\n") == 1 and "--overwrite" in again.stderr


@pytest.mark.parametrize(
    ("output", "options", "said"),
    [
        ("out.avi", {}, "a video ends in .mp4"),
        ("out.mp4", {"codec": "ffv1"}, "mp4 holds h264, hevc, av1 and not ffv1"),
        ("out.mov", {"codec": "prores", "crf": 3}, "prores has no --crf"),
        ("out.mp4", {"crf": 99}, "--crf of h264 is 0 to 51"),
        ("out.mp4", {"preset": "hasty"}, "--preset of h264 is ultrafast to veryslow"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    clip: Path, tmp_path: Path, output: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said.replace(".", r"\.")):
        upscale_video(clip, tmp_path / output, BICUBIC, VideoSettings(**options))
    assert not names_in(tmp_path)
