"""The command ``memory``: the peak of memory, and the longest prompt that fits into a device."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Optional

import typer

from sim.commands.changes import Changes
from sim.commands.options import (
    ConfigOption,
    JsonOption,
    QuietOption,
    WorkloadArgument,
    check_targets,
    chosen,
    one_line_errors,
    show,
    write_json,
)
from sim.commands.spread import spread


class LogitsOf(StrEnum):
    """Which tokens have logits at the end of a prompt."""

    last = "last"
    all = "all"


class Forward(StrEnum):
    """The forward passes that are known."""

    plain = "plain"
    mamba_ssm = "mamba_ssm"
    falcon_h1 = "falcon_h1"
    qwen2 = "qwen2"
    phi3 = "phi3"
    zamba2 = "zamba2"


DeviceOption = Annotated[
    str, typer.Option(metavar="SIZE", help="Memory of the device; cards that are sold as 24 GB have 24GiB.")
]
LogitsOption = Annotated[
    LogitsOf,
    typer.Option(help="Logits of the last token, or of all as in measured peaks: which of them the JSON is about."),
]
ForwardOption = Annotated[
    Optional[Forward],
    typer.Option(help="Whose forward pass is told of beside, as PyTorch does it; that of the model unless given."),
]


@spread
def memory(
    *,
    workload: WorkloadArgument = None,
    config: ConfigOption = None,
    changes: Changes,
    device: DeviceOption = "24GiB",
    logits: LogitsOption = LogitsOf.last,
    forward: ForwardOption = None,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Tell the peak of memory, part by part, and the longest prompt that fits into a device."""
    with one_line_errors():
        from sim.accounting.memory import memory as memory_of
        from sim.files.resolve import resolve_workload

        device_bytes = _size(device)
        name = chosen(workload, config)
        check_targets(json, workload=name, mapping=changes.mapping)
        asked = resolve_workload(name, changes.assignments())
        found = memory_of(asked, device_bytes, logits.value, forward and forward.value)
        if write_json(found.to_json(), json) or quiet:
            return
    from sim.presentation.terminal.memory import render

    show(render(found))


def _size(text: str) -> int:
    from hw.quantities import BYTES, parse_quantity
    from sim.files.errors import InputError, Problem

    try:
        return parse_quantity(text, BYTES, "24GiB")
    except ValueError as error:
        raise InputError(Problem(f"expected {error}", f"--device {text}")) from None
