"""How closely streams can follow each other: where a few steps, or two blocks of a tile, are space enough.

A stream whose results find no space waits for their reader. If the reader waits, by way of other streams, for more than
fits into that space, neither goes on. So what lies between a writer and its reader is kept whole where the reader needs
a stream that needs the whole of the writer, or of what the writer keeps waiting in turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sim.lowering.analysis import Analysis
from sim.lowering.fusion import Draft
from sim.lowering.order import SegmentLayout
from workloads.digraph import after, reach


class Following:
    """The streams of a layer, made of *drafts*, by what each of them reads."""

    def __init__(self, analysis: Analysis, drafts: Sequence[Draft]) -> None:
        self._analysis, self._drafts = analysis, drafts
        self._home = {name: number for number, draft in enumerate(drafts) for name in draft.operations}
        read = ((self._home[name], self._home[source]) for source, name, _ in analysis.edges if source in self._home)
        self._read = after(read)  # stream -> the streams that it reads from, of whatever timestep
        self._before: dict[int, set[int]] = {}
        self._settle_steps()

    def in_step(self, writer: int, reader: int) -> bool:
        """Whether *reader* can follow *writer* step by step, with space for a few of its results."""
        return writer in self._in_step[reader]

    def _settle_steps(self) -> None:
        """Writer after writer; of those in a circle through earlier timesteps all may keep each other waiting."""
        streams = range(len(self._drafts))
        read = {reader: {n for n in self._read.get(reader, ()) if self._alike(reader, n)} for reader in streams}
        self._in_step = {reader: {n for n in writers if n >= reader} for reader, writers in read.items()}
        for writer in streams:
            held = kept_waiting(writer, self._in_step)
            for reader in (each for each in streams if writer in read[each]):
                between = [n for n in self._all_before(reader) if not self._alike(n, reader)]
                if all(held.isdisjoint(self._all_before(n)) for n in between):
                    self._in_step[reader].add(writer)
                else:
                    self._in_step[reader].discard(writer)

    def block_by_block(self, writer: int, readers: Iterable[str], closely: Mapping[int, set[int]]) -> bool:
        """Whether the operations *readers* can be done with a block of *writer* without having seen a later one.

        *closely* has the writers that each stream keeps waiting if it waits itself for longer than two blocks.
        """
        late = frozenset().union(*map(self._late, kept_waiting(writer, closely)))
        needing = {self._home[name] for source, name, _ in self._analysis.edges if source in late}
        uncut = [n for n, draft in enumerate(self._drafts) if not all(map(self._analysis.grouped, draft.operations))]
        whole = {number for number in uncut if needing & {number, *self._all_before(number)}}
        return all(
            self._reads_blocks(each) and whole.isdisjoint(self._all_before(self._home[each])) for each in readers
        )

    def makes_blocks(self, name: str) -> bool:
        """Whether the results of an operation are made block by block."""
        draft = self._drafts[self._home[name]]
        return self._analysis.grouped(name) and (draft.grouped or self._is_cut_projection(name))

    def _alike(self, one: int, other: int) -> bool:
        """Whether two streams are worked through step by step, both cut or neither."""
        drafts = self._drafts
        return drafts[one].stepped and drafts[other].stepped and drafts[one].grouped == drafts[other].grouped

    def _all_before(self, stream: int) -> set[int]:
        """Other streams without which *stream* cannot go on, in this or an earlier timestep.

        All operations of a stream wait for what one of them waits for.
        """
        if stream not in self._before:
            self._before[stream] = reach(self._read, stream) - {stream}
        return self._before[stream]

    def _reads_blocks(self, name: str) -> bool:
        if self._drafts[self._home[name]].is_projection:
            return self._is_cut_projection(name)
        return self._analysis.grouped(name)

    def _late(self, stream: int) -> frozenset[str]:
        """Operations of a stream that works block by block that are not done before its last block is."""
        draft = self._drafts[stream]
        if isinstance(draft.layout, SegmentLayout):  # whole projections come first
            return frozenset(segment.part for segment in draft.layout.segments if segment.block is not None)
        return frozenset(draft.operations if draft.grouped else ())

    def _is_cut_projection(self, name: str) -> bool:
        layout = self._drafts[self._home[name]].layout
        return isinstance(layout, SegmentLayout) and all(
            segment.block is not None for segment in layout.segments if segment.part == name
        )


def kept_waiting(stream: int, closely: Mapping[int, set[int]]) -> set[int]:
    """*stream* and those before it in a row that soon find no space if it waits."""
    return {stream} | reach(closely, stream)
