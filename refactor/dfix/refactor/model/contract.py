"""The outward contract: what a build promises to whoever runs, extends or targets its image.

Each reachable target (the default one and every named stage) promises the parts of its image
configuration. A rewrite keeps them all, or names the ones that it may change. Over one and the same
base, what the file declares is compared; where the base changes, what images.toml says of both
bases stands below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Unknown
from dfix.grammar.nodes import (
    Arg,
    Cmd,
    Entrypoint,
    Env,
    ExecForm,
    Expose,
    Healthcheck,
    Instruction,
    Label,
    Onbuild,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
)
from dfix.refactor.model import paths
from dfix.refactor.model.expand import Undecided, expand

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dfix.ecosystems.images import Image
    from dfix.refactor.model.stages import Model, Place, Stage

Parts = dict[str, str]


def differences(before: Model, after: Model, may_change: frozenset[str]) -> list[str]:
    """What a rewrite changed in the contract beyond what it may, as short phrases; empty if the contract is kept.

    `may_change` holds part names (`CMD`, `ENV PATH`, `ARG TOKEN`), whole kinds (`ENV`), or `base`.
    """
    gone = [] if "ARG" in may_change else sorted(_args(before) - _args(after))
    found = [
        f"the build argument {each} is gone" for each in gone if f"ARG {each}" not in may_change
    ]
    for old in before.stages:
        if old.name is None and not old.is_last:
            continue
        new = after.final if old.is_last else _named(after, old.name or "")
        if new is None:
            found.append(f"the stage {old.name} is gone")
            continue
        if old.is_last and old.name is not None and (new.name or "").lower() != old.name.lower():
            found.append(f"the default target is no longer named {old.name}")
        found.extend(_stage_differences(old, new, may_change))
    return found


def _stage_differences(old: Stage, new: Stage, may_change: frozenset[str]) -> list[str]:
    if (
        old.root.reference == new.root.reference
        and old.root.node.image.value == new.root.node.image.value
    ):
        was, now = declared(old), declared(new)
    else:
        if "base" not in may_change:
            return [f"{old.label} has another base"]
        below_old, below_new = inherited(old), inherited(new)
        if isinstance(below_old, Unknown) or isinstance(below_new, Unknown):
            which = below_old if isinstance(below_old, Unknown) else below_new
            assert isinstance(which, Unknown)  # noqa: S101 - one of the two is
            return [f"{old.label} has another base, and {which.why}"]
        was, now = declared(old, below_old), declared(new, below_new)
        for name in below_new:  # what only the new base sets takes nothing away
            if name.startswith("ENV ") and name not in was:
                now.pop(name, None)
        if "ENV PATH" not in was and "${PATH}" in now.get("ENV PATH", "").split(":"):
            now.pop("ENV PATH")  # folders beside the new base's own, which the old base's had
    changed = [name for name in {**was, **now} if was.get(name) != now.get(name)]
    return [
        f"{name} of {old.label}: {was.get(name, 'unset')} -> {now.get(name, 'unset')}"
        for name in changed
        if name not in may_change and name.split(" ")[0] not in may_change
    ]


def _named(model: Model, name: str) -> Stage | None:
    wanted = name.lower()
    return next(
        (stage for stage in reversed(model.stages) if (stage.name or "").lower() == wanted), None
    )


def _args(model: Model) -> set[str]:
    names = {pair.name for node in model.globals for pair in node.pairs}
    for place in model.places():
        if isinstance(place.node, Arg):
            names.update(pair.name for pair in place.node.pairs)
    return names


def inherited(stage: Stage) -> Parts | Unknown:
    """What the base image promises, of the values that matter at run time.

    Values of the tool chain (GOPATH, GOLANG_VERSION) and PATH are left out: the plan that changes a
    base answers for them.
    """
    image = stage.root_image
    return image if isinstance(image, Unknown) else parts_of(image)


def parts_of(image: Image) -> Parts:
    """The same of an image."""
    parts: Parts = {}
    for name, value in image.env.items():
        if value.role == "runtime" and name != "PATH":
            parts[f"ENV {name}"] = value.value if value.value is not None else "?"
    if image.workdir and image.workdir != "/":
        parts["WORKDIR"] = image.workdir
    if image.user and image.user not in ("root", "0"):
        parts["USER"] = image.user
    if image.entrypoint and not image.passes:
        parts["ENTRYPOINT"] = f"exec {list(image.entrypoint)}"
    if image.cmd:
        parts["CMD"] = f"exec {list(image.cmd)}"
    if image.run_shell:
        parts["SHELL"] = f"exec {list(image.run_shell)}"
    if image.stopsignal and image.stopsignal != "SIGTERM":
        parts["STOPSIGNAL"] = image.stopsignal
    parts.update({f"EXPOSE {_port(port)}": "" for port in image.ports})
    kept = [path for path in image.volumes if path not in image.tool_volumes]
    parts.update({f"VOLUME {path}": "" for path in kept})
    return parts


def declared(stage: Stage, below: Parts | None = None) -> Parts:
    """What the file declares for a stage, the stages that it builds on included, over `below`."""
    parts = dict(below or {}) if stage.parent is None else declared(stage.parent, below)
    cmd_set = False
    for place in stage.places:
        node = place.node
        match node:
            case Env():
                for pair in node.pairs:
                    parts[f"ENV {pair.name}"] = _value(place, pair.value or "", parts)
            case Label():
                for pair in node.pairs:
                    parts[f"LABEL {_unquoted(pair.name)}"] = _value(place, pair.value or "", parts)
            case Workdir():
                path = _value(place, node.value, parts)
                above = parts.get("WORKDIR") or _workdir_below(stage)
                parts["WORKDIR"] = paths.join(above, path)
            case User():
                parts["USER"] = _value(place, node.value, parts)
            case Expose():
                for port in node.entries.values:
                    parts[f"EXPOSE {_port(_value(place, port, parts))}"] = ""
            case Volume():
                for path in node.entries.values:
                    parts[f"VOLUME {_value(place, path, parts)}"] = ""
            case Stopsignal():
                parts["STOPSIGNAL"] = _value(place, node.value, parts)
            case Healthcheck():
                parts["HEALTHCHECK"] = (
                    " ".join(_words(node)) + f" {node.kind.value.upper()} {_start(node.body)}"
                )
            case Shell():
                parts["SHELL"] = _start(node.body)
            case Onbuild():
                key = f"ONBUILD {sum(name.startswith('ONBUILD') for name in parts)}"
                parts[key] = _flat(node.instruction)
            case Entrypoint():
                parts["ENTRYPOINT"] = _start(node.body)
                if not cmd_set:  # BuildKit: ENTRYPOINT resets a CMD that comes from below
                    parts.pop("CMD", None)
            case Cmd():
                parts["CMD"] = _start(node.body)
                cmd_set = True
            case _:
                continue
    if stage.parent is None and below is None and parts.get("WORKDIR") == _workdir_below(stage):
        parts.pop("WORKDIR")  # said or not, it is the base image's
    return parts


def _workdir_below(stage: Stage) -> str:
    """The base image's folder; the root where it is not known, alike on both sides."""
    image = stage.root_image
    return "/" if isinstance(image, Unknown) else image.workdir or "/"


