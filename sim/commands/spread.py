"""Options that several commands share, declared once: a command takes a dataclass of them as one argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """*command* as Typer can read it: each parameter that is a dataclass stands for an option a field.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Size:
    ...     width: int = 1
    >>> def draw(name: str, size: Size) -> None:
    ...     print(name, size)
    >>> list(signature(spread(draw)).parameters), spread(draw)(name="x", width=2)
    x Size(width=2)
    (['name', 'width'], None)
    """
    hints = get_type_hints(command, include_extras=True)
    bundles = {name: hints[name] for name in signature(command).parameters if is_dataclass(hints[name])}
    parameters: list[Parameter] = []
    for name, parameter in signature(command).parameters.items():
        found = _options(bundles[name]) if name in bundles else [parameter.replace(annotation=hints[name])]
        parameters += [each.replace(kind=Parameter.KEYWORD_ONLY) for each in found]

    @wraps(command)
    def called(**values: Any) -> None:
        own = {name: kind(**{f.name: values.pop(f.name) for f in fields(kind)}) for name, kind in bundles.items()}
        command(**values, **own)

    called.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    return called


def _options(bundle: Any) -> list[Parameter]:
    hints = get_type_hints(bundle, include_extras=True)
    return [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(bundle)
    ]
