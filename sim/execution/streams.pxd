cimport cython

from hw.engine cimport Engine, Task
from hw.ledger cimport Landing, Ledger, Tally
from hw.unit cimport Server
from sim.execution.observers cimport RunObserver
from sim.execution.offered cimport Offered
from sim.execution.waiting cimport Landings, Progress
from sim.execution.weight_slots cimport Member, Release, SlotPool

cdef long long DRAM, NO_BUFFER, START, NOBODY, NOTHING, NEEDED, FIRST, LAST

cdef class Border(Task):
    cdef Engine _engine
    cpdef object start(self)

cdef class StreamRun(Member):
    cdef readonly long long tile, item, last_completion
    cdef readonly list tallies
    cdef readonly Progress results, operands
    cdef object _tables
    cdef Server _unit
    cdef Engine _engine
    cdef RunObserver _observer
    cdef Offered _offered
    cdef bint _idle, _transfers
    cdef long long _ahead, _items, _tiles, _tiles_per_layer, _streams, _tile_bytes, _layer_bytes, _layer_origin
    cdef long long _missing, _last, _variant
    cdef long long[::1] _values, _numbers, _firsts, _needed
    cdef list _counters, _landings
    cdef Landings _landed
    cdef Border _border
    cdef SlotPool _pool, _supply
    cdef Release _release
    @cython.locals(run=StreamRun)
    cpdef object connect(self, object runs)
    cpdef Progress operand_progress(self)
    cpdef object load_from(self, SlotPool pool, StreamRun user)
    cpdef object pause_at_borders(self)
    cpdef bint lacks(self, Member load) except -1
    @cython.locals(number="long long")
    cpdef object wake(self)
    @cython.locals(first="long long", place="long long", row="long long", need="long long", cycle="long long", progress=Progress)
    cdef bint _issued_all(self) except -1
    cdef bint _got_slot(self) except -1
    @cython.locals(values="long long")
    cdef int _offer(self, long long number) except -1
    @cython.locals(offered=Offered, row="long long")
    cdef int _show(self, long long number) except -1
    @cython.locals(place="long long", row="long long", landed=Landings)
    cpdef Landing landing(self)
    cpdef object issued(self, long long end, long long completion, Landing landing)
    cdef int _pass(self, long long end, long long completion) except -1
    @cython.locals(now="long long", completion="long long", end="long long", tiles="long long")
    cdef bint _pass_nothing(self) except -1
    @cython.locals(place="long long")
    cdef long long _tiles_before_last(self) except -1
    cdef int _pass_tiles(self, long long tiles) except -1
    cdef int _next_tile(self) except -1
    @cython.locals(place="long long")
    cdef int _go_to(self, long long tile) except -1
    @cython.locals(place="long long", row="long long", need="long long", progress=Progress)
    cpdef object waiting_for(self)
