"""``python -m tests.support.legality TRACE.csv.gz RESULT.json PROGRAM.json``: whether a recorded run is legal.

Exit code 0 if it is, 1 if it is not, 2 if a file cannot be read.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.legality.trace import Unreadable
from tests.support.legality.verdict import check_files


def main(arguments: list[str]) -> int:
    """Print what is found in the files that *arguments* name, and return the exit code."""
    if len(arguments) != 3:
        print("usage: python -m tests.support.legality TRACE.csv.gz RESULT.json PROGRAM.json", file=sys.stderr)
        return 2
    try:
        verdict = check_files(*map(Path, arguments))
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 2
    print(verdict.words())
    return 0 if verdict.legal else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
