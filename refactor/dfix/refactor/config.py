"""Configuration as a plain value; the frontends read it from files and flags.

Each setting answers a question that a hold-back asks, or narrows what runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class SplitConfig(NamedTuple):
    """`[split]`: answers for split-stages."""

    runtime: Literal["auto", "slim", "distroless", "alpine", "scratch"] = "auto"
    artefacts: tuple[
        str, ...
    ] = ()  # absolute paths in the image that the container needs and dfix cannot find
    pure: tuple[
        str, ...
    ] = ()  # packages that need neither libraries nor programs of the full image
    suite: str | None = None  # Debian or Ubuntu code name of the builder
    packages: tuple[str, ...] = ()  # runtime packages to install on top of what is found
    shell: bool | None = None  # does anything use a shell in the container?


class Config(NamedTuple):
    """What a user may set, with the defaults. Unset answers are None or empty."""

    context: str | None = None  # the build context, relative to the project's root
    target: str | None = None
    builder: str | None = None  # the builder that the project uses, an id of builders.toml
    oldest_engine: str = "23.0"
    declare_syntax: Literal["auto", "always", "never"] = "auto"
    project_name: str | None = None  # names compile caches; default: the repository's folder
    split: SplitConfig = SplitConfig()
    base_images: Mapping[str, str] = {}
    requested: tuple[str, ...] = ()  # transforms that run only on request
