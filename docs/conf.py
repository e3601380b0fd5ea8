"""Sphinx configuration."""

import sys
from pathlib import Path

import sklearn_mmm

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import _benchmarks  # noqa: E402
import _inputs  # noqa: E402
import _landing  # noqa: E402
import _priors  # noqa: E402
import _reference  # noqa: E402
import _rooms  # noqa: E402

# Tables that pages include are written from the code that they are about.
for tables in (_priors, _rooms, _benchmarks, _landing, _inputs):
    tables.write(HERE / "generated")
_reference.write(HERE / "reference" / "sections")

project = "sklearn_mmm"
author = "the sklearn_mmm developers"
copyright = f"2026, {author}"
version = release = sklearn_mmm.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "_mathml",
    "_shown",
    "myst_parser",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
# scikit-learn's inherited docstrings refer to labels and terms of its own
# documentation, which is not at hand offline.
suppress_warnings = ["ref.ref", "ref.term"]
html_theme = "pydata_sphinx_theme"
html_theme_options = {"show_toc_level": 2, "header_links_before_dropdown": 8}
# Pages without pages below them have nothing to show there.
html_sidebars = {page: [] for page in ("index", "tutorial", "benchmarks")}
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = "sklearn_mmm"
exclude_patterns = ["_build", "generated"]
source_suffix = {".rst": "restructuredtext"}
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
templates_path = ["_templates"]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/",
    "within_subsection_order": "_order.ReadingOrder",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "image_scrapers": ("_thumbnails",),
    "thumbnail_size": (480, 336),
}
