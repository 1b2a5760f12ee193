"""Parse JavaScript and TypeScript with tree-sitter, and pick the nodes that readers look at."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

SUFFIXES = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")

_COMMON = """
(import_statement) @import
(export_statement source: (string)) @import
(call_expression) @call
(new_expression) @call
(variable_declarator) @declare
(member_expression) @member
(subscript_expression) @member
(assignment_expression left: (identifier) @shadow)
(augmented_assignment_expression left: (identifier) @shadow)
(update_expression argument: (identifier) @shadow)
(string) @text
(pair) @pair
"""
_JAVASCRIPT = "(formal_parameters (identifier) @shadow)"
_TYPESCRIPT = """
(required_parameter pattern: (identifier) @shadow)
(optional_parameter pattern: (identifier) @shadow)
"""

Captures = dict[str, list["Node"]]


def captures_of(path: str, text: str) -> Captures | None:
    """The nodes of interest in source order; None if the text does not parse."""
    import tree_sitter  # noqa: PLC0415 - only projects with such sources pay for it

    parser, query = _grammar(_dialect(path))
    assert isinstance(parser, tree_sitter.Parser)  # noqa: S101 - narrows the cached pair
    assert isinstance(query, tree_sitter.Query)  # noqa: S101
    root = parser.parse(text.removeprefix("\ufeff").encode()).root_node
    if root.has_error:
        return None
    found = tree_sitter.QueryCursor(query).captures(root)
    return {name: sorted(nodes, key=lambda node: node.start_byte) for name, nodes in found.items()}


def _dialect(path: str) -> str:
    if path.endswith(".tsx"):
        return "tsx"
    return "ts" if path.endswith((".ts", ".mts", ".cts")) else "js"


@lru_cache(maxsize=3)
def _grammar(dialect: str) -> tuple[object, object]:
    import tree_sitter  # noqa: PLC0415

    if dialect == "js":
        import tree_sitter_javascript  # noqa: PLC0415

        language = tree_sitter.Language(tree_sitter_javascript.language())
    else:
        import tree_sitter_typescript  # noqa: PLC0415

        named = tree_sitter_typescript
        language = tree_sitter.Language(
            named.language_tsx() if dialect == "tsx" else named.language_typescript()
        )
    query = _COMMON + (_JAVASCRIPT if dialect == "js" else _TYPESCRIPT)
    return tree_sitter.Parser(language), tree_sitter.Query(language, query)
