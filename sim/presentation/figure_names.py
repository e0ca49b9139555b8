"""The figures by name and what each shows; what draws them takes a while to import."""

SHOWS = {
    "waterfall": "from the roofline to the simulated time, effect by effect",
    "units": "where the cycles of each unit went",
    "roofline": "each class of operations against peak rate and bandwidth",
    "timeline": "what each unit did when, in an excerpt",
    "windows": "busy and stalled shares of each unit over time",
    "critical-path": "what the time of the critical path was spent on",
    "sram": "what is buffered on chip, against the capacity",
    "what-ifs": "how much quicker each change of the machine makes the run",
    "comparison": "what the differences of runs side by side are made of",
}
