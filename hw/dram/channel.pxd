cimport cython

cdef long long BANDWIDTH, CLOSED, NEVER

cdef class OpenRows:
    cdef long long[::1] _region, _closable
    cdef long long _clocks, _last, _precharge
    @cython.locals(place="long long", there="long long")
    cdef long long opened_by(self, long long region, long long clock, long long activate) except -1
    @cython.locals(place="long long")
    cdef int close_all(self) except -1
    @cython.locals(region="long long", place="long long")
    cdef int leave_open(self, long long first, long long last, long long closable) except -1

cdef class RefreshWindows:
    cdef long long _interval, clocks, next
    @cython.locals(
        interval="long long", window="long long", period="long long", offset="long long", available="long long",
        end="long long", rest="long long", full="long long",
    )
    cdef long long end_of(self, long long begin, long long work) except? -1

cdef class Channel:
    cdef tuple _names
    cdef long long[::1] _stalls, _pace, _cas, _activate, _turn, _recovery
    cdef long long _burst_bits, _burst_bytes, _region_bits
    cdef OpenRows _rows
    cdef RefreshWindows _windows
    cdef readonly long long begin, free, data_clocks, bursts
    cdef readonly long long data, latency, row_miss, turnaround, refresh
    cdef readonly bint last_write
    @cython.locals(
        free="long long", cas="long long", turnaround="long long", latency="long long", row_miss="long long",
        refresh="long long", first="long long", begin="long long", wait="long long", idle="long long",
        bursts="long long", data="long long", end="long long",
    )
    cpdef object serve(
        self, long long arrival, long long address, long long size_bytes, bint write, long long idle_reason
    )
