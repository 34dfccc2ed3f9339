"""Print the README's fenced `sh` block of the given number, counted from 1, word for word."""

import re
import sys
from pathlib import Path

readme = Path(__file__).resolve().parents[1] / "README.md"
blocks = re.findall(r"^```sh\n(.*?)^```", readme.read_text(encoding="utf-8"), re.S | re.M)
sys.stdout.write(blocks[int(sys.argv[1]) - 1])
