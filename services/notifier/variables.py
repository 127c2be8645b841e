"""What a template is told of one member: facts as typed values. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from libs.contacts.person import Person
from libs.messages.values import Money, Points
from libs.promotions.rates import digits
from services.notifier.domain import Facts
from services.notifier.programmes import Rules

Values = Mapping[str, object]


def variables(message: str, facts: Facts, rules: Rules, person: Person, unsubscribe: str, now: datetime) -> Values:
    """Return the values of a message by name; what is not known is None."""
    return {
        "given_name": person.given_name,
        "programme": rules.name,
        "brand": rules.brand,
        "tier": facts.get("tier"),
        "segments": facts.get("segments", ()),
        "preferences": unsubscribe,
        "unsubscribe": unsubscribe,
        "rewards": facts.get("rewards", ()),
        "products": facts.get("products", ()),
        **_OWN.get(message, _campaign)(facts, rules, now),
    }


def _reminder(facts: Facts, rules: Rules, now: datetime) -> Values:
    last_day = date.fromisoformat(facts["last_day"])
    today = now.astimezone(ZoneInfo(facts["zone"])).date()
    return {
        "points": _points(facts, rules),
        "balance": _points(facts, rules, "balance"),
        "last_day": last_day,
        "days_left": max((last_day - today).days, 0),
        "value": _worth(facts, rules),
    }


def _credited(facts: Facts, rules: Rules, now: datetime) -> Values:
    active = datetime.fromisoformat(facts["active_from"])
    return {
        "points": _points(facts, rules),
        "balance": _points(facts, rules, "balance"),
        "active_from": active.astimezone(rules.zone).date() if active > now else None,
    }


def _expired(facts: Facts, rules: Rules, now: datetime) -> Values:
    before = datetime.fromisoformat(facts["boundary"]).timestamp() - 1
    last_day = datetime.fromtimestamp(before, rules.zone).date()
    return {"points": _points(facts, rules), "balance": _points(facts, rules, "balance"), "last_day": last_day}


def _granted(facts: Facts, rules: Rules, now: datetime) -> Values:
    return {"reward": facts.get("reward", facts["reference"])}


def _moved(facts: Facts, rules: Rules, now: datetime) -> Values:
    return {**_granted(facts, rules, now), "stage": facts["stage"], "quantity": facts["quantity"]}


def _in_reach(facts: Facts, rules: Rules, now: datetime) -> Values:
    return {**_granted(facts, rules, now), "balance": _first(facts, rules) or Points(0)}


def _joined(facts: Facts, rules: Rules, now: datetime) -> Values:
    return {"balance": _first(facts, rules)}


def _first(facts: Facts, rules: Rules) -> Points | None:
    """What a member has in the first wallet; None for nothing."""
    wallet = next(iter(rules.scales))
    held = facts["wallets"].get(wallet)
    return Points(held.available, rules.scales[wallet]) if held is not None and held.available else None


def _reached(facts: Facts, rules: Rules, now: datetime) -> Values:
    return {"new_tier": facts["level"], "until": _last_day(facts["until"], rules), "benefits": ()}


def _dropping(facts: Facts, rules: Rules, now: datetime) -> Values:
    return {
        "current_tier": facts["level"],
        "lower_tier": facts["to_level"],
        "last_day": _last_day(facts["until"], rules),
    }


def _campaign(facts: Facts, rules: Rules, now: datetime) -> Values:
    """What any other message may tell, of a scenario or to many: its title, its text, and what the member has."""
    title = facts.get("title") or rules.name
    wallet = facts.get("wallet") or next(iter(rules.scales))
    held = facts["wallets"].get(wallet)
    return {
        "headline": title,
        "message": facts.get("text") or title,
        "button": facts.get("button"),
        "link": facts.get("link"),
        "balance": Points(0 if held is None else held.available, rules.scales.get(wallet, 0)),
    }


def _points(facts: Facts, rules: Rules, name: str = "points") -> Points:
    return Points(facts[name], rules.scales.get(facts["wallet"], 0))


def _worth(facts: Facts, rules: Rules) -> Money | None:
    worth = rules.worth.get(facts["wallet"])
    if worth is None:
        return None
    return Money(facts["points"] * worth[1] // worth[0], rules.currency, digits(rules.currency))


def _last_day(until: str | None, rules: Rules) -> date | None:
    """The day on which something that ends at an instant is still so."""
    if until is None:
        return None
    return datetime.fromtimestamp(datetime.fromisoformat(until).timestamp() - 1, rules.zone).date()


_OWN: Mapping[str, Callable[[Facts, Rules, datetime], Values]] = {
    "expiry_reminder": _reminder,
    "points_credited": _credited,
    "points_expired": _expired,
    "reward_granted": _granted,
    "order_moved": _moved,
    "reward_in_reach": _in_reach,
    "welcome": _joined,
    "tier_reached": _reached,
    "tier_about_to_drop": _dropping,
}
