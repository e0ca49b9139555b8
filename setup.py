"""Metadata is in setup.cfg. With STALLSCOPE_COMPILE=1 in the environment mypyc compiles the event loop, if it can.

Where there is no C compiler the package is installed as it is. Without the variable, what was compiled in the source
tree is removed, so that it never stands for sources that have changed since.
"""

import os
import sys
from pathlib import Path

from setuptools import setup

EVENT_LOOP = [
    "sim/engine.py", "sim/streams.py", "sim/scheduler.py", "hw/unit.py", "hw/dma.py", "hw/ports.py", "hw/accounts.py",
    "hw/requests.py", "hw/dram/channel.py",
]  # fmt: skip
NEEDED = ["mypy >= 1.10, < 3", "simpy >= 4.1, < 5", "pydantic >= 2.7, < 3"]  # to compile: mypyc, and the types it meets
BUILDING = {"build_ext", "bdist_wheel", "editable_wheel"}


def compiled():
    """The extension modules of the event loop."""
    from mypyc.build import mypycify  # is there once NEEDED is installed

    options = ["--config-file=", "--follow-imports=silent", "--ignore-missing-imports"]
    modules = mypycify([*options, *EVENT_LOOP], debug_level="0")
    for module in modules:
        module.optional = True
    return modules


def remove_compiled():
    """Delete what an earlier compilation left beside the sources."""
    root = Path(__file__).parent
    for folder in (root, *(root / Path(name).parent for name in EVENT_LOOP)):
        for library in (*folder.glob("*.so"), *folder.glob("*.pyd")):
            library.unlink()


if os.environ.get("STALLSCOPE_COMPILE") == "1":
    setup(ext_modules=compiled() if BUILDING & set(sys.argv) else [], setup_requires=NEEDED)
else:
    remove_compiled()
    setup()
