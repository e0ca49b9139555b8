"""``python -m bench.peers``: bench/peers/command.py."""

from bench.peers.command import main

main()
