cimport cython

cdef double ROUNDING, UNSHARED, inf

cdef class _Queue:
    cdef long long _room
    cdef long long count, end
    cdef long long[::1] loads
    cdef double[::1] left
    cdef double served
    @cython.locals(place="long long")
    cdef int copy(self, _Queue other) except -1
    cdef int add(self, long long load, double left) except -1
    @cython.locals(place="long long")
    cdef int serve(self, double cycles, double time) except -1

cdef class _Combination:
    cdef tuple loads
    cdef double[::1] speeds
    cdef bint known
    cdef list _larger
    @cython.locals(larger=_Combination)
    cdef _Combination and_load(self, long long load)
    cdef int set_speeds(self, list speeds) except -1

cdef class SramPorts:
    cdef long long _rate, _count, _now
    cdef list _queues, _ahead, _rates
    cdef dict _known
    cdef long long[::1] _alone
    cdef _Combination _nothing
    cpdef long long join(self) except -1
    cpdef long long load(self, long long cycles, dict demand) except -1
    @cython.locals(own=_Queue, alone="long long", work=double, end=double, whole="long long")
    cpdef long long occupy(self, long long user, long long now, long long load) except? -1
    @cython.locals(time=double)
    cdef int _advance(self, long long now) except -1
    @cython.locals(own=_Queue, mine=_Queue, queue=_Queue, time=double, number="long long", alone=bint)
    cdef double _predict(self, long long user, long long now) except? -1
    @cython.locals(running=_Combination, queue=_Queue, span=double, number="long long", place="long long")
    cdef double _serve(self, list queues, double time, double limit) except? -1
