cimport cython

from hw.dram.places cimport Places

cdef long long READ, WRITE

cdef class Burst:
    cdef public long long address, bank, group, row, arrival, request, kind
    cdef public bint seen
    cdef int arrive(self, Places places, long long kind, long long address, long long clock, long long request) except -1
    @cython.locals(groups="long long", region="long long")
    cdef int lie_at(self, Places places, long long address) except -1

cdef class Queues:
    cdef double _high, _low
    cdef Places _places
    cdef long long length, served
    cdef list reads, writes, opened
    cdef list of(self, long long kind)
    cdef bint empty(self) except -1
    cdef bint has_room(self, long long kind) except -1
    @cython.locals(burst=Burst)
    cdef bint waits_to_be_written(self, long long address) except -1
    @cython.locals(burst=Burst)
    cdef Burst join(self, long long kind, long long address, long long clock, long long request)
    cdef list turn(self)
    cdef Burst oldest(self, long long kind)
    cdef Burst newest(self, long long kind)
    @cython.locals(burst=Burst, rank="long long", count="long long")
    cdef int leap(self, long long kind, long long size, long long clock) except -1
