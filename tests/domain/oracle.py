"""The clinical rules once more, naively, from what the ledger says and from nothing of the kernel.

It reads the plain payloads (strings), knows the windows of the protocol by heart, and answers only the question
that matters: was it right to do this to a person at this moment?
"""

from datetime import datetime, timedelta
from fractions import Fraction

Raw = dict[str, dict[str, dict[str, str]]]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OBSERVE = {"morphine": 24 * HOUR, "fentanyl": 6 * HOUR}
EFFECT = {"morphine": (HOUR, 24 * HOUR), "fentanyl": (HOUR / 6, 4 * HOUR)}
BLEEDING = ("anticoagulant", "anticoagulant_clear_today", "inr", "platelets")


class Chart:
    """What was on record when something was done, and the moment it was done."""

    def __init__(self, raw: Raw, at: datetime) -> None:
        self.raw = raw
        self.at = at

    def newest(self, item: str, trial: int | None = None) -> dict[str, str] | None:
        """The newest standing answer by now; in or after one trial, and in no other, where that is asked."""
        seen = [
            o
            for o in self.raw.get("observations", {}).values()
            if o["item"] == item and "superseded_by" not in o and moment(o["observed_at"]) <= self.at
        ]
        if trial:
            began = moment(self.raw["trials"][str(trial)]["started_at"])
            seen = [o for o in seen if o.get("trial", trial) == trial and moment(o["observed_at"]) >= began]
        return max(
            seen, key=lambda o: (moment(o["observed_at"]), moment(o["recorded_at"]), _place(o["key"])), default=None
        )

    def value(self, item: str, within: timedelta | None = None, *, trial: int | None = None) -> str | None:
        """The newest value, where it is fresh; None for none, stale or not obtained."""
        newest = self.newest(item, trial)
        if newest is None or (within is not None and self.at - moment(newest["observed_at"]) > within):
            return None
        return newest.get("number") or newest.get("text")

    def says(self, item: str, answer: str, within: timedelta | None = None) -> bool:
        return self.value(item, within) == answer

    def number(self, item: str, within: timedelta | None = None) -> Fraction | None:
        value = self.value(item, within)
        return None if value is None else Fraction(value)

    def dispensed(self, gate: str, *items: str, trial: int | None = None) -> bool:
        """Whether two people let this gate pass, lately enough, and on the answers that are still the newest."""
        newest = [found for item in items if (found := self.newest(item, trial)) is not None]
        for given in self.raw.get("overrides", {}).values():
            fresh = moment(given["at"]) <= self.at <= moment(given["until"])
            same = all(moment(found["recorded_at"]) <= moment(given["at"]) for found in newest)
            if given["gate"] == gate and fresh and same and given["by"] != given["second"]:
                return True
        return False

    # -- what each act asks for

    def puncture(self) -> bool:
        return self._day() and self._bleeding() and self._observed() and self._nothing_forbids() and not self.doses()

    def repeat_dose(self) -> bool:
        sedation, breathing = self.number("sedation_score", HOUR), self.number("breathing_rate", HOUR)
        awake = sedation is not None and sedation < 3 and breathing is not None and breathing >= 10
        return (
            awake
            and self._right_person()
            and self._no_fever()
            and self.says("staff_and_naloxone_ready", "yes", DAY / 2)
        )

    def catheter_removal(self) -> bool:
        inr = self.number("inr", 30 * DAY)
        safe = self._anticoagulant() and inr is not None and inr <= Fraction("1.4")
        return self.says("identity_confirmed", "yes", DAY / 2) and (
            safe or self.dispensed("catheter_may_come_out", "inr", "anticoagulant", "anticoagulant_clear_today")
        )

    def implant(self) -> bool:
        life = self.number("life_expectancy_months", 90 * DAY)
        long_enough = (life is not None and life > 6) or self.dispensed(
            "life_expectancy_for_pump", "life_expectancy_months"
        )
        fit = (
            self.says("active_infection", "no", 7 * DAY)
            and self.says("uncontrolled_coagulopathy", "no", 30 * DAY)
            and self.says("permanent_contraindication", "no")
            and self.says("body_size_adequate", "yes", 180 * DAY)
        )
        agreed = (
            self.says("consent_implant", "yes", 365 * DAY)
            and self.says("handover_to_implanter", "yes", 90 * DAY)
            and self.says("review_outcome", "implant", 90 * DAY)
        )
        tried = self._responded() and self._tolerated()
        return self._day() and self._bleeding() and fit and agreed and tried and long_enough

    # -- the parts

    def _right_person(self) -> bool:
        return self.says("identity_confirmed", "yes", DAY / 2) and self.says("consent_confirmed", "yes", DAY / 2)

    def _no_fever(self) -> bool:
        return self.says("fever_or_infection_today", "no", DAY / 2)

    def _day(self) -> bool:
        asked = ("allergy_checked", "pregnancy_excluded", "sedatives_reviewed")
        return self._right_person() and self._no_fever() and all(self.says(item, "yes", DAY / 2) for item in asked)

    def _observed(self) -> bool:
        return self.says("staff_and_naloxone_ready", "yes", DAY / 2) and self.says("escort_named", "yes", DAY)

    def _nothing_forbids(self) -> bool:
        return (
            self.says("active_infection", "no", 7 * DAY)
            and self.says("uncontrolled_coagulopathy", "no", 30 * DAY)
            and self.says("permanent_contraindication", "no")
            and self.says("spinal_imaging_clear", "yes", 365 * DAY)
        )

    def _anticoagulant(self) -> bool:
        return self.says("anticoagulant", "none", 90 * DAY) or self.says("anticoagulant_clear_today", "yes", DAY / 2)

    def _bleeding(self) -> bool:
        platelets, inr = self.number("platelets", 30 * DAY), self.number("inr", 30 * DAY)
        numbers = platelets is not None and platelets >= 100 and inr is not None and inr <= Fraction("1.4")
        on_warfarin = self.value("anticoagulant", 90 * DAY) in (None, "warfarin")
        today = self.number("inr", DAY) is not None or not on_warfarin
        return (self._anticoagulant() and numbers and today) or self.dispensed("bleeding_risk_today", *BLEEDING)

    def doses(self) -> list[dict[str, str]]:
        """The doses of the trial under way, or the last one, before this moment."""
        given = self.raw.get("administrations", {}).values()
        return [d for d in given if d["trial"] == self.trial() and moment(d["given_at"]) < self.at]

    def trial(self) -> int:
        return max((int(key) for key in self.raw.get("trials", {})), default=0)

    def _tolerated(self) -> bool:
        answer = self.value("tolerated", trial=self.trial()) if self.trial() else None
        return answer == "yes" or (
            answer is None and self.dispensed("trial_tolerated", "tolerated", trial=self.trial())
        )

    def _responded(self) -> bool:
        relief = self.relief()
        return (relief is not None and relief > 50) or (relief is None and self.dispensed("responded"))

    def relief(self) -> Fraction | None:
        """Percent of relief in the last trial, as a careful person would work it out by hand."""
        given = [d for d in self.raw.get("administrations", {}).values() if d["trial"] == self.trial()]
        given = [d for d in given if moment(d["given_at"]) <= self.at]
        if not given:
            return None
        first = min(moment(d["given_at"]) for d in given)
        base = self._baseline(first)
        after = {
            key: Fraction(o["number"])
            for key, o in self._scores().items()
            if o.get("trial") == self.trial() and any(self._felt(d, moment(o["observed_at"])) for d in given)
        }
        times = {self._scores()[key]["observed_at"] for key in after}
        if base is None or base == 0 or len(times) < 3:
            return None
        return (base - sum(after.values()) / len(after)) * 100 / base

    def _scores(self) -> dict[str, dict[str, str]]:
        return {
            key: o
            for key, o in self.raw.get("observations", {}).items()
            if o["item"] == "nrs" and "superseded_by" not in o and "number" in o and moment(o["observed_at"]) <= self.at
        }

    def _felt(self, dose: dict[str, str], at: datetime) -> bool:
        begins, lasts = EFFECT[dose["drug"]]
        given, out = moment(dose["given_at"]), self.raw["trials"][str(self.trial())].get("catheter_out_at")
        if dose["mode"] == "infusion":
            return given + begins <= at and (out is None or at <= moment(out) + lasts)
        return given + begins <= at <= given + lasts

    def _baseline(self, first: datetime) -> Fraction | None:
        before = [o for o in self._scores().values() if moment(o["observed_at"]) < first]
        before = [o for o in before if o.get("trial") in (None, self.trial())]
        if not before:
            return None
        last = max(moment(o["observed_at"]) for o in before)
        base = [o for o in before if moment(o["observed_at"]) > last - 7 * DAY]
        if len({_london(o["observed_at"]) for o in base}) < 4 or first - last > 14 * DAY:
            shot = self.raw["trials"][str(self.trial())]["method"] == "single_shot"
            base = [o for o in before if shot and first - moment(o["observed_at"]) <= DAY]
        if not base or self._changed(min(moment(o["observed_at"]) for o in base), first):
            return None
        return sum(Fraction(o["number"]) for o in base) / len(base)

    def _changed(self, start: datetime, first: datetime) -> bool:
        return any(
            o["item"] == "analgesics_changed"
            and "superseded_by" not in o
            and o.get("text") == "yes"
            and start < moment(o["observed_at"]) <= first
            for o in self.raw.get("observations", {}).values()
        )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _place(key: str) -> list[int]:
    return [int(part) for part in key.split(".")]


def _london(text: str) -> str:
    """The calendar day in London, by the rule and not by a library: summer time from 29 March to 25 October 2026."""
    at = moment(text)
    summer = datetime.fromisoformat("2026-03-29T01:00Z") <= at < datetime.fromisoformat("2026-10-25T01:00Z")
    return f"{at + (HOUR if summer else timedelta()):%Y-%m-%d}"
