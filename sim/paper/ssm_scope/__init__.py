"""The reproduction of SSM-Scope (arXiv 2507.12442): long prompts on its devices and on the edge accelerator."""
