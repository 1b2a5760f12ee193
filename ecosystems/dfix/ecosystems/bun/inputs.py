"""What Bun's install reads beside manifests, lockfile and .npmrc."""

from __future__ import annotations

import posixpath

from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.node.installing import Found, Installer, Project

# Tried with 1.4.5. https://bun.com/docs/pm/lifecycle
EVENTS = ("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare")


def _add(project: Project, found: Found) -> Unknown | None:
    """Add bunfig.toml; Unknown where it leads elsewhere."""
    path = posixpath.join(project.folder, "bunfig.toml")
    if not project.tree.is_file(path):
        return None
    text = project.tree.read(path)
    if isinstance(text, Unknown):
        return text
    import tomllib  # noqa: PLC0415 - few projects have one

    try:
        data = tomllib.loads(text.value)
    except tomllib.TOMLDecodeError:
        return Unknown(f"{path} does not parse")
    install = data.get("install")
    scanner = install.get("security") if isinstance(install, dict) else None
    if scanner is not None:
        return Unknown(f"{path} lets a program look at the packages")
    found.others[path] = f"Bun takes its settings from {path}"
    return None


BUN = Installer(
    ecosystem="bun",
    title="Bun",
    locks=("bun.lock", "bun.lockb"),
    events=EVENTS,
    member_events=EVENTS,
    # Without a lock of its own Bun migrates these: https://bun.com/docs/pm/lockfile#migration
    beside={
        "package-lock.json": "Bun migrates {path} where it has no lock of its own",
        "yarn.lock": "Bun migrates {path} where it has no lock of its own",
        "pnpm-lock.yaml": "Bun migrates {path} where it has no lock of its own",
    },
    add=_add,
)
