cimport cython

from hw.dram.banks cimport Banks, Rules
from hw.dram.places cimport Places
from hw.dram.queues cimport Burst, Queues
from hw.dram.refresh cimport Refreshes
from hw.dram.traffic cimport Traffic

cdef long long CLOSED, NEVER, READ

cdef class Controller:
    cdef Traffic _traffic
    cdef Queues queues
    cdef Refreshes refreshes
    cdef Rules rules
    cdef Banks banks
    cdef long long _synchronised, _free, _ready
    cdef bint _all_open
    cdef long long wake
    cdef readonly long long hits, misses, conflicts, cycles
    @cython.locals(queues=Queues, burst=Burst)
    cdef int accept(self, long long kind, long long address, long long clock, long long request) except -1
    @cython.locals(banks=Banks, rank="long long", wake="long long", when="long long", entries=list)
    cdef long long step(self, long long clock) except -1
    @cython.locals(opened=list, best="long long", arrival="long long", rank="long long", when="long long", burst=Burst)
    cdef long long _oldest_opened(self, long long clock) except? -1
    @cython.locals(
        banks=Banks, first="long long", hits="long long", misses="long long", bit="long long", rank="long long",
        other_row=bint, when="long long", burst=Burst,
    )
    cdef long long _first_ready(self, list entries, long long clock) except? -1
    @cython.locals(banks=Banks, first="long long", behind="long long", when="long long")
    cdef long long _refresh(self, long long clock) except -1
    @cython.locals(burst=Burst, row="long long", after="long long")
    cdef long long _issue(self, list entries, long long rank, long long clock) except -1
    @cython.locals(burst=Burst, done="long long")
    cdef long long _transfer(self, list entries, long long rank, long long clock) except -1
    cdef long long _taken(self, long long clock, long long clocks) except -1
    @cython.locals(queues=Queues)
    cdef bint streams(self, long long kind) except -1
    @cython.locals(
        queues=Queues, places=Places, begin="long long", before="long long", newest="long long", opened="long long",
        missed="long long",
    )
    cdef int leap(self, long long kind, long long size, long long clocks, long long clock, long long refreshes) except -1
