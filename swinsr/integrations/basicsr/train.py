"""BasicSR's own training program with our networks registered.

    python -m swinsr.integrations.basicsr.train -opt options.yml [--auto_resume ...]

Arguments and options are BasicSR's; experiments go to the current folder, where its own
`basicsr/train.py` would put them into the installed package.
"""

import sys
from pathlib import Path

from swinsr.errors import SwinsrError
from swinsr.integrations.basicsr.compatibility import import_basicsr
from swinsr.integrations.basicsr.registry import register


def main() -> int:
    """Train; returns the exit status."""
    try:
        register()
        import_basicsr("basicsr.train").train_pipeline(str(Path.cwd()))
    except SwinsrError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
