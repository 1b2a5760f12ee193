"""Proof by building and starting: what `bench/prove.py` is made of."""
