"""Figures as files and as parts of a page; the same figure gives the same bytes: no date, no random ids, no versions.

An SVG carries its title and description, and of each part that stands for something a ``<title>`` and ``data-``
attributes, so that it can be hovered, read aloud and read by scripts.
"""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import matplotlib

from sim.files.characters import visible
from sim.files.errors import InputError, Problem
from sim.files.outputs import writing
from sim.presentation.figures.canvas import Drawing, Mark

DOTS_PER_INCH = 300
_METADATA = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
_DECIMALS = re.compile(r"(\.\d\d)\d+")  # of coordinates in points: more than a printer resolves
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"


def check_suffix(path: Path) -> str:
    """The format that *path* asks for; raises InputError for one that is not known."""
    suffix = path.suffix.removeprefix(".").lower()
    if suffix not in _METADATA:
        known = ", ".join(f".{name}" for name in _METADATA)
        raise InputError(Problem(f"found {path.suffix or 'no suffix'!r}, expected one of {known}", f"--output {path}"))
    return suffix


def write(drawing: Drawing, path: Path) -> None:
    """Write *drawing* in the format of *path*'s suffix."""
    format = check_suffix(path)
    text = "<?xml version='1.0' encoding='utf-8'?>\n" + as_svg(drawing, "figure", "path") if format == "svg" else ""
    image = text.encode() if text else _saved(drawing, format)
    with writing(path) as stream:
        stream.write(image)


def _saved(drawing: Drawing, format: str) -> bytes:
    image = BytesIO()
    metadata = _METADATA[format]
    drawing.figure.savefig(image, format=format, dpi=DOTS_PER_INCH, facecolor="white", metadata=metadata)
    return image.getvalue()


def as_svg(drawing: Drawing, name: str, text: str = "none") -> str:
    """*drawing* as one ``<svg>`` element whose ids begin with *name*; *text* as ``none`` (text) or ``path``."""
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    with matplotlib.rc_context({"svg.fonttype": text}):
        root = ElementTree.fromstring(_saved(drawing, "svg"))
    for child in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(child)
    for element in root.iter(f"{{{_SVG}}}path"):
        element.set("d", _DECIMALS.sub(r"\1", element.get("d", "")).replace(" \n", " ").strip())
    _name(root, name)
    for element in root.iter():
        mark = drawing.marks.get(element.get("id", "").removeprefix(f"{name}-"))
        if mark is not None:
            _explain(element, mark)
    for tag, said in (("desc", drawing.description), ("title", drawing.title)):
        element = ElementTree.Element(f"{{{_SVG}}}{tag}", {"id": f"{name}-{tag}"})
        element.text = visible(said)
        root.insert(0, element)
    root.attrib |= {"role": "img", "aria-labelledby": f"{name}-title {name}-desc"}
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _name(root: ElementTree.Element, name: str) -> None:
    """Let all ids, and what refers to them, begin with *name*: a page has many figures."""
    for element in root.iter():
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, f"{name}-{value}")
            elif value.startswith("#") and key == f"{{{_XLINK}}}href":
                element.set(key, f"#{name}-{value[1:]}")
            elif "url(#" in value:
                element.set(key, value.replace("url(#", f"url(#{name}-"))


def _explain(element: ElementTree.Element, mark: Mark) -> None:
    title = ElementTree.Element(f"{{{_SVG}}}title")
    title.text = mark.text
    element.insert(0, title)
    element.set("class", "mark")
    for key, value in mark.data.items():
        element.set(f"data-{key.replace('_', '-')}", value)
