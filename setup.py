"""Metadata is in setup.cfg. With STALLSCOPE_COMPILE=1 in the environment the event loop is compiled by mypyc."""

import os

from setuptools import setup

EVENT_LOOP = [
    "sim/engine.py", "sim/streams.py", "sim/scheduler.py", "hw/unit.py", "hw/dma.py", "hw/ports.py", "hw/accounts.py",
    "hw/requests.py", "hw/lpddr5/transaction.py",
]  # fmt: skip

if os.environ.get("STALLSCOPE_COMPILE") == "1":
    from mypyc.build import mypycify

    modules = mypycify(["--follow-imports=silent", *EVENT_LOOP])
else:
    modules = []

setup(ext_modules=modules)