def _value(place: Place, text: str, parts: Parts) -> str:
    """The value with what this file declares put in; names that only the base or the caller knows stay names."""

    def lookup(name: str) -> str | None:
        value = parts.get(f"ENV {name}")
        return f"${{{name}}}" if value is None or value == "?" else value

    try:
        return expand(text, lookup, place.stage.escape)
    except Undecided:
        return text


def _unquoted(text: str) -> str:
    return text.strip("\"'")


def _port(text: str) -> str:
    """The port that an image declares: of `[ip:][host:]container[/protocol]` the container's alone is kept.

    https://docs.docker.com/reference/build-checks/expose-invalid-format/ (tried on Docker Engine 28.5)
    """
    address, _, protocol = text.partition("/")
    number = address.rpartition(":")[2]
    return f"{number}/{(protocol or 'tcp').lower()}"


def _start(body: object) -> str:
    if body is None:
        return ""
    if isinstance(body, ExecForm):
        rest = "" if body.rest is None else f" and {body.rest.value}"
        return f"exec {list(body.values)}{rest}"
    return f"shell {body.text.value.strip()}"  # type: ignore[attr-defined]


def _words(node: Healthcheck) -> Iterable[str]:
    return sorted(f"{flag.key.value}={flag.value}" for flag in node.flags)


def _flat(node: Instruction) -> str:
    """An instruction as BuildKit sees it: cooked tokens, one blank between them."""
    words = (
        leaf.value.upper() if leaf is node.keyword else leaf.value
        for leaf in node.leaves()
        if leaf.value.strip()
    )
    return " ".join(words)
