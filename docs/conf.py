"""How Sphinx builds the site: `make docs`. Nothing in it is fetched from another host."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from rareearth_explorer import __version__
from rareearth_explorer.cli.command import build_parser

REPOSITORY = Path(__file__).resolve().parents[1]
README_LINK = re.compile(r"\[([^]]*)\]\(README\.md[^)]*\)")
FROM_ROOT = {"contributing": "CONTRIBUTING.md", "changes": "CHANGELOG.md"}

project = "Rare Earth Explorer"
copyright = "the developers of Rare Earth Explorer; MIT licence"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "announcement": "Every picture of imagery on these pages is synthetic, drawn by the program.",
}
pygments_style, pygments_dark_style = "friendly", "monokai"
highlight_language = "text"

myst_heading_anchors = 3

default_role = "code"  # docstrings are read as text too, so they keep to single backticks
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_type_aliases = {
    "Shapes": "Shapes",
    "npt.ArrayLike": "ArrayLike",
}  # reST takes numpy.object_ for a link
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True


class CommandLine(SphinxDirective):
    """Describes every command in the words of its `--help`."""

    def run(self) -> list[nodes.Node]:
        """Make one section for each command."""
        os.environ["COLUMNS"] = "96"  # argparse wraps to the terminal's width
        return self._described(build_parser())

    def _described(self, parser: argparse.ArgumentParser) -> list[nodes.Node]:
        section = nodes.section(ids=[nodes.make_id(parser.prog)])
        section += nodes.title(text=parser.prog)
        section += nodes.literal_block(text=parser.format_help().rstrip(), language="text")
        sections: list[nodes.Node] = [section]
        for action in parser._actions:  # argparse has no public way to the subcommands
            if isinstance(action, argparse._SubParsersAction):
                for command in action.choices.values():
                    sections += self._described(command)
        return sections


def _fill(app: Sphinx, page: str, source: list[str]) -> None:
    """Fill the pages whose text lies in the repository's root, where links begin there."""
    if page in FROM_ROOT:
        text = (REPOSITORY / FROM_ROOT[page]).read_text()
        source[0] = README_LINK.sub(r"\1", text.replace("](docs/", "]("))


def setup(app: Sphinx) -> None:
    """Add what this file defines."""
    app.add_directive("command-line", CommandLine)
    app.connect("source-read", _fill)
