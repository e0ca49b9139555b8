"""What a machine's file says about energy: two constants, or a technology node.

``energy: paper`` is short for the two constants of the paper, ``energy: components`` for a node of 22 nm.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, PydanticCustomError

from hw.energy.arithmetic import Arithmetic
from hw.energy.levels import Level
from hw.energy.nodes import Node
from hw.quantities import FEMTOJOULES_PER_BIT, FEMTOJOULES_PER_OP, Quantity
from hw.spec import Spec, contradiction

PAPER: Final = {"operation": "2pJ/op", "dram": "15pJ/bit"}  # arXiv 2604.07935
SHORT: Final[dict[str, dict[str, str]]] = {"paper": PAPER, "components": {"node": "22nm"}}
"""Word -> what it is short for."""
BY_COMPONENT: Final = ("node", "level", "arithmetic")


class EnergySpec(Spec):
    """Energy per action: constants, of which one that is left out is the paper's; or by component, with a node."""

    operation: Annotated[int, Quantity(FEMTOJOULES_PER_OP, "2pJ/op", "0pJ/op", "1000nJ/op")] | None = Field(
        default=None, description="Energy of an operation, a MAC is two; with a node it follows from that."
    )
    dram: Annotated[int, Quantity(FEMTOJOULES_PER_BIT, "15pJ/bit", "0pJ/bit", "1000nJ/bit")] | None = Field(
        default=None,
        description="Energy of a bit that crosses the DRAM interface; with a node that of the standard unless given.",
    )
    node: Node | None = Field(default=None, description="Technology node of the chip, for energy by component.")
    level: Level = Field(
        default="typical", description="Which of the figures is the answer; the others are its interval."
    )
    arithmetic: Arithmetic = Field(default="float", description="What PEs and lanes compute with.")

    @model_validator(mode="before")
    @classmethod
    def _in_full(cls, found: Any) -> Any:
        """*found* without abbreviations: a word for itself, a constant that is left out, the node."""
        if isinstance(found, str):
            if found not in SHORT:
                message = "'paper', 'components', or a mapping of operation and dram, or of node"
                raise PydanticCustomError("energy", "{message}", {"message": message})
            return dict(SHORT[found])
        if not isinstance(found, dict):
            return found
        said = {key: value for key, value in found.items() if value is not None}
        if any(key in said for key in BY_COMPONENT):
            return SHORT["components"] | said
        return PAPER | said if said.keys() & PAPER.keys() else said

    @model_validator(mode="after")
    def _one_model(self) -> EnergySpec:
        if (self.node is None) == (self.operation is None):
            raise contradiction(
                "expected operation (constants) or node (by component), one of them", "operation", "node"
            )
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A word, or a mapping."""
        full = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [{"type": "string", "enum": list(SHORT)}, full]}
