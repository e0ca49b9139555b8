cdef class Offered:
    cdef readonly object plan
    cdef readonly long long rank, tile, item, variant, number, request_number, reason_number
    cdef readonly long long since, ready_at, producer, count
    cdef readonly bint operands, slot
    cdef tuple _reasons
