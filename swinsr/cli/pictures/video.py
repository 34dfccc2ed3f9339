"""`swinsr video`: a video in, a larger or restored video out."""

import dataclasses
from fractions import Fraction
from pathlib import Path
from typing import cast

import typer

from swinsr.cli import options
from swinsr.cli.views.console import show
from swinsr.cli.views.video import frame_progress
from swinsr.errors import ConfigError
from swinsr.files.settings import Settings
from swinsr.video import VideoSettings, upscale_video
from swinsr.video.settings import Codec, parse_time

_TIME = "SECONDS|H:MM:SS"


@options.with_settings(
    "task", "strength", "format", "bits", "strip_metadata", "skip_existing"
)  # fmt: skip
def video(
    settings: Settings,
    source: Path = typer.Argument(
        ..., metavar="INPUT", help="A video, or numbered pictures as frames/%06d.png."
    ),
    output: Path = typer.Option(
        ...,
        "-o",
        "--output",
        metavar="FILE",
        help="The video to write: .mp4, .mov, .mkv or .webm; or numbered pictures.",
    ),
    denoise: bool = typer.Option(
        False, "--denoise", help="Take out noise, at the video's own size."
    ),
    codec: str | None = typer.Option(
        None, metavar="NAME", help="h264, hevc, av1, prores or ffv1. Default: h264, of .webm av1."
    ),
    crf: float | None = typer.Option(
        None,
        metavar="X",
        help="Constant rate factor; smaller is better. Default: 16, of hevc 18, of av1 24.",
    ),
    preset: str | None = typer.Option(
        None, metavar="NAME", help="ultrafast to veryslow; of av1 0 (slowest) to 13."
    ),
    bits: int | None = typer.Option(
        None, metavar="8|10", help="Per sample. Default: the source's."
    ),
    start: str | None = typer.Option(None, metavar=_TIME, help="Begin there."),
    end: str | None = typer.Option(None, metavar=_TIME, help="Stop there."),
    preview: float | None = typer.Option(
        None, metavar="SECONDS", help="Only so much, from --start on."
    ),
    rate: str = typer.Option("25", metavar="N", help="Frames a second of numbered pictures."),
    deinterlace: bool = typer.Option(
        False, "--deinterlace", help="Make whole frames of an interlaced video."
    ),
    keep_hdr: bool = typer.Option(
        False, "--keep-hdr", help="Enlarge PQ or HLG samples as they are, with their tags."
    ),
    audio: bool = typer.Option(True, "--audio/--no-audio", help="Carry the sound over."),
    subtitles: bool = typer.Option(
        True, "--subtitles/--no-subtitles", help="Carry the subtitles over."
    ),
    strict: bool = typer.Option(
        False, "--strict", help="End at a damaged frame. Default: go on as players do, and tell."
    ),
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Upscale a video; sound, subtitles, chapters, timing and colours stay as they are.

    A run that was stopped goes on with the same command after the last whole group of frames.
    """
    if denoise:
        settings = dataclasses.replace(settings, task="denoise")
    begin = None if start is None else parse_time(start)
    finish = None if end is None else parse_time(end)
    if preview is not None:
        if finish is not None:
            raise ConfigError("--end and --preview contradict each other; give one")
        finish = (begin or 0.0) + preview
    asked = VideoSettings(
        codec=cast("Codec | None", codec), crf=crf, preset=preset, bits=bits, start=begin,
        end=finish, rate=_rate(rate), deinterlace=deinterlace, keep_hdr=keep_hdr, audio=audio,
        subtitles=subtitles, strict=strict,
    )  # fmt: skip
    with frame_progress(source.name, quiet=quiet) as progress:
        record = upscale_video(source, output, settings, asked, progress)
    show(record, as_json=as_json, quiet=quiet, to_error=False)


def _rate(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ConfigError(f"--rate is a number as 25 or 30000/1001, not {text!r}") from None
