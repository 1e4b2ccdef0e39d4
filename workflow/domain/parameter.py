"""A number a site sets for itself, inside the bounds a protocol gives it."""

from dataclasses import dataclass
from decimal import Decimal

from workflow.domain.errors import ImpossibleValueError
from workflow.domain.item import Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What a site may set, from `minimum` to `maximum` inclusive in `unit`; `default` counts until it has."""

    key: str
    label: str
    unit: str
    default: Decimal
    minimum: Decimal
    maximum: Decimal
    basis: Basis = Basis()

    def set_to(self, value: Decimal) -> Decimal:
        """The value, if a site may choose it. Raises ImpossibleValueError naming the bounds."""
        if not value.is_finite() or not self.minimum <= value <= self.maximum:
            raise ImpossibleValueError(
                f"{self.label}: {value} is not open to a site",
                place=self.key,
                allowed=f"{self.minimum} to {self.maximum} {self.unit} ({self.basis})",
            )
        return value
