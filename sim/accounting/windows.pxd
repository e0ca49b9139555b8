cimport cython

from sim.execution.observers cimport RunObserver
from sim.execution.offered cimport Offered

cdef class _Series:
    cdef long long[::1] cycles
    cdef int add(self, long long window, long long cycles) except -1
    cpdef list counts(self, long long windows)
    @cython.locals(most="long long", window="long long", left="long long", right="long long")
    cdef int merge(self) except -1

cdef class WindowRecorder(RunObserver):
    cdef long long _most, _origin
    cdef readonly long long window_cycles, end
    cdef dict _units
    cpdef object begin(self, object section, long long start)
    @cython.locals(request=Offered, useful="long long", fill="long long")
    cpdef object busy(self, str unit, object offered, long long start, long long end)
    cpdef object stalled(self, str unit, str reason, long long start, long long end)
    @cython.locals(length="long long", window="long long", stop="long long")
    cdef int _add(self, str unit, str what, long long start, long long end) except -1
    @cython.locals(length="long long", window="long long", stop="long long")
    cdef int _spread(self, str unit, dict parts, long long start, long long end) except -1
    @cython.locals(one=_Series)
    cdef int _reach(self, long long end) except -1
    @cython.locals(of_unit=dict)
    cdef _Series _series(self, str unit, str what)
