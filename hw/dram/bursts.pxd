cimport cython

from hw.dram.command cimport Burst

cdef long long BANK_GROUPS, BANKS, BURST_BYTES, BURST_CLOCKS, INTERLEAVE_BYTES, NEVER, REGION_BYTES, REGIONS
cdef long long ARRIVALS, CLOSED, READ, WRITE, TRANSFER, ACTIVATE, CLOSE

cdef class Rules:
    cdef long long queue, rcd, rp, ras, rc, rrd, ppd, aad, rl, interval, rfc, refresh_to_activate
    cdef double high, low
    cdef bint one_bank
    cdef long long[::1] gap, recovery, synchronised

cdef class Traffic:
    cdef long long[::1] _kinds, _begins, _sizes, _run_ends, _first, _last
    cdef Rules _rules
    cdef list _controllers
    cdef long long _total, _number, _address, _channel, _local
    cpdef object read_latencies(self)
    @cython.locals(clock="long long", bursts="long long", soonest="long long", controller=Controller)
    cpdef long long run(self) except -1
    @cython.locals(controller=Controller)
    cdef bint _idle(self) except -1
    cdef int _next(self, long long number) except -1
    cdef int _seek(self, long long address) except -1
    @cython.locals(controller=Controller)
    cdef bint _fits(self) except -1
    @cython.locals(most="long long", arrived="long long", controller=Controller)
    cdef long long _arrive(self, long long clock) except -1
    @cython.locals(rules=Rules, controller=Controller)
    cdef long long _streamed(self) except -1
    @cython.locals(
        refreshes="long long", clocks="long long", pace=double, waits="long long", channel="long long", rules=Rules,
        first=Controller, controller=Controller,
    )
    cdef long long _leap(self, long long size, long long clock) except -1
    @cython.locals(burst=Burst)
    cdef int _hold(self, list entries, long long channel, long long oldest, long long end) except -1
    cdef long long _holding(self, long long address, long long low, long long end) except -1

cdef class Controller:
    cdef Rules rules
    cdef long long[::1] _row, _activate, _close, _column, _held, _group
    cdef long long _next_activate, _next_close, _synchronised, _second_by, _refresh_at, _due, _turn, _writing, _ready
    cdef bint _all_open
    cdef list _reads, _writes, _opened
    cdef long long wake
    cdef readonly long long hits, misses, conflicts, cycles
    cdef list queue(self, long long kind)
    cdef bint busy(self) except -1
    cdef bint has_room(self, long long kind) except -1
    @cython.locals(burst=Burst)
    cdef long long oldest_request(self, long long kind) except -1
    @cython.locals(burst=Burst)
    cdef bint waits_to_be_written(self, long long address) except -1
    @cython.locals(burst=Burst)
    cdef int accept(self, long long kind, long long address, long long clock, long long request) except -1
    cdef long long step(self, long long clock, long long[::1] last) except -1
    @cython.locals(best="long long", burst=Burst)
    cdef long long _oldest_opened(self, long long clock) except? -1
    cdef list _direction(self)
    @cython.locals(first="long long", hits="long long", misses="long long", bit="long long", burst=Burst)
    cdef long long _first_ready(self, list entries, long long clock) except? -1
    cdef long long _next_command(self, Burst burst) except -1
    cdef long long _when(self, Burst burst, long long command) except -1
    cdef long long _issue(self, list entries, long long rank, long long clock, long long[::1] last) except -1
    @cython.locals(rules=Rules, burst=Burst, following="long long", group="long long")
    cdef long long _transfer(self, list entries, long long rank, long long clock, long long[::1] last) except -1
    @cython.locals(rules=Rules, burst=Burst)
    cdef int _open_row(self, list entries, long long rank, long long clock) except -1
    cdef int _close_row(self, Burst burst, long long clock) except -1
    cdef long long _refreshed(self, long long turn) except -1
    @cython.locals(rules=Rules, first="long long", behind="long long", bank="long long", opened=bint)
    cdef long long _refresh(self, long long clock) except -1
    cdef bint streams(self, long long kind) except -1
    @cython.locals(rules=Rules, refreshes="long long", region="long long")
    cdef tuple duration(self, long long kind, long long size, long long clock)
    cdef int leap(self, long long kind, long long size, long long clocks, long long clock, long long refreshes) except -1
    @cython.locals(burst=Burst, region="long long", group="long long", rank="long long")
    cdef long long _move(self, long long kind, long long size, long long clock) except -1
    @cython.locals(burst=Burst)
    cdef long long _first_address(self, long long kind) except -1
    @cython.locals(burst=Burst)
    cdef long long _last_address(self, long long kind) except -1
