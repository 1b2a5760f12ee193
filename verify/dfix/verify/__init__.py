"""Proof by real build: a file before against after, with BuildKit.

`proof.prove` is the way in. This room and the network doors are the only ones that start processes.
"""
