cdef class Places:
    cdef long long bank_groups, banks, burst_bytes, burst_clocks, group_bytes, region_bytes, regions
