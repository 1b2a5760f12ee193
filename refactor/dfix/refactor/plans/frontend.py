"""Which frontend reads the file, and whether a newer one can be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems import references, syntax
from dfix.ecosystems.facts import Unknown

if TYPE_CHECKING:
    from dfix.ecosystems.syntax import Feature
    from dfix.refactor.context import Context

LINE = "docker/dockerfile:1"  # the newest stable release of version 1: https://docs.docker.com/reference/dockerfile/#syntax


def no_pull(ctx: Context) -> str | None:
    """Why a frontend may not be had from docker.io, as half a sentence."""
    lacking = ctx.project.lacking.get("syntax_pull")
    if lacking is not None:
        return f"{lacking} does not pull frontends, as far as is known"
    if ctx.config.base_images:
        return (
            "base images are mapped to others, so the frontend may have to come from elsewhere, too"
        )
    for stage in ctx.model.stages:
        if stage.parent is not None or stage.reference in (None, "scratch"):
            continue
        parsed = references.parse(stage.reference or "")
        if not isinstance(parsed, Unknown) and parsed.registry != "docker.io":
            return f"{stage.node.image.value} comes from {parsed.registry}, and the frontend from docker.io"
    return None


def has(ctx: Context, feature: Feature) -> bool:
    """Does the frontend that reads the file as it is know a feature, whatever engine builds it?"""
    line = ctx.file.prologue.directive("syntax")
    if line is not None:
        name, _, tag = line.value.partition("@")[0].partition(":")
        if name.removeprefix("docker.io/") != LINE.partition(":")[0]:
            return False
        named = syntax.release(tag.removesuffix("-labs")) if tag not in ("", "latest") else (1,)
        return named is not None and (named == (1,) or named >= feature.since)
    if ctx.project.lacking.get("syntax_pull") is not None:
        return False  # no BuildKit, whose engines are known
    embedded = syntax.embedded(ctx.config.oldest_engine)
    return not isinstance(embedded, Unknown) and embedded.value >= feature.since


def can_have(ctx: Context) -> bool:
    """Can a syntax line be put at the head of the file?"""
    if ctx.config.declare_syntax == "never" or ctx.file.prologue.directive("syntax") is not None:
        return False
    return no_pull(ctx) is None
