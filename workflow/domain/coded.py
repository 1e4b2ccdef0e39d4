"""A reason that begins with a declared code, and may go on in a person's own words: `small_or_frail: aged four`."""

from collections.abc import Sequence


def is_coded(reason: str | None, codes: Sequence[str]) -> bool:
    """Whether a reason was said, by one of the declared codes; where none is declared, in any words."""
    said = (reason or "").strip()
    return said.partition(":")[0].strip() in codes if codes else bool(said)


def asked_for(codes: Sequence[str], *, plainly: str) -> str:
    """What is allowed as a reason, in words; `plainly` where no code is declared."""
    return f"{', '.join(codes)}; own words after a colon" if codes else plainly
