"""What a run's cycles went to: over time, and along the critical path."""
