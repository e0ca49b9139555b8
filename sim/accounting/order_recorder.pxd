cimport cython

from hw.ledger cimport Landing
from sim.execution.observers cimport RunObserver
from sim.execution.offered cimport Offered

cdef long long CAUSE, COMPLETED, DATA, ENDED, GRANT, NONE, NUMBER, RANK, REQUEST, STARTED, WIDTH, ROOM

cdef class OrderRecorder(RunObserver):
    cdef readonly long long count
    cdef long long _slots_back, _granted, _now
    cdef long long[::1] _rows, _slots, _loads, _grants, _causes
    cpdef object begin(self, object section, long long start)
    cpdef object follow(self, object program)
    @cython.locals(rank="long long")
    cpdef object offered(self, Offered offered)
    cpdef object released(self, long long rank)
    @cython.locals(row="long long", rank="long long")
    cpdef object issued(
        self, Offered offered, long long now, long long end, long long completion, Landing landing
    )
    @cython.locals(longer="long long[::1]")
    cdef long long[::1] _longer(self, long long[::1] numbers)
    cpdef object rows(self)
    cpdef object slots_back(self)
