"""Items of a clause as a statement or events of the event language."""

from bitflow.models.asking.animals.clauses.parsing import clause_of
from bitflow.models.asking.animals.clauses.state import Clause
from bitflow.models.asking.animals.clauses.succession import temporal

__all__ = ["Clause", "clause_of", "temporal"]
