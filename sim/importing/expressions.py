"""Right-hand sides of equations as they are written: the trees of workloads/expression.py to text.

Beside what notation.py makes of a text there are ``neg``, ``relu``, ``abs`` and ``mean`` as functions of their own, so
that they are written as such.
"""

from __future__ import annotations

from collections.abc import Mapping

from workloads.expression import (
    Apply,
    Condition,
    Cumulate,
    Expression,
    Number,
    Place,
    Reference,
    Subscript,
    Sum,
    Where,
    index_set,
    operands,
)

_SUM, _PRODUCT, _SIGN, _ATOM = range(4)
_SIGNS = {"add": ("+", _SUM), "sub": ("-", _SUM), "mul": ("*", _PRODUCT), "div": ("/", _PRODUCT)}


def number_text(value: float) -> str:
    """A literal that is read back as the same number."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def simplified(function: str, *arguments: Expression) -> Expression:
    """A function of *arguments*, or what is the same without it: products with 1 and 0, sums with 0."""
    match function, arguments:
        case "mul", (Number(1.0), other) | (other, Number(1.0)):
            return other
        case "mul", (Number(0.0), _) | (_, Number(0.0)):
            return Number(0.0)
        case "add", (Number(0.0), other) | (other, Number(0.0)):
            return other
        case "sub" | "div", (other, Number(value)) if value == (0.0 if function == "sub" else 1.0):
            return other
        case "sub", (Number(0.0), other):
            return Apply("neg", (other,))
        case "add", (other, Apply("neg", (negated,))):
            return Apply("sub", (other, negated))
        case "add", (other, Number(value)) if value < 0:
            return Apply("sub", (other, Number(-value)))
        case "add", (first, Apply("add", (second, third))) if index_set(first) <= index_set(second):
            return Apply("add", (Apply("add", (first, second)), third))  # no dearer, and without parentheses
        case "neg", (Apply("neg", (other,)),):
            return other
    return Apply(function, arguments)


def text_of(node: Expression, tensors: Mapping[str, str], indices: Mapping[str, str]) -> str:
    """*node* as text, with the names that *tensors* and *indices* give."""
    return _Writer(tensors, indices).text(node, _SUM)


def reference_text(node: Reference, tensors: Mapping[str, str], indices: Mapping[str, str]) -> str:
    """One reference as text."""
    return _Writer(tensors, indices).reference(node)


class _Writer:
    def __init__(self, tensors: Mapping[str, str], indices: Mapping[str, str]) -> None:
        self._tensors, self._indices = tensors, indices

    def text(self, node: Expression, least: int) -> str:
        """*node*, in parentheses if it binds less than *least*."""
        text, binding = self._bound(node)
        return f"({text})" if binding < least else text

    def _bound(self, node: Expression) -> tuple[str, int]:
        match node:
            case Number(value):
                return number_text(value), _SIGN if value < 0 else _ATOM
            case Reference():
                return self.reference(node), _ATOM
            case Apply("neg", (argument,)):
                return f"-{self.text(argument, _ATOM)}", _SIGN
            case Apply("mean", (Sum(indices, body),)):
                return f"mean({', '.join([*self._named(indices), self.text(body, _SUM)])})", _ATOM
            case Apply(function, (left, right)) if function in _SIGNS:
                sign, binding = _SIGNS[function]
                return f"{self.text(left, binding)} {sign} {self.text(right, binding + 1)}", binding
            case Apply(function, arguments):
                return f"{function}({', '.join(self.text(argument, _SUM) for argument in arguments)})", _ATOM
            case Sum(indices, body):
                return f"sum({', '.join([*self._named(indices), self.text(body, _SUM)])})", _ATOM
            case Cumulate(index, body):
                return f"cumsum({self._indices[index]}, {self.text(body, _SUM)})", _ATOM
            case Where(condition, _, _):
                sides = ", ".join(self.text(side, _SUM) for side in operands(node))
                return f"where({self._condition(condition)}, {sides})", _ATOM
        raise AssertionError(node)

    def _named(self, indices: tuple[str, ...]) -> list[str]:
        return [self._indices[index] for index in indices]

    def _condition(self, condition: Condition | Place) -> str:
        assert isinstance(condition, Condition), "what is imported asks for no position among all timesteps"
        left = self._indices[condition.index]
        left = left if condition.modulus is None else f"{left} % {condition.modulus}"
        other = condition.other if isinstance(condition.other, int) else self._indices[condition.other]
        return f"{left} {condition.comparison} {other}"

    def reference(self, node: Reference) -> str:
        """A tensor with its subscripts."""
        lag = node.lag if node.lag is None or isinstance(node.lag, int) else self._indices[node.lag]
        time = [] if lag is None else ["t"] if lag == 0 else [f"t-{lag}"]
        return f"{self._tensors[node.tensor]}[{','.join([*time, *map(self._subscript, node.subscripts)])}]"

    def _subscript(self, subscript: Subscript) -> str:
        if subscript.index is None:
            return str(subscript.offset)
        offset = f"{subscript.offset:+d}" if subscript.shift else ""
        return f"{self._indices[subscript.index]}{offset}"
