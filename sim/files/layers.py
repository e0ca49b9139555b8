"""Models whose layers differ, from a document: their description, checked, and what it contradicts."""

from __future__ import annotations

from sim.files.documents import Document
from sim.files.errors import InputError
from workloads.models.equations import EquationError, chunked_graph, sequential_graph
from workloads.models.layers.layered import formulations
from workloads.models.layers.spec import LayersSpec
from workloads.workload_spec import WorkloadSpec

KINDS = ("dimensions", "kinds")


def check_layers(spec: WorkloadSpec, document: Document) -> LayersSpec:
    """The dimensions of the workload *spec*, in whose *document* the equations of kinds stand; raises InputError."""
    dimensions = document.check(LayersSpec, at=["dimensions"])
    possible = formulations(dimensions)
    if spec.formulation not in possible:
        message = f"found {spec.formulation!r}, expected one of {', '.join(possible)} for the mixers of these layers"
        raise InputError(document.contradiction([["formulation"], list(KINDS)], message))
    for name, kind in dimensions.kinds.items():
        if kind.equations is not None:
            _check_equations(name, dimensions, document)
    return dimensions


def _check_equations(name: str, dimensions: LayersSpec, document: Document) -> None:
    """Raise InputError where the equations of the kind called *name* cannot be read."""
    spec = dimensions.kinds[name].equations
    assert spec is not None
    place = [*KINDS, name, "equations"]
    try:
        graph = sequential_graph(spec, name)
        if spec.chunked is not None:
            chunked_graph(spec, 1, name)
    except EquationError as error:
        raise InputError(document.problem([*place, *map(str, error.place)], str(error))) from None
    width = graph.row_elements(graph.input_tensor)
    if width != dimensions.d_model:
        message = f"found a residual stream of {width} channels, expected d_model = {dimensions.d_model}"
        raise InputError(document.contradiction([[*place, "sizes"], ["dimensions", "d_model"]], message))
