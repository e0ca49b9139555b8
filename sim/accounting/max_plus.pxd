cimport cython

cdef long long COMPLETION, END, MOMENTS, NONE, PARTS

cdef class MaxPlus:
    cdef readonly long long rate
    cdef long long _count, _denominator, _last, _most, _numerator
    cdef long long[::1] _before, _bus, _causes, _firsts, _lags, _rates, _rest, _scaled, _streams, _tails, _times, _work
    cpdef object scale(self, long long[::1] scaled)
    @cython.locals(
        latest="long long", greatest="long long", request="long long", row="long long", kind="long long",
        time="long long", rate="long long", place="long long", cause="long long", gain="long long",
    )
    cpdef long long makespan(self, long long numerator, long long denominator, long long most) except? -1
    cdef bint _later(self, long long cause, long long time, long long rate) except -1
    @cython.locals(
        spent="long long[::1]", request="long long", moment="long long", row="long long", kind="long long",
        time="long long", rate="long long", place="long long", cause="long long", gain="long long",
        found="long long",
    )
    cpdef object path(self)
    cpdef object times(self)
