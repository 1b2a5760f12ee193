"""A small shop of postcards."""
