cimport cython

from hw.ledger cimport Landing
from sim.execution.observers cimport RunObserver
from sim.execution.offered cimport Offered

cdef long long NOBODY, START, END, COMPLETION, MOMENTS, VARIANTS, NUMBER, STARTED, ENDED, COMPLETED, CAUSE, WHY, WIDTH

cdef class _History:
    cdef long long _room
    cdef readonly long long count, last_completion
    cdef readonly object costs
    cdef long long[::1] rows
    @cython.locals(row="long long")
    cdef int add(self, long long number, long long start, long long end, long long completion) except -1
    @cython.locals(row="long long")
    cdef int explain(self, long long cause, long long why) except -1
    @cython.locals(low="long long", high="long long", middle="long long")
    cdef long long last(self, long long count) except? -2
    cpdef long long get(self, long long place, long long which) except? -2

cdef class PathTracker(RunObserver):
    cdef tuple _plans
    cdef list _histories, _names
    cdef dict _numbers
    cdef long long _count, _now, _now_moment
    cdef long long[::1] _units, _latest, _since, _offers, _moments, _released, _users
    cpdef object begin(self, object section, object program, long long start)
    cpdef object offered(self, Offered offered)
    cpdef object released(self, long long rank)
    @cython.locals(
        rank="long long", before="long long", free="long long", start="long long", cause="long long",
        moment="long long", history=_History, reason=str,
    )
    cpdef object issued(
        self, Offered offered, long long now, long long end, long long completion, Landing landing
    )
    cdef long long _number(self, str reason) except -1
    @cython.locals(history=_History, place="long long")
    cdef long long _last(self, long long rank, long long count) except? -2
    @cython.locals(history=_History)
    cdef long long _ended(self, long long request) except? -2
