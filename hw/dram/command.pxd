cimport cython

cdef long long BANK_GROUPS, BANKS, BURST_BYTES, BURST_CLOCKS, GROUP_BYTES, INTERLEAVE_BYTES, NEVER, REGION_BYTES, REGIONS
cdef long long COMMANDS, ACT1, PRE, PREA, RD, WR, REFA, REFB, CHANNEL, CLOSED, NO_DEADLINE, READ

cdef class Burst:
    cdef public long long address, bank, group, row, arrival, request, kind
    cdef public bint seen
    cdef int arrive(self, long long kind, long long address, long long clock, long long request) except -1
    cdef int lie_at(self, long long address) except -1

cdef class Traffic:
    cdef long long[::1] _kinds, _begins, _sizes, _first, last
    cdef long long _inject, _number, _burst, total
    @cython.locals(arrived="long long", controller=Controller)
    cdef long long inject(self, list controllers, long long clock) except -1
    cdef int ends(self, long long number, long long clock) except -1
    cdef bint arrived(self) except -1
    cpdef object read_latencies(self)

@cython.locals(clock="long long", bursts="long long", wake="long long", busy=bint, controller=Controller)
cdef long long _run(Traffic traffic, list controllers) except -1

cdef class Controller:
    cdef Traffic _traffic
    cdef double _high, _low
    cdef long long _queue, _rl, _wl, _aad, _faw, _postamble, _interval
    cdef long long _pending, _synced_slot, _synchronised, _activations, _refresh_at, _due, _turn, _wake
    cdef bint _per_bank, _writing
    cdef long long[::1] _starts, _scopes, _following, _clocks, _at, _row, _deadlines, _held, _history
    cdef list _opening, _opened, _reads, _writes, _synced
    cdef readonly long long hits, misses, conflicts, cycles
    @cython.locals(burst=Burst)
    cdef bint waits_to_be_written(self, long long address) except -1
    @cython.locals(burst=Burst)
    cdef bint accept(self, long long kind, long long address, long long clock, long long request) except -1
    cdef bint busy(self) except -1
    cdef long long tick(self, long long clock) except -1
    cdef bint _issue(self, long long clock) except -1
    cdef long long _earliest(self, long long command, long long bank) except -1
    @cython.locals(number="long long")
    cdef int _hold_back(self, long long command, long long bank, long long clock) except -1
    @cython.locals(bank="long long")
    cdef bint _activates_by(self, long long clock) except -1
    @cython.locals(bank="long long", best="long long", burst=Burst)
    cdef int _second_activation(self) except -1
    @cython.locals(best="long long", burst=Burst)
    cdef long long _oldest_opened(self, long long clock) except? -1
    cdef list _direction(self)
    @cython.locals(burst=Burst)
    cdef long long _first_ready(self, list entries, long long clock) except? -1
    cdef long long _next_command(self, Burst burst) except -1
    @cython.locals(burst=Burst)
    cdef int _advance(self, list entries, long long slot, long long clock) except -1
    cdef int _move(self, list entries, long long slot, long long clock) except -1
    @cython.locals(burst=Burst, read=bint)
    cdef int _transfer(self, list entries, long long slot, long long clock) except -1
    cdef int _note(self, Burst burst) except -1
    @cython.locals(first="long long", behind="long long", bank="long long", closed=bint, refresh="long long", close="long long")
    cdef bint _refresh(self, long long clock) except -1
