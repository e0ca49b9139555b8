cimport cython

from hw.observer cimport Observer

cdef long long BANDWIDTH, NOTHING_LEFT, KINDS

cdef class Landing:
    cdef public long long issued, late_reason, data, latency, row_miss, turnaround, refresh
    cdef public Landing before

cdef class Tally:
    cdef public long long busy
    cdef readonly long long[::1] stalls

cdef class Ledger:
    cdef readonly str name
    cdef readonly tuple names
    cdef public Observer observer
    cdef list _opened
    cdef long long _count
    cdef long long[::1] _reasons, _cycles, _shares
    cpdef Tally open(self)
    cpdef object stall(self, Tally tally, long long reason, long long start, long long end)
    @cython.locals(part="long long", cycles="long long")
    cpdef object wait(self, Tally tally, long long reason, Landing landing, long long start, long long end)
    @cython.locals(issued="long long")
    cdef int _split(self, long long reason, Landing landing, long long start, long long end) except -1
    @cython.locals(part="long long")
    cdef int _add(self, long long reason, long long cycles) except -1
    @cython.locals(shares="long long[::1]", scale="long long", left="long long", kind="long long", whole="long long", most="long long")
    cdef int _share(self, Landing landing, long long cycles) except -1
