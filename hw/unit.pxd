cimport cython

from hw.engine cimport Engine, Task
from hw.ledger cimport Landing, Ledger
from hw.sram_ports cimport SramPorts
from hw.stream cimport Stream

cdef long long BANK_CONFLICT, NEVER

cdef class Server(Task):
    cdef readonly str name
    cdef readonly Engine engine
    cdef readonly Ledger ledger
    cdef readonly long long free_at
    cdef long long _next_start, _count, _offers
    cdef list _streams
    cdef long long[::1] _ready_at, _priorities
    cpdef object add(self, Stream stream)
    cpdef object offer(self, Stream stream)
    @cython.locals(now="long long")
    cdef int _start_by(self, long long cycle) except -1
    @cython.locals(taken="long long", place="long long")
    cdef long long _take(self, long long cycle) except? -1
    @cython.locals(earliest="long long", place="long long")
    cdef long long _earliest(self) except? -1
    cdef int _note(self, Stream stream) except -1

cdef class Unit(Server):
    cdef SramPorts _ports
    cdef long long _user
    cpdef object offer(self, Stream stream)
    @cython.locals(start="long long", served="long long", end="long long", earliest="long long", stream=Stream, ledger=Ledger)
    cpdef object start(self)
