"""The site's settings for Sphinx. Nothing is loaded from another place when a page is read."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sim.version import __version__

project, release, author = "stallscope", __version__, "the stallscope authors"
project_copyright = author
extensions = ["myst_nb", "sphinx.ext.autodoc"]
exclude_patterns = ["**/*.txt"]
html_theme = "furo"
html_title = f"stallscope {__version__}"
html_show_sourcelink = False
html_copy_source = False

myst_heading_anchors = 6

nb_execution_mode = "off"  # the tests execute the notebooks, and what is shown here is what they came to

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
add_module_names = False
