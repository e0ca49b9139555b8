cimport cython

cdef long long COMMANDS, ACT1

cdef class Constraints:
    cdef long long _channel, _faw, _activations
    cdef long long[::1] _group, _starts, _scopes, _following, _clocks, _at, _recent
    cdef long long earliest(self, long long command, long long bank) except -1
    @cython.locals(number="long long")
    cdef int issued(self, long long command, long long bank, long long clock) except -1
