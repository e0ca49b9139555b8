"""System 1 of "The Hyperscale Lottery", a GPU, measured: ``python -m bench.gpu`` on a machine that has one.

``clock`` times. ``mamba1`` to ``mamba3`` have the state updates as torch operations, ``mamba3_step`` and
``convolution`` kernels of ours, ``official`` those of mamba-ssm; ``kernels`` and ``models`` need mamba-ssm.
``state_updates``, ``decode``, ``rates`` and ``attention`` measure.
"""
