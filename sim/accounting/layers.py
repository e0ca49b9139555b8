"""Which layers a number is about, in words: those of the whole model, or of a part of it; simulated, or scaled.

``--layers 2`` makes a model of two layers: its tokens a second are not those of the whole. ``--simulate-layers 2``
simulates two layers of a whole model and scales the time of the others from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sim.files.numbers import plural


class Layered(Protocol):
    """``layers`` were run, so many of them simulated; ``model_layers`` are the model's own, if that is another number.

    The model's own are those that the workload's file gives it.
    """

    @property
    def layers(self) -> int: ...
    @property
    def simulated_layers(self) -> int: ...
    @property
    def model_layers(self) -> int | None: ...


def layers_run(run: Layered) -> str:
    """``48 layers``, or ``2 of the model's 48 layers``."""
    count = plural(run.layers, "layer")
    if run.model_layers is None:
        return count
    if run.layers > run.model_layers:
        return f"{count} (the model has {run.model_layers})"
    return f"{run.layers} of the model's {run.model_layers} layers"


def layers_scaled(run: Layered) -> str:
    """``2 of the 48 layers simulated, the time of the others scaled from them``; nothing if all were simulated."""
    if run.simulated_layers >= run.layers:
        return ""
    those = "it" if run.simulated_layers == 1 else "them"
    return f"{run.simulated_layers} of the {run.layers} layers simulated, the time of the others scaled from {those}"


def layers_told(run: Layered) -> str:
    """Both: ``48 layers, 2 of the 48 ...``, as one phrase."""
    return ", ".join(filter(None, (layers_run(run), layers_scaled(run))))


def layers_of_all(runs: Mapping[str, Layered]) -> str:
    """What :func:`layers_told` says of all *runs*, or of each by its name where they are not about as many layers."""
    told = {name: layers_told(run) for name, run in runs.items()}
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    return "; ".join(f"{name}: {words}" for name, words in told.items())


def not_the_model(run: Layered) -> str:
    """What stands behind a number that is not the whole model's: ``2 of 48 layers``; nothing if it is."""
    if run.model_layers is None:
        return ""
    more = run.layers > run.model_layers
    return (
        f"{run.layers} layers instead of {run.model_layers}" if more else f"{run.layers} of {run.model_layers} layers"
    )
