"""What an import gives, against the model itself."""

from __future__ import annotations

import numpy as np

from sim.importing.imported import Imported
from workloads.graph import TimestepGraph
from workloads.models.equations import sequential_graph
from workloads.models.equations_spec import EquationsSpec


def graph_of(imported: Imported) -> TimestepGraph:
    """The graph of the equations."""
    return sequential_graph(EquationsSpec.model_validate(imported.equations))


def difference(imported: Imported, tokens: int = 9, seed: int = 0) -> float:
    """The largest difference between the equations' outputs and the model's own for random inputs."""
    from workloads.execute import execute

    graph = graph_of(imported)
    shape = [graph.sizes[index] for index in graph.indices[graph.input_tensor]]
    inputs = np.random.default_rng(seed).standard_normal((tokens, *shape))
    expected = imported.run(inputs)
    found = execute(graph, imported.parameters, inputs).values[graph.output_tensor]
    assert found.shape == expected.shape
    assert np.abs(expected).max() > 1e-3  # or nothing would be shown
    return float(np.abs(found - expected).max())


def texts(imported: Imported) -> dict[str, str]:
    """Tensor -> its equation."""
    return {text.partition("[")[0]: text for _, _, text in imported.equations["operations"]}


def kinds(imported: Imported) -> dict[str, str]:
    """Tensor -> the kind of its operation."""
    return {text.partition("[")[0]: kind for _, kind, text in imported.equations["operations"]}
