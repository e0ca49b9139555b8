"""Commands that write what is in results/: each names itself in the head of the file that it writes."""
