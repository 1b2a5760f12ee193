"""Python: what projects and their programs need, whichever package manager installs them."""
