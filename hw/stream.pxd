from hw.engine cimport Engine, Task
from hw.ledger cimport Landing, Tally

cdef class Stream(Task):
    cdef readonly str name
    cdef public long long priority, ready_at, reason, place
    cdef public long long cycles, tail_cycles, load, size_bytes, address, origin
    cdef public bint write
    cdef public Tally tally
    cdef public object view
    cpdef Landing landing(self)
    cpdef object issued(self, long long end, long long completion, Landing landing)
