"""Figures of several runs, and ratios that are paired within a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.cases import COMPARISONS, Case, Versus
from benchmarks.measure import Measurement


@dataclass(frozen=True, slots=True)
class Spread:
    """Least, middle and greatest of a few figures."""

    least: float
    middle: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(min(values), median(values), max(values))


@dataclass(slots=True)
class Results:
    """The measurements of each case, in the order of the runs."""

    measured: dict[str, list[Measurement]] = field(default_factory=dict)

    def add(self, case: Case, measurement: Measurement) -> None:
        self.measured.setdefault(case.name, []).append(measurement)

    def drop(self, case: Case) -> None:
        """A case that failed has no figures, not even those of its runs before."""
        self.measured.pop(case.name, None)

    def wall_s(self, name: str) -> Spread:
        return Spread.of([measurement.wall_s for measurement in self.measured[name]])

    def middle(self, name: str, figure: str) -> float | None:
        """The median of a figure of Measurement; None where it was not measured."""
        values = [getattr(measurement, figure) for measurement in self.measured[name]]
        return median(values) if values and None not in values else None

    def detail(self, name: str, key: str) -> float | None:
        """The median of a number that the case gave beside."""
        values = [value for one in self.measured[name] if isinstance(value := one.details.get(key), float)]
        return median(values) if values else None

    def peak_rss_bytes(self, name: str) -> int | None:
        """The greatest of all runs."""
        peaks = [peak for measurement in self.measured[name] if (peak := measurement.peak_rss_bytes) is not None]
        return max(peaks, default=None)

    def comparisons(self) -> list[tuple[Versus, Spread]]:
        """Each pair of which both were measured, run by run: what slows a whole run down cancels out."""
        found = []
        for pair in COMPARISONS:
            ours, theirs = self.measured.get(pair.case), self.measured.get(pair.against)
            if ours and theirs:
                pairs = zip(ours, theirs, strict=True)
                found.append((pair, Spread.of([pair.compare(one.wall_s, other.wall_s) for one, other in pairs])))
        return found
