cimport cython

from hw.engine cimport Engine, Task
from hw.stream cimport Stream
from sim.execution.observers cimport RunObserver

cdef long long DRAM, START, KEPT_FREE

cdef class Member(Stream):
    cdef readonly long long rank
    cdef public Member user
    cdef public long long held
    cdef public bint wants
    cpdef bint lacks(self, Member load) except -1

cdef class SlotPool:
    cdef long long _free, _wanting
    cdef list _loads
    cdef Member _granted
    cdef bint take(self, Member load) except -1
    @cython.locals(user=Member, other=Member, reason="long long", left="long long")
    cdef bint _may_take(self, Member load) except -1
    cdef int release(self, Member load) except -1
    @cython.locals(first=Member, load=Member)
    cdef int offer(self) except -1

cdef class Release(Task):
    cdef SlotPool _pool
    cdef Member _load
    cdef RunObserver _observer
    cpdef object wake(self)
