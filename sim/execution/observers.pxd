cimport cython

from hw.ledger cimport Landing
from hw.observer cimport Observer
from sim.execution.offered cimport Offered

cdef class RunObserver(Observer):
    cpdef object begin(self, object section, long long start)
    cpdef object offered(self, Offered offered)
    cpdef object issued(
        self, Offered offered, long long now, long long end, long long completion, Landing landing
    )
    cpdef object released(self, long long rank)

cdef class Observers(RunObserver):
    cdef list _all
    @cython.locals(observer=RunObserver)
    cpdef object begin(self, object section, long long start)
    @cython.locals(observer=RunObserver)
    cpdef object busy(self, str unit, object offered, long long start, long long end)
    @cython.locals(observer=RunObserver)
    cpdef object stalled(self, str unit, str reason, long long start, long long end)
    @cython.locals(observer=RunObserver)
    cpdef object offered(self, Offered offered)
    @cython.locals(observer=RunObserver)
    cpdef object issued(
        self, Offered offered, long long now, long long end, long long completion, Landing landing
    )
    @cython.locals(observer=RunObserver)
    cpdef object released(self, long long rank)
