"""Metadata is in setup.cfg. Cython compiles every module with a .pxd beside it: all of them or, if one fails, none.

What it would put into each of them, most of all for arrays, is a module of its own: to compile takes half as long.
"""

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import BaseError, CCompilerError

core = SimpleNamespace(**runpy.run_path("hw/compiled.py"))
MODULES, _ = core.find(".")
SHARED = core.SHARED.replace("/", ".")
DIRECTIVES = {
    "language_level": 3,
    "annotation_typing": False,  # types are in the .pxd
    "infer_types": True,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "auto_pickle": False,
    "cdivision": False,  # // and % are Python's
}
# Without contraction a * b + c is rounded twice, as Python does, on every processor.
OPTIONS = ["-O2", "-g0", "-fno-strict-aliasing", "-ffp-contract=off"]
LINK_OPTIONS = [] if sys.platform == "darwin" else ["-s"]
MSVC_OPTIONS = ["/O2", "/fp:precise"]


class CompileCore(build_ext):
    """Compiles the core and leaves a record of its sources beside it, from which hw/compiled.py tells that it fits."""

    def finalize_options(self):
        """As many compilers at a time as there are processors."""
        super().finalize_options()
        if self.parallel is None:
            self.parallel = True

    def run(self):
        """Compile, in place of whatever was compiled before."""
        if self.inplace:
            for path in (*core.find(".")[1].values(), core.RECORD):
                Path(path).unlink(missing_ok=True)
        super().run()
        if self.inplace and self.extensions:
            self._write_record(Path())

    def build_extensions(self):
        """Everything, or nothing and a warning."""
        from Cython.Compiler.Errors import CompileError

        try:
            self._translate()
            super().build_extensions()
            self._write_record(Path(self.build_lib))
        except (BaseError, CCompilerError, CompileError) as error:
            self.warn(f"{error}: installing without compiling, which makes it many times slower")
            made = [self.get_ext_fullpath(each.name) for each in self.extensions]
            for path in (*made, Path(self.build_lib, core.RECORD)):
                Path(path).unlink(missing_ok=True)
            self.extensions = []

    def _translate(self):
        """Python to C, beside the object files."""
        from Cython.Build import cythonize

        made = cythonize(
            [Extension(each.name, each.sources or [f"{SHARED}.c"]) for each in self.extensions],  # to be written
            build_dir=self.build_temp,
            compiler_directives=DIRECTIVES,
            force=self.force,
            quiet=True,
            shared_utility_qualified_name=SHARED,
        )
        sources = {each.name: (each.sources, each.depends) for each in made}
        msvc = self.compiler.compiler_type == "msvc"
        for each in self.extensions:
            each.sources, each.depends = sources[each.name]
            each.extra_compile_args = MSVC_OPTIONS if msvc else OPTIONS
            each.extra_link_args = [] if msvc else LINK_OPTIONS

    def _write_record(self, folder):
        (folder / core.RECORD).write_text(core.record(MODULES, "."), encoding="utf-8", newline="\n")

    def get_output_mapping(self):
        """The record is one of the files that are built."""
        built = super().get_output_mapping()
        return {**built, str(Path(self.build_lib, core.RECORD)): core.RECORD} if built else built


setup(
    ext_modules=[
        Extension(SHARED, []),
        *(Extension(path.replace("/", "."), [f"{path}.py"]) for path in MODULES),
    ],
    cmdclass={"build_ext": CompileCore},
)
