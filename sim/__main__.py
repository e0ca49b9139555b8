"""``python -m sim``."""

from sim.commands.cli import main

main()
