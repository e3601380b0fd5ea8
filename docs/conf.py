"""Sphinx configuration."""

import sklearn_mmm

project = "sklearn_mmm"
author = "the sklearn_mmm developers"
copyright = f"2026, {author}"
version = release = sklearn_mmm.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
# scikit-learn's inherited docstrings refer to labels and terms of its own
# documentation, which is not at hand offline.
suppress_warnings = ["ref.ref", "ref.term"]
html_theme = "pydata_sphinx_theme"
html_title = "sklearn_mmm"
exclude_patterns = ["_build"]
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
templates_path = ["_templates"]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "image_scrapers": (),
}
