"""Many runs: sweeps along axes, where they are computed, where they are kept, and what is told of them."""
