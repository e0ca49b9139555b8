cimport cython

cdef class Task:
    cdef readonly long long number
    cpdef object wake(self)
    cpdef object start(self)

cdef class Engine:
    cdef long long _stride, _left, _clock, _count, _room, _starting, _started
    cdef bint _paused
    cdef object _schedule, _look, _tick
    cdef list _tasks, _callbacks
    cdef long long[::1] _cycles, _calls, _wakes, _starts
    cdef readonly long long now, events
    cpdef long long join(self, Task task) except -1
    cpdef object at(self, long long cycle, Task task)
    cpdef object start_at(self, long long cycle, Task task)
    cpdef object start_now(self, Task task)
    @cython.locals(task=Task)
    cdef int call(self, long long number) except -1
    cpdef object pause(self)
    cdef int _schedule_at(self, long long cycle) except -1
    @cython.locals(more=bint)
    cpdef object _live(self, object _)
    @cython.locals(task=Task)
    cdef bint _go(self) except -1
    @cython.locals(first="long long", place="long long")
    cdef long long _next(self) except? -1
    @cython.locals(now="long long", kept="long long", woken="long long", starting="long long", place="long long", call="long long")
    cdef int _begin_cycle(self) except -1
    cdef int _set(self, long long cycle, long long call) except -1
    cdef int _grow(self) except -1
