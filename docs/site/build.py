"""The documentation as a site: `python docs/site/build.py [FOLDER]`, by default into `site/`.

Pages are those of docs/, as they are; the navigation is made of what is there. It needs the extra
"docs" (Zensical), stops at a warning, and then follows every link of every page that was made.
"""

import html.parser
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent
ROOT = DOCS.parent

# What a reader looks for first; a page that is not there is left out, and one that is not named
# here goes to the guides.
NAVIGATION = {
    "Start": ["index.md", "start.md", "which.md", "gallery.md", "faq.md"],
    "Guides": ["pictures.md", "large-images.md", "demo.md", "library.md", "zoo.md"],
    "Research": [
        "evaluation.md", "metrics.md", "training.md", "simmim.md", "checkpoints.md",
        "classifiers.md", "export.md", "benchmarks.md",
    ],
    "Reference": [
        "reference/command.md", "reference/library.md", "reference/recipes.md", "environment.md",
    ],
    "How it is built": ["architecture.md"],
}  # fmt: skip
_CONFIG = """\
[project]
site_name = "SwinSR"
site_description = "Image super-resolution and restoration with SwinIR and Swin2SR"
docs_dir = "docs"
site_dir = "site"
use_directory_urls = false
copyright = "SwinSR, Apache-2.0"
extra_css = ["site/site.css"]
nav = [
{nav}]

[project.theme]
variant = "modern"
font = false
logo = "site/mark.svg"
favicon = "site/mark.svg"
features = [
  "navigation.sections", "navigation.top", "navigation.indexes", "content.code.copy",
  "toc.follow", "search.highlight",
]

[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"
primary = "teal"
accent = "teal"
toggle.icon = "lucide/sun"
toggle.name = "Dark"

[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"
primary = "teal"
accent = "teal"
toggle.icon = "lucide/moon"
toggle.name = "Light"
"""


def title(page: Path) -> str:
    """The page's first heading."""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            return line[2:].replace("`", "").strip()
    return page.stem


def navigation(docs: Path) -> dict[str, list[str]]:
    """Sections and their pages, by what is there; every page is somewhere."""
    found = {
        section: [page for page in pages if (docs / page).is_file()]
        for section, pages in NAVIGATION.items()
    }
    named = {page for pages in NAVIGATION.values() for page in pages}
    for path in sorted(docs.glob("*.md")):
        if path.name not in named:
            found["Guides"].append(path.name)
    found["How it is built"] += [
        path.relative_to(docs).as_posix() for path in sorted((docs / "decisions").glob("*.md"))
    ]
    return {section: pages for section, pages in found.items() if pages}


def lines_of(docs: Path) -> str:
    """The navigation, as the configuration has it."""
    lines = []
    for section, pages in navigation(docs).items():
        inside = ", ".join(f'{{ "{title(docs / page)}" = "{page}" }}' for page in pages)
        lines.append(f'  {{ "{section}" = [{inside}] }},\n')
    return "".join(lines)


class _Links(html.parser.HTMLParser):
    """What a page points to, and what in it can be pointed to."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element."""
        values = {name: value for name, value in attrs if value}
        if "id" in values:
            self.anchors.add(str(values["id"]))
        for name in ("href", "src"):
            if name in values:
                self.targets.append(str(values[name]))


def broken_links(site: Path) -> list[str]:
    """Every link to a file or a heading of the site that is not there."""
    pages = {path: _Links() for path in site.rglob("*.html")}
    for path, links in pages.items():
        links.feed(path.read_text(encoding="utf-8"))
    broken = []
    for path, links in pages.items():
        if path.name == "404.html":  # served from anywhere; its links are absolute
            continue
        for target in links.targets:
            parts = urllib.parse.urlsplit(target)
            if parts.scheme or parts.netloc or target.startswith("/"):
                continue
            there = (path.parent / urllib.parse.unquote(parts.path)) if parts.path else path
            there = (there / "index.html" if there.is_dir() else there).resolve()
            if not there.is_file():
                broken.append(f"{path.relative_to(site)}: {target}")
            elif parts.fragment and there.suffix == ".html":
                anchors = pages[there].anchors if there in pages else set()
                if urllib.parse.unquote(parts.fragment) not in anchors | {"__top"}:
                    broken.append(f"{path.relative_to(site)}: {target}")
    return broken


def build(folder: Path) -> list[str]:
    """Make the site in a folder, which is replaced; what is wrong with it.

    Raises:
        SystemExit: the generator is missing or gave a warning.
    """
    program = shutil.which("zensical", path=str(Path(sys.executable).parent)) or shutil.which(
        "zensical"
    )
    if program is None:
        sys.exit('the site needs Zensical; install it with pip install ".[docs]"')
    with tempfile.TemporaryDirectory() as work:
        project = Path(work)
        shutil.copytree(
            DOCS, project / "docs", ignore=shutil.ignore_patterns("*.py", "__pycache__")
        )
        mark = ROOT / "swinsr" / "demo" / "assets" / "mark.svg"
        shutil.copyfile(mark, project / "docs" / "site" / "mark.svg")
        config = _CONFIG.format(nav=lines_of(project / "docs"))
        (project / "zensical.toml").write_text(config, encoding="utf-8")
        done = subprocess.run(
            [program, "build", "--strict", "--clean"], cwd=project, capture_output=True, text=True
        )
        if done.returncode != 0:
            sys.exit(done.stdout + done.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(project / "site", folder)
    return broken_links(folder)


def main() -> None:
    """Build, and tell what is broken."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "site"
    broken = build(folder)
    for line in broken:
        sys.stderr.write(f"broken link in {line}\n")
    pages = sum(1 for _ in folder.rglob("*.html"))
    sys.stdout.write(f"{pages} pages in {folder}, {len(broken)} broken links\n")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
