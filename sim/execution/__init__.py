"""Runs lowered programs: streams of requests, what they wait for, and who observes them."""
