"""Measure a GPU: ``python -m bench.gpu`` writes results/gpu/NAME.json, which the papers' pages read.

Install with ``pip install -e '.[gpu]'`` and then, for the fused kernels,
``MAMBA_KEEP_CUDA_BUILD=TRUE pip install --no-build-isolation mamba-ssm``. What cannot be measured is named in the file.
``--tiny`` tries the code on a few small sizes, on a machine without a GPU too.
"""

import typer

from bench.gpu.measuring import main

if __name__ == "__main__":
    typer.run(main)
