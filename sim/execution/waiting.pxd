cimport cython

from hw.engine cimport Engine, Task
from hw.ledger cimport Landing

cdef long long LANDINGS, LAST_LANDING

cdef class Progress:
    cdef Engine _engine
    cdef readonly long long done, issued, last
    cdef long long _room, _head, _count, _waiting
    cdef long long[::1] _pending, _tasks, _needs
    cdef int issue(self, long long cycle) except -1
    cdef int issue_done(self, long long items) except -1
    cdef long long when(self, long long need) except? -1
    cdef int wait(self, long long need, Task task) except -1
    @cython.locals(now="long long")
    cdef int _settle(self) except -1
    cdef int _grow(self) except -1
    @cython.locals(place="long long", task="long long", after="long long")
    cdef int _call_waiters(self) except -1

cdef class Landings:
    cdef long long _count
    cdef long long[::1] _issued
    cdef list _landings
    @cython.locals(place="long long")
    cdef int add(self, long long issued, Landing landing) except -1
    @cython.locals(number="long long")
    cdef Landing last(self, long long count)
