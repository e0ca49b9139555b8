"""A goal as YAML writes it: what is run, which keys are free, what is to be least or most, and what has to hold."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from sim.files.limits import Search
from sim.files.sweep_spec import AxisSpec, Names, Text
from workloads.spec import Description, Name, Spec, contradiction

RunName = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$", max_length=100)]


class GoalRun(Spec):
    """One of the runs that are made at every point."""

    workload: Text = Field(description="A workload: a file, or the name of a shipped one.")
    machine: Text = Field(default="edge", description="A machine, likewise.")
    mapping: Text | None = Field(default=None, description="A named mapping; none is searched for then.")
    set: dict[Text, Any] = Field(
        default_factory=dict, max_length=1000, description="Values of keys of this run, at all points."
    )


class GoalSpec(Spec):
    """A question about machines or models: which values of a few keys are the best of those that meet constraints."""

    name: Name = Field(description="What it is called.")
    description: Description = Field(default="", description="A line about it.")
    runs: dict[RunName, GoalRun] = Field(
        min_length=1, max_length=8, description="Name -> a run that is made at every point."
    )
    set: dict[Text, Any] = Field(
        default_factory=dict, max_length=1000, description="Values of keys that are the same in all runs."
    )
    axes: dict[Text, AxisSpec] = Field(
        min_length=1, max_length=100, description="The free keys and their values, as in a sweep; of all runs."
    )
    minimise: Names = Field(
        default=[], description="Figures, or keys, that are to be least; a front, if there are several in all."
    )
    maximise: Names = Field(default=[], description="Likewise those that are to be most.")
    constraints: list[Text] = Field(
        default_factory=list,
        max_length=100,
        description="What the answer has to meet: keys, figures, numbers and quantities, compared; RUN.FIGURE where "
        "there are several runs.",
    )
    more_is_not_slower: list[Text] = Field(
        default_factory=list,
        max_length=100,
        description="Free keys of which more is assumed to make no run slower: so a point is left out without a proof.",
    )
    within: float = Field(
        default=0.0,
        ge=0,
        le=0.99,
        description="Share by which a figure has to be better to matter; what cannot be that much better is left out.",
    )
    at_once: int = Field(
        default=1,
        ge=1,
        le=1000,
        description="Points that are chosen together, and run side by side: quicker where there are cores, more runs.",
    )
    most_runs: int = Field(default=1000, ge=1, le=1_000_000, description="Runs after which the search gives up.")
    search: Search | None = Field(
        default=None, description="How hard to search for mappings; quick unless given, where none is shipped."
    )
    simulate_layers: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        default=2, description="Layers that are simulated, from which the others' time is scaled; null for all."
    )

    @model_validator(mode="after")
    def _wants_something(self) -> GoalSpec:
        if not self.minimise and not self.maximise:
            raise contradiction("expected something to minimise or to maximise", "minimise", "maximise")
        if twice := set(self.minimise) & set(self.maximise):
            raise contradiction(f"{sorted(twice)[0]} cannot be least and most", "minimise", "maximise")
        return self
