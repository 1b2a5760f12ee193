"""No output shows the value of a credential, but for the removed line of a diff."""

from __future__ import annotations

import subprocess
import sys

import pytest
from test_fixtures import ROOT, project_of, text_of

VALUES = ("s3cr3tValue0", "s3cr3tValue1")
CASES = [
    folder.parent
    for folder in sorted(ROOT.glob("mount-secrets/*/before.Dockerfile"))
    if any(value in folder.read_text() for value in VALUES)
]
FORMATS = (
    ["--format", "text"],
    ["--format", "json"],
    ["--diff"],
    ["--explain"],
)


@pytest.mark.parametrize("form", FORMATS, ids=" ".join)
@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_a_value_is_printed_by_the_removed_line_of_a_diff_alone(folder, form, tmp_path):
    for path, data in project_of(folder).items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    (tmp_path / "Dockerfile").write_text(text_of(folder / "before.Dockerfile"))
    words = ["--level", "bold", "--only", "mount-secrets", *form, "Dockerfile"]
    done = subprocess.run(
        [sys.executable, "-m", "dfix", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    shown = done.stdout + done.stderr
    assert "mount-secrets" in shown or form == ["--diff"], shown
    for line in shown.replace("\\n", "\n").splitlines():
        assert line.lstrip(" |").startswith("-") or not any(value in line for value in VALUES)


def test_fixtures_hold_values():
    assert len(CASES) > 2
