cdef long long INTERLEAVE_BYTES, NEVER, READ

cdef class Traffic:
    cdef long long[::1] kinds, begins, sizes, first, last
    cdef long long _burst_bytes, _channels, total, number, address, channel, local
    cdef bint arrived(self) except -1
    cdef int arrive(self, long long clock) except -1
    cdef int go_to(self, long long number) except -1
    cdef int seek(self, long long address) except -1
    cdef int ends(self, long long number, long long clock) except -1
    cpdef object read_latencies(self)
