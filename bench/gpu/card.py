"""What is measured on: the card, its driver and clocks, and the versions of what runs there."""

from __future__ import annotations

import platform
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from time import sleep
from typing import Any, Final

import torch

from sim.paper.gpu.measurements import Card

PACKAGES: Final = (
    "torch", "triton", "mamba-ssm", "causal-conv1d", "tilelang", "apache-tvm-ffi", "quack-kernels",
    "nvidia-cutlass-dsl",
)  # fmt: skip


class Monitor:
    """Reads one card through NVML; on another device, or without nvidia-ml-py, it knows nothing."""

    def __init__(self, device: torch.device) -> None:
        self.device, self._nvml, self._handle = device, None, None
        if device.type == "cuda":
            with suppress(ImportError):
                import pynvml

                pynvml.nvmlInit()
                self._nvml, self._handle = pynvml, pynvml.nvmlDeviceGetHandleByIndex(0)

    @property
    def joules(self) -> Callable[[], float] | None:
        """What gives the energy that the card has taken since its driver was loaded; None if nothing can."""
        if self._read("nvmlDeviceGetTotalEnergyConsumption") is None:
            return None
        return lambda: float(self._read("nvmlDeviceGetTotalEnergyConsumption")) / 1e3

    def card(self, busy: Callable[[], None]) -> Card:
        """What it is, and its clocks while *busy* is done again and again."""
        if self.device.type != "cuda":
            name = platform.processor() or platform.machine()
            return Card(name=name, fingerprint=_fingerprint(name), multiprocessors=1, memory_bytes=1, l2_bytes=1)
        sleep(2)
        idle = self._read("nvmlDeviceGetPowerUsage")
        for _ in range(50):
            busy()
        known: Any = torch.cuda.get_device_properties(0)
        running = self._clocks()
        torch.cuda.synchronize()
        limit = self._read("nvmlDeviceGetPowerManagementLimit")
        return Card(
            name=known.name, fingerprint=_fingerprint(str(known.uuid)), multiprocessors=known.multi_processor_count,
            memory_bytes=known.total_memory, l2_bytes=known.L2_cache_size,
            power_limit_watts=limit / 1e3 if limit else None, idle_watts=idle / 1e3 if idle else None,
            driver=self._driver(), **running,
        )  # fmt: skip

    def _clocks(self) -> dict[str, float]:
        read = {
            "sm_clock_mhz": self._read("nvmlDeviceGetClockInfo", 1),  # NVML_CLOCK_SM
            "sm_clock_max_mhz": self._read("nvmlDeviceGetMaxClockInfo", 1),
            "memory_clock_mhz": self._read("nvmlDeviceGetClockInfo", 2),  # NVML_CLOCK_MEM
        }
        return {name: float(value) for name, value in read.items() if value}

    def _driver(self) -> str:
        return str(self._nvml.nvmlSystemGetDriverVersion()) if self._nvml else ""

    def _read(self, function: str, *arguments: int) -> Any:
        """What NVML's *function* says of the card; None if it cannot."""
        if self._nvml is None:
            return None
        try:
            return getattr(self._nvml, function)(self._handle, *arguments)
        except self._nvml.NVMLError:
            return None


def software() -> dict[str, str]:
    """Package -> version, of those that are there; and of Python."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    with suppress(ImportError):
        import mamba_ssm

        found["mamba-ssm"] = mamba_ssm.__version__
    found["torch"] = torch.__version__
    return found


def _fingerprint(identity: str) -> str:
    return sha256(identity.encode()).hexdigest()[:12]
