"""Metadata is in setup.cfg. With STALLSCOPE_COMPILE=1 in the environment the event loop is compiled by mypyc."""

import os

from setuptools import setup

EVENT_LOOP = [
    "sim/engine.py", "sim/scheduler.py", "hw/unit.py", "hw/dma.py", "hw/ports.py", "hw/accounts.py", "hw/requests.py",
    "hw/lpddr5/transaction.py",
]  # fmt: skip

modules, requirements = [], []
if os.environ.get("STALLSCOPE_COMPILE") == "1":
    requirements = ["mypy >= 1.10"]
    try:
        from mypyc.build import mypycify
    except ImportError:  # pip asks what is required before it installs that
        pass
    else:
        modules = mypycify(EVENT_LOOP)

setup(ext_modules=modules, setup_requires=requirements)
