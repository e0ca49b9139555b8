cimport cython

from hw.dram.places cimport Places
from hw.dram.queues cimport Burst

cdef long long CLOSED, NEVER

cdef class Rules:
    cdef Places places
    cdef long long activate_clocks, column_clocks, other_clocks
    cdef long long rp, rp_all, ras, rc, rrd, rrd_l, faw, ppd, aad, read_clocks, rfc, refresh_to_activate
    cdef long long[::1] rcd, gap, recovery, pace, synchronised

cdef class Banks:
    cdef Rules _rules
    cdef long long _banks, _groups, _regions, _activations
    cdef long long[::1] row, _activate, _close, _column, _held, _group, _recent
    cdef long long _next_activate, _next_close, second_by
    @cython.locals(bank="long long", row="long long", kind="long long")
    cdef long long when(self, Burst burst) except -1
    @cython.locals(rules=Rules, following="long long", group="long long")
    cdef int transfer(self, Burst burst, long long clock) except -1
    @cython.locals(rules=Rules, region="long long", other="long long")
    cdef int open_row(self, Burst burst, long long clock) except -1
    cdef int release(self, long long bank) except -1
    @cython.locals(bank="long long", rp="long long")
    cdef int close_rows(self, long long first, long long behind, long long clock) except -1
    @cython.locals(bank="long long")
    cdef int refresh(self, long long first, long long behind, long long clock) except -1
    @cython.locals(bank="long long")
    cdef bint any_open(self, long long first, long long behind) except -1
    @cython.locals(bank="long long", when="long long")
    cdef long long all_closable(self, long long first, long long behind) except -1
    @cython.locals(bank="long long", when="long long")
    cdef long long all_activatable(self, long long first, long long behind) except -1
    @cython.locals(
        region="long long", group="long long", bank="long long", place="long long", groups="long long",
        regions="long long",
    )
    cdef int leap(self, long long first, long long last, long long closable, long long clocks) except -1
