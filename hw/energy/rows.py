"""How many rows transfers open, told from where they lie and how long they are.

The channel model (hw/dram/channel.py) knows which regions are open, but says only what they cost in time. Here a stream
opens every row that it comes to, and goes on in one that its transfer before has left open. So a transfer opens its
rows again where others' have closed them only if it begins a region, which is right for streams and a little low where
many take turns; and rows that a refresh has closed are part of the background.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hw.dram.organisation import Organisation

Integers = npt.NDArray[np.int64]


def rows_opened(addresses: Integers, sizes: Integers, channels: int, organisation: Organisation) -> Integers:
    """Rows that each of a stream's transfers opens in all *channels*, over which each is cut evenly.

    *addresses* and *sizes* are bytes, in the order in which the stream makes them. By the *organisation* of a channel a
    region has a row in each bank group; one of which less than that is touched opens as many rows as there are groups
    in it.
    """
    if not len(sizes):
        return np.zeros(0, np.int64)
    starts, lengths = addresses // channels, -(-sizes // channels)
    region = organisation.region_bytes
    first, last = starts // region, (starts + lengths - 1) // region
    known = np.concatenate([[-1], last[:-1]])
    fresh = last - first + 1 - (first == known)
    groups = np.minimum(organisation.bank_groups, -(-lengths // organisation.group_bytes))
    opened: Integers = fresh * groups * channels
    return opened
