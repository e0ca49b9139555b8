cimport cython

cdef long long BURST_BITS, BURST_BYTES, BURST_CLOCKS, REGIONS, REGION_BITS, REGION_CLOCKS, LAST_REGION
cdef long long BANDWIDTH, CLOSED, NEVER

cdef class Channel:
    cdef tuple _names
    cdef long long[::1] _stalls, _cas, _turn, _open, _closable, _recovery
    cdef long long _burst, _activate, _precharge, _covered, _covered_closable, _next_window, _refi
    cdef readonly long long begin, free, data_clocks, bursts, refresh_clocks
    cdef readonly long long data, latency, row_miss, turnaround, refresh
    cdef readonly bint last_write
    @cython.locals(
        free="long long", cas="long long", turnaround="long long", latency="long long", row_miss="long long",
        refresh="long long", first="long long", begin="long long", wait="long long", idle="long long",
        bursts="long long", data="long long", end="long long", closable="long long", last="long long",
    )
    cpdef object serve(
        self, long long arrival, long long address, long long size_bytes, bint write, long long idle_reason
    )
    @cython.locals(place="long long", opened="long long", closable="long long", back="long long")
    cdef long long _row_open(self, long long arrival, long long region) except? -1
    @cython.locals(place="long long")
    cdef int _close_all(self) except -1
    @cython.locals(back="long long", place="long long", region="long long")
    cdef int _leave_open(self, long long first, long long last, long long closable, bint refreshed) except -1
    @cython.locals(
        interval="long long", window="long long", period="long long", offset="long long", available="long long",
        end="long long", rest="long long", full="long long",
    )
    cdef long long _around_refresh(self, long long begin, long long work) except? -1
