cimport cython

from hw.ledger cimport Landing
from sim.execution.observers cimport RunObserver
from sim.execution.offered cimport Offered

cdef long long NOBODY, START, END, COMPLETION, MOMENTS, NUMBER, STARTED, ENDED, COMPLETED, CAUSE, WHY, WIDTH, KINDS

cdef class _History:
    cdef long long _room
    cdef long long count, last_completion
    cdef long long[::1] rows, costs
    @cython.locals(row="long long")
    cdef int add(
        self, long long number, long long start, long long end, long long completion, long long cause, long long why
    ) except -1
    @cython.locals(place="long long")
    cdef int add_costs(self, Landing landing) except -1
    @cython.locals(longer="long long[::1]", place="long long")
    cdef long long[::1] _longer(self, long long[::1] numbers, long long room)
    @cython.locals(low="long long", high="long long", middle="long long")
    cdef long long last(self, long long count) except? -2
    @cython.locals(kind="long long")
    cdef dict costs_at(self, long long place)

cdef class _Sum:
    cdef long long count, busy, latency

cdef class PathTracker(RunObserver):
    cdef tuple _plans, _reasons
    cdef list _histories
    cdef dict _sums, _transfers
    cdef long long _count, _kinds, _now, _now_moment, _rank, _place, _moment, _reason, _time
    cdef long long[::1] _units, _latest, _since, _offers, _moments, _released, _users
    cpdef object begin(self, object section, long long start)
    cpdef object offered(self, Offered offered)
    cpdef object released(self, long long rank)
    @cython.locals(
        rank="long long", before="long long", free="long long", start="long long", cause="long long",
        moment="long long", reason="long long", why="long long", history=_History,
    )
    cpdef object issued(
        self, Offered offered, long long now, long long end, long long completion, Landing landing
    )
    @cython.locals(history=_History, place="long long")
    cdef long long _last(self, long long rank, long long count) except? -2
    @cython.locals(history=_History)
    cdef long long _ended(self, long long request) except? -2
    @cython.locals(history=_History, rank="long long")
    cpdef dict spent(self, long long makespan)
    @cython.locals(history=_History, row="long long", start="long long", why="long long", cause="long long")
    cdef bint _step(self) except -1
    @cython.locals(start="long long", end="long long", key="long long", found=_Sum)
    cdef int _add(self, _History history, long long place, long long request) except -1
    cdef int _note(self, dict spent, long long rank, str what, long long reason, long long cycles) except -1
    @cython.locals(found=_Sum)
    cdef dict _named(self)
