"""Decisions that several transforms share. Transforms are thin callers; a plan joins the model with the project."""
