"""Help, manual and examples: of one source, true, and within 80 columns."""

import itertools
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from swinsr.cli.commands import COMMANDS, app
from swinsr.cli.views.examples import EXAMPLES
from swinsr.cli.views.page import HEADINGS
from tests.cli.conftest import Call

MANUAL = Path(__file__).parents[2] / "docs/man/swinsr.1"
TOP = typer.main.get_command(app)
SHOWN = [name for name, entry in COMMANDS.items() if not entry.hidden]


@pytest.mark.parametrize("command", [(), *((name,) for name in SHOWN), ("models", "download")])
def test_help_fits_80_columns_and_breaks_no_paragraph(call: Call, command: tuple[str, ...]) -> None:
    shown = call(*command, "--help").text
    assert all(len(line) <= 80 for line in shown.splitlines())
    for word in ("<bool>", "<str>", "<float>", "list[", "<int", "INTEGER"):
        assert word not in shown
    usage, summary, *_ = shown.split("\n\n")
    assert usage.startswith("Usage: swinsr")
    assert summary.endswith(".")
    # A line that ends early ends a sentence or an entry: the next begins none in the middle.
    for paragraph in shown.split("\n\n"):
        lines = paragraph.splitlines()
        if all(line and not line.startswith(" ") for line in lines) and len(lines) > 1:
            assert all(
                len(line) + 1 + len(after.split()[0]) > 78
                for line, after in itertools.pairwise(lines)
            )


def test_options_of_upscale_stand_in_their_groups(call: Call) -> None:
    shown = call("upscale", "--help").text
    places = [shown.index(f"\n{heading}:") for heading in ("Examples", *HEADINGS)]
    assert places == sorted(places)
    groups = dict(re.findall(r"^(\w[\w ]+):\n((?:  .*\n)+)", shown, re.M))
    for heading, option in {
        "Result": "--width N",
        "Quality": "--self-ensemble",
        "Model": "--model NAME|FILE",
        "Large pictures": "--tile N|off",
        "Machine": "--device NAME",
    }.items():
        assert option in groups[heading]


def test_help_shows_every_option_of_a_command(call: Call) -> None:
    context = type(TOP).context_class(TOP, info_name="swinsr")
    for name in SHOWN:
        command = TOP.get_command(context, name)  # type: ignore[attr-defined]
        words = set(re.findall(r"(?<!\S)--?[\w-]+", call(name, "--help").text))
        for param in command.params:
            if param.param_type_name == "option" and not getattr(param, "hidden", False):
                assert {*param.opts, *param.secondary_opts} <= words, name


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    context = type(TOP).context_class(TOP, info_name="swinsr")
    for name in SHOWN:
        command = TOP.get_command(context, name)  # type: ignore[attr-defined]
        own = " ".join((command.help or "").split("\n\n")[0].split())
        assert own == COMMANDS[name].summary


@pytest.mark.parametrize(
    "line", [example.line for examples in EXAMPLES.values() for example in examples]
)
def test_every_example_is_understood(line: str, tmp_path: Path) -> None:
    """Each is parsed to its end: options that are none, or arguments too many, are refused."""
    words = shlex.split(line)[1:]
    context = type(TOP).context_class(TOP, info_name="swinsr")
    command = TOP
    if words[0] not in COMMANDS:
        words.insert(0, "upscale")  # a picture in the place of a command
    while words and hasattr(command, "get_command"):
        found = command.get_command(context, words[0])
        if found is None:
            break
        command, words = found, words[1:]
    with command.make_context("x", words):
        pass


def test_a_picture_is_upscaled_where_a_command_is_expected(call: Call, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (16, 12)).save(tmp_path / "photo.jpg")
    assert call("photo.jpg", "-m", "bicubic").status == 0
    assert call("-m", "bicubic", "-s", 2, "photo.jpg").status == 0
    assert (tmp_path / "photo_x4.png").exists() and (tmp_path / "photo_x2.png").exists()
    wrong = call("upscal", "photo.jpg")
    assert wrong.status == 2 and "did you mean upscale?" in wrong.err
    assert "no such command: nothing" in call("nothing").err


def test_the_command_alone_shows_three_examples(call: Call) -> None:
    ran = call()
    assert ran.status == 0
    assert sum(line.startswith("swinsr ") for line in ran.text.splitlines()) == 3
    assert "--help" in ran.text


def test_manual_is_what_the_command_prints_and_roff_takes_it(call: Call) -> None:
    text = call("man").text
    assert MANUAL.read_text(encoding="utf-8") == text, "run: swinsr man > docs/man/swinsr.1"
    for name in SHOWN:
        assert f".SS swinsr {name}\n" in text
    assert "\\-\\-skip\\-existing" in text
    if shutil.which("groff") is None:
        pytest.skip("the program groff is not installed")
    done = subprocess.run(
        ["groff", "-man", "-Tascii", "-ww", "-z"], input=text, text=True, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("in.png", "--sclae", 2), "there is no option --sclae (did you mean --scale?)"),
        (("in.png", "--zzz"), "there is no option --zzz;"),
        (("in.png", "--quality", "high"), "invalid value for '--quality': it has to be a valid"),
        (("in.png", "--fit", "wide"), "'wide' is none of inside, cover, crop, stretch"),
        (("restore",), "missing argument 'INPUT...'"),
        (("models", "dowload", "x"), "no such command 'dowload'"),
        (("in.png", "-o"), "option '-o' requires an argument"),
        (("--vresion",), "there is no option --vresion (did you mean --version?)"),
        (("upscal", "in.png"), "no such command: upscal (did you mean upscale?)"),
        (("demo", "--port", 99999), "invalid value for '--port'"),
    ],
)
def test_a_line_that_is_not_understood_is_told_in_one_sentence(
    call: Call, arguments: tuple[object, ...], sentence: str
) -> None:
    wrong = call(*arguments)
    assert wrong.status == 2
    assert wrong.err.startswith("swinsr: ") and wrong.err.count("\n") == 1
    assert sentence in wrong.err
    assert wrong.out == b""
