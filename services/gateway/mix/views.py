"""What is told of a mix of rewards."""

from __future__ import annotations

from datetime import datetime

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.gateway.mix.measured import Mix, RewardFigures
from services.gateway.mix.proposing import Code, Proposal, proposals
from services.gateway.mix.texts import in_words
from services.gateway.views import View

_ROW: JsonDict = {
    "reference": "mug",
    "title": "A mug",
    "category": "home",
    "kind": "merchandise",
    "price": 300,
    "orders": 12,
    "pieces": 14,
    "members": 11,
    "points": 4200,
    "cost_minor": 2100,
    "by_level": {"gold": 4, "": 10},
    "wished": 3,
    "reach_percent": 42,
    "mean_hundredths": 425,
    "ratings": 6,
    "sold_out": False,
}
_PROPOSAL: JsonDict = {
    "code": "wished-too-dear",
    "reference": "mug",
    "text": "3 members wish for “A mug”, and few have the 300 points: let money stand beside points, or make it "
    "cheaper.",
    "figures": {"title": "A mug", "wished": 3, "price": 300},
}


class MixRow(View):
    """A reward that is shown now, with what became of it."""

    model_config = ConfigDict(json_schema_extra={"example": _ROW})

    reference: str = Field(description="The reward.")
    title: str
    category: str
    kind: str = Field(description="Which of the sixteen kinds it is.")
    price: int = Field(description="The points of its cheapest price for anybody.")
    orders: int = Field(description="How many orders there were.")
    pieces: int = Field(description="How many pieces they had, without what was given up.")
    members: int = Field(description="How many members ordered it.")
    points: int = Field(description="The points that were spent on it.")
    cost_minor: int | None = Field(description="What these are worth, in minor units; null where no worth is said.")
    by_level: dict[str, int] = Field(description="Pieces by the level of who ordered; empty for who has none.")
    wished: int = Field(description="How many members wish for it.")
    reach_percent: int = Field(description="How many in a hundred members have the points for it.")
    mean_hundredths: int | None = Field(description="The mean of stars in hundredths; null where nobody rated it.")
    ratings: int = Field(description="How many rated it.")
    sold_out: bool = Field(description="Whether none is left.")


class ProposalView(View):
    """Something that would make the mix better."""

    model_config = ConfigDict(json_schema_extra={"example": _PROPOSAL})

    code: Code = Field(description="What it is.")
    reference: str | None = Field(description="Of which reward; null of all.")
    text: str = Field(description="It in words.")
    figures: dict[str, int | str] = Field(description="What it follows from.")


class MixView(View):
    """The mix of a programme's rewards: what is asked for, by whom, at which cost, within whose reach."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "programme": "main",
                "since": "2024-01-01T00:00:00Z",
                "members": 240,
                "ordering_percent": 12,
                "reached_percent": 61,
                "middle_points": 180,
                "levels": {"gold": 20, "": 220},
                "kinds": {"merchandise": 14, "digital": 3},
                "data": [_ROW],
                "proposals": [_PROPOSAL],
            }
        }
    )

    programme: str
    since: datetime = Field(description="From when on orders are counted.")
    members: int = Field(description="How many members there are.")
    ordering_percent: int = Field(description="How many in a hundred of them ordered something.")
    reached_percent: int = Field(description="How many in a hundred have the points for anything that is for all.")
    middle_points: int = Field(description="The points that half of those with any have at least.")
    levels: dict[str, int] = Field(description="How many members each level has; empty for none.")
    kinds: dict[str, int] = Field(description="How many pieces were ordered of each kind on offer.")
    data: tuple[MixRow, ...] = Field(description="The rewards that are shown now, the most asked for first.")
    proposals: tuple[ProposalView, ...] = Field(description="What would make it better.")


def mix_view(mix: Mix, programme: str, since: datetime, language: str) -> MixView:
    """Show a mix with its proposals in the words of a language."""
    return MixView(
        programme=programme,
        since=since,
        members=mix.members,
        ordering_percent=percent(mix.ordering, mix.members),
        reached_percent=percent(mix.reached, mix.members),
        middle_points=mix.middle,
        levels=dict(mix.levels),
        kinds=dict(mix.kinds),
        data=tuple(_row(each, mix.members) for each in mix.rewards),
        proposals=tuple(_proposal(each, language) for each in proposals(mix)),
    )


def percent(part: int, whole: int) -> int:
    """How many in a hundred, rounded down; of nothing none."""
    return part * 100 // whole if whole else 0


def _row(each: RewardFigures, members: int) -> MixRow:
    mean = each.liking.mean
    return MixRow(
        reference=each.reference, title=each.title, category=each.category, kind=each.kind, price=each.price,
        orders=each.asked.orders, pieces=each.asked.pieces, members=each.asked.members, points=each.asked.points,
        cost_minor=each.cost_minor, by_level={level: one.pieces for level, one in each.by_level.items()},
        wished=each.wished, reach_percent=percent(each.reach, members),
        mean_hundredths=None if mean is None else int(mean * 100), ratings=each.liking.count, sold_out=each.sold_out,
    )  # fmt: skip


def _proposal(each: Proposal, language: str) -> ProposalView:
    return ProposalView(
        code=each.code, reference=each.reference, text=in_words(each, language), figures=each.figures
    )  # fmt: skip
