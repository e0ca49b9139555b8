"""What an assistant can ask, each answer as plain data: a ``report`` in words, and ``figures`` by their dotted names.

Names and changes are those of the command line: ``changes`` are assignments as ``--set`` takes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from sim.api import counting, experiments
from sim.files.catalog import published, shipped
from sim.files.documents import read_document
from sim.files.limits import FEW_LAYERS, LIMITS, Limits
from sim.simulation import simulate
from sim.studies.figures import figures

Answer = dict[str, Any]
WorkloadName = Annotated[
    str, Field(description="A workload: a shipped name (see `list_shipped`), or the path of a YAML file.")
]
MachineName = Annotated[
    str, Field(description="A machine: a shipped name (see `list_shipped`), or the path of a YAML file.")
]
Changes = Annotated[
    Sequence[str],
    Field(
        description="Changes of single values of workload or machine: 'sequence_length=256', 'phase=decode', "
        "'batch=8', 'simd.lanes=64', 'sram.capacity=4MiB', 'dram.channels=4', 'mac_array.rows=64'."
    ),
]
Layers = Annotated[
    int | None, Field(description="Layers to simulate, the time of the others is scaled from them; null for all.", ge=1)
]
FewLayers = Annotated[int, Field(description="Layers to simulate, the time of the others is scaled from them.", ge=1)]


class Side(BaseModel):
    """One run of a comparison."""

    workload: WorkloadName
    machine: MachineName = "edge"
    changes: Changes = ()


@dataclass(frozen=True)
class Tools:
    """The tools; what would take more than the *limits* is refused."""

    limits: Limits = LIMITS

    @property
    def all(self) -> Mapping[str, Callable[..., Answer]]:
        """Each by its name; its docstring and its parameters say what it does."""
        of_self = (self.run, self.explain, self.compare, self.count, self.memory, self.list_shipped)
        return {each.__name__: each for each in of_self}

    def run(
        self,
        workload: WorkloadName,
        machine: MachineName = "edge",
        changes: Changes = (),
        simulate_layers: Layers = FEW_LAYERS,
    ) -> Answer:
        """Simulate a workload on a machine: tokens a second, where each unit's cycles went, bounds, energy."""
        found = simulate(workload, machine, changes, simulate_layers=simulate_layers, limits=self.limits, stride="tile")
        return {"report": str(found), "figures": figures(found)}

    def explain(
        self,
        workload: WorkloadName,
        machine: MachineName = "edge",
        changes: Changes = (),
        simulate_layers: FewLayers = FEW_LAYERS,
    ) -> Answer:
        """Say why a run takes its time, by experiments: from the roofline to the run, and what would help most."""
        found = experiments.explain(workload, machine, changes, simulate_layers=simulate_layers, limits=self.limits)
        helps = [{"set": list(each.assignments), "times_faster": each.best} for each in found.what_ifs]
        return {"report": str(found), "words": found.words, "what_ifs": helps, "figures": figures(found.result)}

    def compare(self, sides: list[Side], simulate_layers: Layers = FEW_LAYERS) -> Answer:
        """Put two runs or more side by side, and say what their differences are made of."""
        results = [
            simulate(
                side.workload,
                side.machine,
                side.changes,
                simulate_layers=simulate_layers,
                critical_path=True,
                limits=self.limits,
                stride="tile",
            )
            for side in sides
        ]
        labels = [", ".join([f"{side.workload} on {side.machine}", *side.changes]) for side in sides]
        distinct = labels if len(set(labels)) == len(labels) else []
        found = experiments.compare(*results, labels=distinct)
        return {"report": str(found), "words": found.words, "figures": [figures(each) for each in results]}

    def count(self, workload: WorkloadName, changes: Changes = ()) -> Answer:
        """Count operations, parameters, state and least DRAM traffic of a workload, without a machine."""
        found = counting.count(workload, changes)
        return {"report": str(found), "figures": found.model_dump(mode="json")}

    def memory(
        self,
        workload: WorkloadName,
        device: Annotated[str, Field(description="Memory of the device, '24GiB' say.")] = "24GiB",
        changes: Changes = (),
    ) -> Answer:
        """Tell the peak of memory of a workload, part by part, and the longest prompt that fits into a device."""
        found = counting.memory(workload, device, changes)
        return {"report": str(found), "figures": found.model_dump(mode="json")}

    def list_shipped(self, kind: Literal["workload", "machine", "mapping", "sweep", "goal"]) -> Answer:
        """List what is shipped of a kind, by name and description."""
        every = (shipped(kind) | published(kind)).items()
        return {name: str(read_document(path).data.get("description", "")) for name, path in every}
