cimport cython

cdef double ROUNDING, inf

cdef class Traffic:
    cdef readonly long long count, place, room, taking
    cdef readonly double behind
    cdef long long _late, _kept_place, _kept_late
    cdef double _growth, _seen, _kept_behind, _kept_seen
    cdef long long[::1] _kind
    cdef double[::1] _begin, _end
    cdef int add(self, long long kind, double begin, double end) except -1
    @cython.locals(place="long long")
    cdef int make_room(self, double time) except -1
    cdef int keep(self) except -1
    cdef int go_back(self) except -1
    @cython.locals(place="long long", left=double, allowed=double)
    cdef double look(self, double time, double[::1] spare) except? -1
    cdef int go_on(self, double time, double span) except -1
    @cython.locals(idle=double)
    cdef int _bring_up(self, double time) except -1
