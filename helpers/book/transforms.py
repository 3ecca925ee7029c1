"""Portable Markdown and notebook cells become what a reader of the site sees."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform

ASIDES = {
    "Remark": "remark",
    "Tip": "tip",
    "Pitfall": "pitfall",
    "From the lectures": "lectures",
}
UNSEEN = {"tag_bootstrap", "tag_bookkeeping"}


class Asides(SphinxTransform):
    """`> **Pitfall.** …` becomes an aside with that title."""

    default_priority = 600

    def apply(self) -> None:
        for block in list(self.document.findall(nodes.block_quote)):
            first = block.children[0] if block.children else None
            if not isinstance(first, nodes.paragraph):
                continue
            while first.children and not first[0].astext():
                del first[0]  # the parser begins with an empty text
            if not first.children or not isinstance(first[0], nodes.strong):
                continue
            title = first[0].astext().rstrip(".")
            if title not in ASIDES:
                continue
            del first[0]
            if first.children and isinstance(first[0], nodes.Text):
                first[0] = nodes.Text(first[0].lstrip())
            if not first.astext():
                block.remove(first)
            aside = nodes.admonition("", nodes.title("", title), *block.children)
            aside["classes"].append(ASIDES[title])
            block.replace_self(aside)


class Cells(SphinxTransform):
    """Cells for Colab and for bookkeeping go; what is folded is called by its title.

    The parameters and the set-up cell that follows them become one folded block, and
    an exercise that nobody has tried yet is not told so.
    """

    default_priority = 601

    def apply(self) -> None:
        for cell in list(self.document.findall(_is_cell)):
            if UNSEEN & set(cell["classes"]):
                cell.parent.remove(cell)
        for cell in list(self.document.findall(_is_cell)):
            if cell.get("hide_mode") and (title := _drop_title(cell)):
                cell["prompt_show"] = cell["prompt_hide"] = title
            if "tag_setup" in cell["classes"]:
                _join_parameters(cell)


def _is_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def _set_text(block: nodes.literal_block, text: str) -> None:
    block.rawsource, block.children = text, [nodes.Text(text)]


def _drop_title(cell: nodes.Element) -> str | None:
    """Take the line `# @title …`, Colab's name for a form, from the code."""
    code = next(cell.findall(nodes.literal_block))
    title = re.match(r"# @title (.+)\n", code.astext())
    if title:
        _set_text(code, code.astext()[title.end() :])
    return title[1] if title else None


def _join_parameters(cell: nodes.Element) -> None:
    """Fold the set-up, with the code of the parameters before it, if they are there."""
    index = cell.parent.index(cell)
    before = cell.parent[index - 1] if index else None
    if before and _is_cell(before) and "tag_parameters" in before["classes"]:
        for part in (before, cell):
            _drop_title(part)
        cell[0].insert(0, next(before.findall(nodes.literal_block)))
        cell.parent.remove(before)
        cell["hide_mode"] = "input"
        cell["prompt_show"], cell["prompt_hide"] = "Show the set-up", "Hide the set-up"


class Equations(SphinxTransform):
    r"""An equation reaches MathJax as it is written, as it does in Colab.

    Sphinx puts one of several lines into a `split`, in which no `\tag` may stand.
    """

    default_priority = 602

    def apply(self) -> None:
        for block in self.document.findall(nodes.math_block):
            if not block.get("nowrap") and not block.get("label"):
                block["nowrap"] = True
                block.children = [nodes.Text(rf"\[{block.astext()}\]")]
