"""What a Dockerfile builds: stages, state, runs, layout, contract.

The model knows the Dockerfile and never sees the project; the ecosystems know the project and never
see a Dockerfile.
"""

from dfix.refactor.model.runs import Called, Mount, Readings
from dfix.refactor.model.stages import Model, Place, Stage

__all__ = ["Called", "Model", "Mount", "Place", "Readings", "Stage"]
