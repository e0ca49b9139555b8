"""What is kept of the requests of a run to time them anew: numbers of columns, moments and parts, each spelt here."""

from __future__ import annotations

from typing import Final

NONE: Final = -1
# moments of a request
START: Final = 0
END: Final = 1  # its operands have been read
COMPLETION: Final = 2  # its result is there
MOMENTS: Final = 3
# what its time goes to: its own cycles, what it takes longer than these, and what passes until its result is there
WORK: Final = 0
REST: Final = 1
TAIL: Final = 2
PARTS: Final = 3
# what a recorder keeps of it: rank of its stream, number in the stream, number among the stream's distinct requests,
# three cycles, clocks for which a transfer's data move, and of what loads into slots of the weight pool: how many had
# got a slot before it, and what had happened just then: NONE, twice the number of the request that had started, or
# twice the number of the slot that had been given back, plus one
RANK: Final = 0
NUMBER: Final = 1
REQUEST: Final = 2
STARTED: Final = 3
ENDED: Final = 4
COMPLETED: Final = 5
DATA: Final = 6
GRANT: Final = 7
CAUSE: Final = 8
WIDTH: Final = 9
