cimport cython

from hw.dram.constraints cimport Constraints
from hw.dram.queues cimport Burst, Queues
from hw.dram.refresh cimport Refreshes
from hw.dram.traffic cimport Traffic

cdef long long CLOSED, NEVER, READ
cdef long long ACT1, PRE, PREA, RD, WR, REFA, REFB, NO_BANK

@cython.locals(clock="long long", bursts="long long", arrived="long long", wake="long long", busy=bint, controller=Controller)
cdef long long _run(Traffic traffic, list controllers, long long most) except -1
@cython.locals(arrived="long long", number="long long", kind="long long", queues=Queues, controller=Controller)
cdef long long _arrive(Traffic traffic, list controllers, long long most, long long clock) except -1

cdef class Controller:
    cdef Traffic _traffic
    cdef Queues queues
    cdef Constraints _constraints
    cdef Refreshes _refreshes
    cdef long long _channel, _read_clocks, _aad, _free, _synchronised, _activate_by, _synced_slot, _wake
    cdef long long[::1] _taken, _runs_on, _row, _held
    cdef Burst _activating
    cdef list _synced, _log
    cdef readonly long long hits, misses, conflicts, cycles
    cdef bint busy(self) except -1
    cdef long long tick(self, long long clock) except -1
    @cython.locals(burst=Burst)
    cdef bint _finish_activation(self, long long by) except -1
    @cython.locals(entries=list)
    cdef bint _finish_transfer(self, long long clock) except -1
    @cython.locals(opened=list, oldest="long long", slot="long long", burst=Burst)
    cdef bint _serve_opened(self, long long clock) except -1
    @cython.locals(first="long long", behind="long long", bank="long long", closed=bint, command="long long", half_open="long long")
    cdef bint _refresh(self, long long clock) except -1
    @cython.locals(
        entries=list, slot="long long", burst=Burst, bank="long long", command="long long", when="long long",
        half_open="long long",
    )
    cdef bint _serve_queue(self, long long clock) except -1
    cdef long long _half_open(self) except? -1
    cdef long long _next_command(self, Burst burst) except -1
    @cython.locals(burst=Burst)
    cdef int _issue(self, long long command, list entries, long long slot, long long clock) except -1
    @cython.locals(row="long long")
    cdef int _send(self, long long command, long long bank, long long clock) except -1
    cdef int _open(self, Burst burst) except -1
    cdef int _start_transfer(self, list entries, long long slot, long long clock) except -1
    @cython.locals(burst=Burst, done="long long")
    cdef int _transfer(self, list entries, long long slot, long long clock) except -1
    cdef int _count(self, Burst burst) except -1
