"""Published config.json files, changed as a test wishes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.folders import CONFIGS

REMOVED = object()  # instead of a value: the key is to be gone


def changed(base: str, changes: dict[str, Any], folder: str = "model") -> Path:
    """A config.json in *folder*, one key a line, like *base* but for *changes* (``ssm_cfg.key`` for an inner one)."""
    config = json.loads((CONFIGS / f"{base}.json").read_text(encoding="utf-8"))
    for key, value in changes.items():
        *parents, last = key.split(".")
        inside = config
        for parent in parents:
            inside = inside[parent]
        if value is REMOVED:
            del inside[last]
        else:
            inside[last] = value
    path = Path(folder) / "config.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(config, indent=1), encoding="utf-8")
    return path
