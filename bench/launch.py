"""Runs a command and says what it took: ``python bench/launch.py FILE COMMAND...`` writes that to FILE as JSON.

A process of its own, since the most memory that a command had counts that of the process which started it: this one
is small.
"""

from __future__ import annotations

import json
import os
import sys
import time

RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes


def main() -> None:
    """CPU seconds (user and system, of the command and of what it waited for), wall seconds, bytes at the peak."""
    target, *command = sys.argv[1:]
    start = time.perf_counter()
    process = os.spawnv(os.P_NOWAIT, command[0], command)
    _, status, used = os.wait4(process, 0)
    wall = time.perf_counter() - start
    spent = {"cpu_s": used.ru_utime + used.ru_stime, "wall_s": wall, "peak_bytes": used.ru_maxrss * RSS_UNIT}
    with open(target, "w", encoding="utf-8") as file:
        json.dump(spent, file)
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
