"""Other tools on the same work, run live: ``python -m bench.peers`` (docs/peers.md)."""
