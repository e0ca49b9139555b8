"""Names of a piece that stands beside others in one graph."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

_NAME = re.compile(r"\b[A-Za-z_]\w*\b(?=(\s*[\[(])?)")


class Definitions(Protocol):
    """What a piece needs of a builder: to define operations and constants."""

    def define(self, name: str, kind: str, text: str, masked: bool = False) -> None:
        """Add the operation *name*."""

    def constant(self, tensor: str, index: str, values: Sequence[float]) -> None:
        """Add a fixed vector over *index*."""


class Scope:
    """A *builder* as one piece sees it: what the piece calls ``x`` is ``x_name``, and ``op`` is ``name.op``.

    *letters* are indices that have another letter outside; *given* are tensors that are called alike on both sides.

    >>> Scope(None, "ssm", {"e": "j"}, ["u"]).text("x[t,e,h] = sum(d, W[d,e,h] * silu(u[t,d]))")
    'x_ssm[t,j,h] = sum(d, W_ssm[d,j,h] * silu(u[t,d]))'
    """

    def __init__(
        self,
        builder: Definitions,
        name: str,
        letters: Mapping[str, str] | None = None,
        given: Collection[str] = (),
    ) -> None:
        self._builder = builder
        self._name = name
        self._letters = letters or {}
        self._given = given

    def define(self, name: str, kind: str, text: str, masked: bool = False) -> None:
        """Add the operation *name* to the builder, as it is called there."""
        self._builder.define(f"{self._name}.{name}", kind, self.text(text), masked=masked)

    def constant(self, tensor: str, index: str, values: Sequence[float]) -> None:
        """Add a fixed vector to the builder, as it is called there."""
        self._builder.constant(self.tensor(tensor), self._letters.get(index, index), values)

    def tensor(self, tensor: str) -> str:
        """What the piece's *tensor* is called outside."""
        return tensor if tensor in self._given else f"{tensor}_{self._name}"

    def text(self, text: str) -> str:
        """The equation *text* with the names that it has outside."""
        return _NAME.sub(self._renamed, text)

    def _renamed(self, found: re.Match[str]) -> str:
        name, behind = found[0], (found[1] or "").strip()
        if behind == "[":
            return self.tensor(name)
        return name if behind == "(" else self._letters.get(name, name)
