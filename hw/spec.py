"""The base of every description that YAML gives of a machine, and the texts in them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

VISIBLE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"  # no control characters, nothing that reorders text

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=VISIBLE)]
Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=VISIBLE)]


class Spec(BaseModel):
    """A frozen description read from YAML: an unknown key is an error, and so is a value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)  # built when first used


def contradiction(message: str, *keys: str) -> PydanticCustomError:
    """What a validator raises if *keys* (dotted) of its description contradict each other: *message* is put to one."""
    return PydanticCustomError("contradiction", "{message}", {"message": message, "keys": keys})
