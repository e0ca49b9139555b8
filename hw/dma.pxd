cimport cython

from hw.dram.channel cimport Channel
from hw.engine cimport Engine, Task
from hw.ledger cimport Landing, Ledger
from hw.observer cimport Observer
from hw.sram_ports cimport SramPorts
from hw.stream cimport Stream
from hw.unit cimport Server

cdef long long BANDWIDTH, NEVER

cdef class Dma(Server):
    cdef readonly Channel channel
    cdef readonly long long channels
    cdef tuple _channel_names
    cdef object _ratio
    cdef double _clock
    cdef SramPorts _ports
    cdef long long _outstanding, _numerator, _denominator, _far, _oldest
    cdef long long[::1] _ends
    cpdef object offer(self, Stream stream)
    cdef int _start_when_possible(self, long long cycle) except -1
    @cython.locals(now="long long", earliest="long long", stream=Stream)
    cpdef object start(self)
    @cython.locals(
        now="long long", free_at="long long", reason="long long", address="long long", end="long long",
        before=Landing, landing=Landing, channel=Channel,
    )
    cdef int _issue(self, Stream stream) except -1
    @cython.locals(begin="long long")
    cdef int _show(self, Observer observer, Stream stream, long long start, long long end) except -1
    cdef long long _clocks(self, long long cycle) except? -1
    cdef long long _cycles(self, long long clock) except? -1
    cdef long long _exactly(self, object time, object ratio) except? -1
