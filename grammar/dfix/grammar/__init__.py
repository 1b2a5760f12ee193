"""Text to tree and back, without a byte lost.

The doors are `dfix.grammar.parse` (`parse`, `parse_items`, `decode`, `encode`), `dfix.grammar.nodes`,
`dfix.grammar.positions` and `dfix.grammar.shell`. Nothing is imported here: a process loads what it uses, and a name
`parse` in this package could only mean the module.
"""
