"""A proof as JSON; docs/verify.md describes it and docs/verify.schema.json is its schema."""

from __future__ import annotations

import json
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dfix.verify.values import Fallen, Proof, Rebuild, Said, Side, Trial

VERSION = 1  # counts up when a field goes or changes its meaning; new fields may come at any time


def render(proofs: Iterable[Proof]) -> str:
    """One JSON document."""
    return json.dumps(document(proofs), indent=2) + "\n"


def document(proofs: Iterable[Proof]) -> dict[str, Any]:
    """The document as plain values."""
    return {"version": VERSION, "proofs": [_proof(each) for each in proofs]}


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "path": proof.path,
        "outcome": proof.outcome,
        "reason": proof.reason,
        "steps": [
            {"id": step.id, "transform": step.transform, "title": step.title}
            for step in proof.report.steps
        ],
        "fallen": [_fallen(each) for each in proof.fallen],
        "trials": proof.trials,
        "kept": proof.kept or None,
        "trial": None if proof.trial is None else _trial(proof.trial),
    }


def _fallen(fallen: Fallen) -> dict[str, Any]:
    return {
        "ids": list(fallen.ids),
        "transform": fallen.transform,
        "title": fallen.title,
        "objections": _said(fallen.objections),
    }


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "before": _side(trial.before),
        "after": None if trial.after is None else _side(trial.after),
        "objections": _said(trial.objections),
        "notes": _said(trial.notes),
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "size": side.size,
        "layers": [{"size": layer.size, "by": layer.by} for layer in side.layers],
        "seconds": round(side.seconds, 3),
        "steps": [{"name": step.name, "cached": step.cached} for step in side.steps],
        "rebuilds": [_rebuild(each) for each in side.rebuilds],
        "findings": list(side.findings),
    }


def _rebuild(rebuild: Rebuild) -> dict[str, Any]:
    return {
        "edit": rebuild.edit,
        "path": rebuild.path,
        "steps": len(rebuild.steps),
        "cached": rebuild.cached,
        "ran": list(rebuild.ran),
        "runs": len(rebuild.seconds),
        "median_seconds": round(median(rebuild.seconds), 3),
    }


def _said(said: Iterable[Said]) -> list[dict[str, str]]:
    return [
        {"aspect": each.aspect, "sentence": each.sentence, "detail": each.detail} for each in said
    ]
