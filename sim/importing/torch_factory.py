"""Factories of PyTorch modules: ``module.py:function`` gives ``(module, example_inputs)``, here in float64."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.files.errors import InputError, Problem

if TYPE_CHECKING:
    import torch


def made(spec: str) -> tuple[torch.nn.Module, tuple[Any, ...]]:
    """What a factory returns, in float64; raises InputError if there is none, or it returns something else."""
    file, _, name = spec.rpartition(":")
    if not file or not name.isidentifier():
        raise InputError(Problem("expected module.py:factory", spec))
    import torch

    with _beside(Path(file)):
        factory = _factory(Path(file), name)
        try:
            found = factory()
        except Exception as error:  # of the user's code
            raise InputError(Problem(f"fails: {type(error).__name__}: {error}", file, key=name)) from error
    expected = "expected (module, example_inputs), a torch.nn.Module and tensors"
    if not isinstance(found, tuple) or len(found) != 2 or not isinstance(found[0], torch.nn.Module):
        raise InputError(Problem(expected, file, key=name))
    module, given = found
    from torch.utils._pytree import tree_leaves, tree_map

    examples = given if isinstance(given, tuple) else tuple(given) if isinstance(given, list) else (given,)
    leaves = tree_leaves(examples)
    if not leaves or leaves[0] is not examples[0] or not all(isinstance(each, torch.Tensor) for each in leaves):
        raise InputError(Problem(expected, file, key=name))
    return _doubled(module), tree_map(lambda each: each.double(), examples)


def _doubled(module: torch.nn.Module) -> torch.nn.Module:
    """*module* in float64, to be evaluated; what a norm takes from its precision stays that of its own."""
    import torch

    own = copy.deepcopy(module).eval()
    for each in own.modules():
        if isinstance(each, torch.nn.RMSNorm) and each.eps is None:
            precisions = [parameter.dtype for parameter in own.parameters()]
            each.eps = torch.finfo(precisions[0] if precisions else torch.float32).eps
    return own.double()


@contextmanager
def _beside(path: Path) -> Iterator[None]:
    """In the block, modules in the folder of *path* can be imported."""
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _factory(path: Path, name: str) -> Callable[[], Any]:
    if not path.is_file():
        raise InputError(Problem("is no file", str(path)))
    specification = spec_from_file_location(f"imported_{path.stem}", path)
    if specification is None or specification.loader is None:
        raise InputError(Problem("expected a Python file", str(path)))
    module = module_from_spec(specification)
    sys.modules[specification.name] = module
    try:
        specification.loader.exec_module(module)
    except Exception as error:  # of the user's code
        raise InputError(Problem(f"cannot be imported: {type(error).__name__}: {error}", str(path))) from error
    if not callable(getattr(module, name, None)):
        raise InputError(Problem(f"has no function {name!r}", str(path)))
    factory: Callable[[], Any] = getattr(module, name)
    return factory


@contextmanager
def in_float64() -> Iterator[None]:
    """In the block, torch makes numbers of float64, and casts to a kind of float that is less precise do nothing."""
    import torch
    from torch.overrides import TorchFunctionMode

    less = {torch.float32, torch.float16, torch.bfloat16}

    def wide(argument: Any) -> Any:
        return torch.float64 if isinstance(argument, torch.dtype) and argument in less else argument

    class Float64(TorchFunctionMode):  # type: ignore[misc]
        """Puts float64 in the place of other kinds of float that a function is given."""

        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if getattr(function, "__name__", "") in ("float", "half", "bfloat16") and args[0].is_floating_point():
                return args[0]
            return function(*map(wide, args), **{key: wide(each) for key, each in (kwargs or {}).items()})

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with Float64():
            yield
    finally:
        torch.set_default_dtype(before)
