"""`python -m swinsr` is the `swinsr` command."""

from swinsr.cli import main

main()
