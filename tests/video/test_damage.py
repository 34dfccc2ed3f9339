"""Damaged videos: gone on with as players do, counted and told; or refused with --strict."""

import json
import random
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from swinsr import Settings
from swinsr.errors import ImageReadError
from swinsr.files.record import Record
from swinsr.video import VideoSettings, upscale_video

av = pytest.importorskip("av", reason="PyAV is not installed")
from tests.video.clips import make_clip, pictures, shown, sound_packets, times  # noqa: E402

BICUBIC = Settings(model="bicubic", scale=2)
FAST = VideoSettings(preset="ultrafast")
FRAMES = 30
CLIPS: dict[str, dict[str, Any]] = {
    "h264.mp4": {},
    "h264.mkv": {},
    "hevc.mp4": {"codec": "libx265", "options": {"x265-params": "log-level=none"}},
    "mpeg4.mkv": {"codec": "mpeg4"},
    "prores.mov": {"codec": "prores_ks", "form": "yuv422p10le"},
    "ffv1.mkv": {"codec": "ffv1", "options": {"level": "3", "slicecrc": "1", "g": "1"}},
    "av1.mp4": {"codec": "libsvtav1", "options": {"preset": "12"}},
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder, made = tmp_path_factory.mktemp("whole"), dict[str, Path]()

    def make(name: str) -> Path:
        if name not in made:
            made[name] = make_clip(folder / name, pictures(FRAMES), **CLIPS[name])
        return made[name]

    return make


def packets(path: Path) -> list[tuple[int, int]]:
    """Place and length of each packet of the pictures, in the file."""
    with av.open(str(path)) as container:
        return [(p.pos, p.size) for p in container.demux(container.streams.video[0]) if p.size]


def damaged(path: Path, target: Path, *numbers: int) -> Path:
    """A copy with most bytes of some packets replaced."""
    data, places, rng = bytearray(path.read_bytes()), packets(path), random.Random(1)
    for number in numbers:
        begin, size = places[number]
        for at in range(begin + min(20, size // 4), begin + size - 2):
            data[at] = rng.randrange(256)
    target.write_bytes(data)
    return target


def run(source: Path, **options: Any) -> Record:
    output = source.with_name(f"out{source.suffix}")
    return upscale_video(source, output, BICUBIC, VideoSettings(preset="ultrafast", **options))


@pytest.mark.parametrize("name", CLIPS)
def test_damage_in_the_middle_is_counted_told_and_gone_on_behind(
    whole: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    good = whole(name)
    if name in ("prores.mov", "ffv1.mkv", "mpeg4.mkv"):
        source = damaged(good, tmp_path / name, 12, 17)
    else:
        source = damaged(good, tmp_path / name, 12)
    output = tmp_path / f"out{source.suffix}"
    record = upscale_video(source, output, BICUBIC, FAST)
    assert record.damaged > 0
    told = [note for note in record.notes if "damaged" in note]
    assert len(told) >= 1 and "s" in told[0]
    found, wanted = shown(output), shown(good)
    assert len(found) == record.frames
    # What is there is there at its own time; what is not was counted.
    assert set(found) <= set(wanted) and found[0] == wanted[0]
    lost = [time for time in wanted if time not in found]
    mended = record.damaged - len(lost)
    assert mended >= 0 and (("mended" in " ".join(told)) == (mended > 0))
    for time in lost[:2]:
        assert f"{float(time):.2f}" in " ".join(told)
    assert sound_packets(output) == sound_packets(good)


def test_the_frame_before_stands_for_one_that_is_left_out(
    whole: Callable[[str], Path], tmp_path: Path
) -> None:
    source = damaged(whole("prores.mov"), tmp_path / "in.mov", 12)
    record = upscale_video(source, tmp_path / "out.mp4", BICUBIC, FAST)
    assert (record.frames, record.damaged) == (FRAMES - 1, 1)
    missing = Fraction(times(FRAMES)[12], 600)
    assert record.notes[-1] == (
        f"1 frame is damaged and left out, at {float(missing):.2f} s; the frame before stands for "
        "as long"
    )
    left = [Fraction(t, 600) for i, t in enumerate(times(FRAMES)) if i != 12]
    assert shown(tmp_path / "out.mp4") == left
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].frames == FRAMES - 1


def test_damage_outside_what_is_taken_is_not_told(
    whole: Callable[[str], Path], tmp_path: Path
) -> None:
    source = damaged(whole("prores.mov"), tmp_path / "in.mov", 20)
    assert run(source, end=0.5, strict=True).damaged == 0


def test_a_damaged_first_frame_is_left_out_too(
    whole: Callable[[str], Path], tmp_path: Path
) -> None:
    source = damaged(whole("ffv1.mkv"), tmp_path / "in.mkv", 0)
    record = run(source)
    assert record.frames == FRAMES - 1
    assert record.damaged == 1


@pytest.mark.parametrize("name", ("h264.mp4", "h264.mkv"))
def test_a_file_that_is_cut_off_is_taken_as_far_as_it_goes(tmp_path: Path, name: str) -> None:
    good = make_clip(tmp_path / f"whole-{name}", pictures(90))
    if name.endswith("mp4"):  # its index at the beginning, as on the web
        front = av.open(str(tmp_path / "front.mp4"), "w", options={"movflags": "faststart"})
        with av.open(str(good)) as given, front as out:
            kept = [stream for stream in given.streams if stream.type != "data"]
            made = {stream.index: out.add_stream_from_template(stream) for stream in kept}
            for packet in given.demux(*kept):
                if packet.size:
                    packet.stream = made[packet.stream.index]
                    out.mux(packet)
        good = tmp_path / "front.mp4"
    places = packets(good)
    source = tmp_path / name
    source.write_bytes(good.read_bytes()[: places[30][0] + 7])
    record = run(source)
    assert 25 <= record.frames <= 31
    assert any("it says that it ends at" in n or "cannot be read beyond" in n for n in record.notes)
    (tmp_path / f"out{source.suffix}").unlink()
    with pytest.raises(ImageReadError, match=rf"{name}: "):
        run(source, strict=True)


def test_a_container_that_is_overwritten_in_the_middle_is_told(tmp_path: Path) -> None:
    """Its reader goes on behind it, or ends, without a word."""
    good = make_clip(tmp_path / "good.mkv", pictures(FRAMES))
    data, begin = good.read_bytes(), packets(good)[12][0]
    source = tmp_path / "in.mkv"
    source.write_bytes(data[:begin] + bytes(4000) + data[begin + 4000 :])
    record = run(source)
    assert record.frames < FRAMES
    assert any("it says that it ends at 1.2" in note for note in record.notes)
    with pytest.raises(ImageReadError, match="get the whole file"):
        upscale_video(source, tmp_path / "2.mkv", BICUBIC, VideoSettings(strict=True))


def test_strict_ends_at_the_first_damage_with_its_place(
    whole: Callable[[str], Path], tmp_path: Path
) -> None:
    for name in ("h264.mp4", "hevc.mp4", "mpeg4.mkv"):
        source = damaged(whole(name), tmp_path / name, 12)
        with pytest.raises(ImageReadError, match=r"its frame at 0\.\d\d s is damaged.*--strict"):
            run(source, strict=True)
        assert not (tmp_path / f"out{source.suffix}").exists()


def test_the_command_tells_of_damage_and_a_resumed_run_too(tmp_path: Path) -> None:
    good = make_clip(tmp_path / "good.mov", pictures(60), codec="prores_ks", form="yuv422p10le")
    source = damaged(good, tmp_path / "in.mov", 3)
    command = [
        *(sys.executable, "-m", "swinsr", "video", str(source), "-o", str(tmp_path / "out.mp4")),
        *("-s", "2", "-m", "bicubic", "--json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["damaged"], record["frames"]) == (1, 59)
    assert sum("left out" in note for note in record["notes"]) == 1
    refused = subprocess.run(
        [*command, "--strict", "--overwrite"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1 and refused.stderr.count("\n") == 1
    assert "is damaged" in refused.stderr


def test_damage_is_remembered_where_only_putting_together_is_left(
    whole: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = damaged(whole("prores.mov"), tmp_path / "in.mov", 12)

    class Killed(BaseException):
        pass

    def dies(*arguments: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("swinsr.video.run.write_video", dies)
        with pytest.raises(Killed):
            upscale_video(source, tmp_path / "out.mp4", BICUBIC, FAST)
    patched = upscale_video(source, tmp_path / "out.mp4", BICUBIC, FAST)
    assert patched.damaged == 1 and "left out" in patched.notes[-1]


@pytest.mark.parametrize("name", CLIPS)
def test_a_sound_file_is_not_called_damaged(
    whole: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    output = tmp_path / f"out{Path(name).suffix}"
    options = VideoSettings(preset="ultrafast", strict=True)
    record = upscale_video(whole(name), output, BICUBIC, options)
    assert (record.frames, record.damaged) == (FRAMES, 0)
    assert not [note for note in record.notes if "damaged" in note or "ends at" in note]


def test_a_stream_that_begins_by_damage_ends_nothing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "whole.ts", pictures(FRAMES))
    data = bytearray(clip.read_bytes())
    begins = [
        at
        for at in range(0, len(data), 188)
        if data[at + 1] & 0x40 and b"\0\0\1\xe0" in data[at : at + 188]
    ]
    last = begins[-1]
    data[last + 2] ^= 0x22  # the number of its stream
    kind = data.index(b"\0\0\1\xe0", last) + 3
    data[kind] = 0xC0  # sound
    source = tmp_path / "source.ts"
    source.write_bytes(data)
    with av.open(str(source)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio", "audio"]
    upscale_video(source, tmp_path / "out.mkv", BICUBIC, FAST)
    assert len(shown(tmp_path / "out.mkv")) >= FRAMES - 2
    assert 1 in sound_packets(tmp_path / "out.mkv")


def test_a_start_in_the_middle_of_open_groups_is_not_called_damage(tmp_path: Path) -> None:
    """Where decoding begins there may be frames that need others before them."""
    codec = {"x265-params": "open-gop=1:keyint=24:bframes=4:log-level=none"}
    source = make_clip(
        tmp_path / "in.mp4", pictures(60) * 6, codec="libx265", options=codec, sound=False
    )
    for start in (6.0, 8.3, 11.0):
        options = VideoSettings(start=start, end=start + 1, preset="ultrafast", strict=True)
        output = tmp_path / f"{start}.mp4"
        assert upscale_video(source, output, BICUBIC, options).damaged == 0
        wanted = [time for time in shown(source) if start <= time < start + 1]
        assert len(shown(output)) == len(wanted)
