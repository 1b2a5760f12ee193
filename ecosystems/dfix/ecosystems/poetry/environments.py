"""Where calls of Poetry install: its settings come from variables, from earlier calls, and from poetry.toml."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.places import PREFIX
from dfix.ecosystems.python.pyproject import read_pyproject, read_toml
from dfix.ecosystems.python.specs import refused

if TYPE_CHECKING:
    from dfix.ecosystems.service import Did, Request

RULE = "https://python-poetry.org/docs/configuration/#virtualenvscreate"
IN_PROJECT_RULE = "https://python-poetry.org/docs/configuration/#virtualenvsin-project"
ACTIVE_RULE = "https://python-poetry.org/docs/managing-environments/"
_TRUE, _FALSE = frozenset({"1", "true"}), frozenset({"0", "false"})
_SETTINGS = {"create": "POETRY_VIRTUALENVS_CREATE", "in-project": "POETRY_VIRTUALENVS_IN_PROJECT"}


def environment(did: Did, request: Request) -> Fact[str]:
    """The prefix below which a call installs."""
    if did.call.unknown or did.call.role not in {Role.INSTALL, Role.PROJECT}:
        return Unknown(f"where poetry {did.call.verb} installs is not known")
    here = posixpath.normpath(posixpath.join(did.directory, did.call.directory))
    active = did.environment.get("VIRTUAL_ENV", "")
    if active is None:
        return Unknown("VIRTUAL_ENV is not literal")
    if active:
        return Known(posixpath.normpath(posixpath.join(here, active)), ACTIVE_RULE)
    create = _setting("create", did, request, here)
    if isinstance(create, Unknown):
        return create
    if create.value is False:
        return _system(did, request)
    inside = _setting("in-project", did, request, here)
    if isinstance(inside, Unknown):
        return inside
    if inside.value is True:
        other = _other_python(request, here)
        if other is not None:
            return other
        return Known(posixpath.join(here, ".venv"), IN_PROJECT_RULE)
    return Unknown("Poetry makes a virtual environment whose name is not known")


def _other_python(request: Request, here: str) -> Unknown | None:
    """Poetry looks for another Python where the manifest does not allow its own: Debian's, for one."""
    inside = posixpath.relpath(here, request.root)
    manifest = read_pyproject(
        request.tree, posixpath.normpath(posixpath.join(request.folder or ".", inside))
    )
    if isinstance(manifest, Unknown):
        return manifest
    return refused(manifest.value, request.base.release)


def _system(did: Did, request: Request) -> Fact[str]:
    """The image's own prefix, where it is the image's own Python that runs Poetry."""
    for each in request.did[: request.did.index(did)]:
        packages = [name.partition("[")[0].partition("=")[0] for name in each.call.packages]
        if each.call.ecosystem == "pip" and "poetry" in packages and each.call.everywhere:
            return Known(PREFIX, RULE)
    return Unknown("which Python runs Poetry is not known: pip does not install it here")


def _setting(name: str, did: Did, request: Request, here: str) -> Fact[bool | None]:
    """What a setting of virtual environments says; None where nothing does.

    Variables win over poetry.toml, which wins over what `poetry config` wrote.
    """
    value = did.environment.get(_SETTINGS[name], "")
    if value is None:
        return Unknown(f"{_SETTINGS[name]} is not literal")
    if value:
        return _truth(value, _SETTINGS[name])
    inside = posixpath.relpath(here, request.root)
    if inside.startswith(".."):
        return Unknown("poetry works outside of the project")
    path = posixpath.normpath(posixpath.join(request.folder or ".", inside, "poetry.toml"))
    if request.tree.is_file(path):
        data = read_toml(request.tree, path)
        if isinstance(data, Unknown):
            return data
        table = data.value.get("virtualenvs", {})
        if isinstance(table, dict) and name in table:
            return Known(bool(table[name]), path)
    said: Fact[bool | None] = Known(None, did.where)
    for each in request.did[: request.did.index(did)]:
        words = each.call.words
        if each.call.ecosystem != did.call.ecosystem or each.call.verb != "config":
            continue
        if f"virtualenvs.{name}" in words and "--unset" not in words:
            at = words.index(f"virtualenvs.{name}")
            text = words[at + 1] if at + 1 < len(words) else None
            said = _truth(text, each.where)
    return said


def _truth(text: str | None, where: str) -> Fact[bool | None]:
    if text is not None and text.lower() in _TRUE:
        return Known(True, where)
    if text is not None and text.lower() in _FALSE:
        return Known(False, where)
    return Unknown(f"{where} does not say true or false")
