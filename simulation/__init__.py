"""A simulated life insurer: feeds with known hazards and a known amount of mess, and the truth about both.

Only files are written here; the warehouse reads them as it reads any insurer's.
"""

from simulation.simulate import simulate

__all__ = ["simulate"]
