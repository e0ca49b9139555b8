"""``python -m sim``."""

from sim.commands.process import main

main()
