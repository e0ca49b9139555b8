cdef class Observer:
    cpdef object busy(self, str unit, object offered, long long start, long long end)
    cpdef object stalled(self, str unit, str reason, long long start, long long end)
