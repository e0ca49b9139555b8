cdef long long NEVER

cdef class Refreshes:
    cdef long long interval, _banks, _groups, _regions, _turn, at, due
    cdef bint one_bank
    cdef int fall_due(self, long long clock) except -1
    cdef long long first_bank(self) except -1
    cdef long long behind_bank(self) except -1
    cdef long long bank_of(self, long long later) except -1
    cdef int done(self) except -1
    cdef int leap(self, long long count) except -1
