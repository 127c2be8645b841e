"""All that is known under a receipt number, and what of it stands.

Facts are folded by their own time, then rank, then key, never by their arrival: whatever comes late, twice or in the
wrong order, the same receipt stands in the end. A story is stored with its receipt as soon as anything but a plain
purchase has happened; it holds no personal data, for identifiers of persons are hashed in the facts already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property, reduce
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from libs.codes.proof import read_verified
from libs.contracts.codec import Canonical
from libs.contracts.events import PurchaseCompletedV1
from libs.promotions import basket
from libs.promotions.basket import NOTHING, Returned
from libs.promotions.seen import Seen

_read_purchase = Canonical(PurchaseCompletedV1).read


class Content(Struct, frozen=True, omit_defaults=True, dict=True):
    """What a receipt said was bought: its purchase, or a correction of it. `facts` is the payload in canonical JSON.

    It is read once however often it is looked at, which happens many times while a batch is decided.
    """

    key: UUID
    source: str
    id: str
    at: datetime
    purchased_at: datetime
    arrived_at: datetime
    facts: msgspec.Raw
    corrects: bool = False

    @cached_property
    def purchase(self) -> Any:
        """The payload, as the codec decodes it."""
        return _read_purchase(bytes(self.facts))

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """The identifiers on it as they are looked up; those of persons lie in its facts by their hashes."""
        return tuple([f"{each.kind}:{each.value}" for each in self.purchase.identifiers])


class Void(Struct, frozen=True, array_like=True):
    """The receipt never counted."""

    key: UUID
    at: datetime


class LineReturned(Struct, frozen=True, array_like=True):
    """What of one line came back; neither quantity nor amount is the whole line."""

    line: int
    quantity: int | None = None
    amount_minor: int | None = None


class Return(Struct, frozen=True, array_like=True):
    """Goods or money that went back; no lines and no amount is the whole receipt."""

    key: UUID
    at: datetime
    lines: tuple[LineReturned, ...] = ()
    amount_minor: int | None = None


class Signal(Struct, frozen=True, array_like=True):
    """Something that came to pass with the purchase, such as its delivery."""

    key: UUID
    at: datetime
    activity: str


class Claim(Struct, frozen=True, array_like=True):
    """Somebody says that the receipt is theirs."""

    key: UUID
    at: datetime
    member_id: UUID
    total_minor: int | None = None


class Gained(Struct, frozen=True, array_like=True):
    """A lot that the receipt brought, and how much of it was taken back since."""

    lot: int
    points: int
    reversed: int = 0


class Account(Struct, frozen=True, array_like=True):
    """What a receipt has done to one wallet of its owner.

    Of what had to be taken back, `forgiven` was given up by policy or by an operator, `lapsed` had lapsed with the
    receipt's own lots, and `short` waits for an operator's word. `gone` lapsed in a ledger that the points have left
    since, whether or not it was counted yet; a lot 0 stands for what did not come along from there.
    """

    wallet: str
    gained: tuple[Gained, ...] = ()
    forgiven: int = 0
    lapsed: int = 0
    short: int = 0
    gone: int = 0

    @property
    def standing(self) -> int:
        """What the member has of it, as far as it is to be settled."""
        return sum([gain.points - gain.reversed for gain in self.gained]) - self.forgiven - self.lapsed - self.short


class Story(Struct, frozen=True, omit_defaults=True):
    """The facts of a receipt number, and what was done about them.

    `owner` has the points of it; `shown` are the identifiers that led to the owner. `version`, `tier`, `rate`,
    `history`, `segments` and the state of the owner's `profile` are those that the receipt was first judged by, and
    is judged by for ever, with the `switches` that were off. `uses` is what counts against limits, `granted` what the
    owner has of it beside points: campaign, kind, reference and quantity. The lots lie in the ledger of the owner, or
    in that of `ledger`, with whom the owner was merged.
    """

    contents: tuple[Content, ...] = ()
    voids: tuple[Void, ...] = ()
    returns: tuple[Return, ...] = ()
    signals: tuple[Signal, ...] = ()
    claims: tuple[Claim, ...] = ()
    owner: UUID | None = None
    shown: tuple[str, ...] = ()
    accounts: tuple[Account, ...] = ()
    uses: tuple[tuple[str, int, int], ...] = ()
    version: int | None = None
    tier: str | None = None
    rate: tuple[int, int] | None = None
    granted: tuple[tuple[str, str, str, int], ...] = ()
    word: Literal["award", "refuse"] | None = None
    history: Seen | None = None
    switches: tuple[str, ...] = ()
    profile: int | None = None
    segments: tuple[str, ...] | None = None
    ledger: UUID | None = None


class Stands(Struct, frozen=True):
    """The content that counts, if any, and what was returned of it; `voided` when it was, and nothing came after.

    `over` are carts that the receipt has had and given back: they count for nothing that is said of it later.
    """

    content: Content | None
    returned: Returned
    voided: bool
    over: frozenset[UUID] = frozenset()

    @property
    def cart_id(self) -> UUID | None:
        """The cart that the receipt has."""
        cart_id = None if self.content is None else _cart_of(self.content)
        return None if cart_id in self.over else cart_id

    def purchase(self) -> Any | None:
        """What is left of the purchase; None when nothing is."""
        if self.content is None:
            return None
        purchase = self.content.purchase
        if self.over and purchase.codes and self.cart_id is None:
            purchase = msgspec.structs.replace(purchase, codes=())
        return basket.remaining(purchase, self.returned)


def stands(story: Story) -> Stands:
    """Fold the facts: the first purchase since the last void, or its last correction, less what came back."""
    if len(story.contents) == 1 and not story.voids:  # nearly always, and the order of returns makes no difference
        return Stands(story.contents[0], reduce(basket.add, story.returns, NOTHING), False)
    content: Content | None = None
    returned, voided, over = NOTHING, False, set[UUID | None]()
    for fact in facts_in_order(story):
        match fact:
            case Content(corrects=False) if content is not None:
                continue  # typed twice, or corrected already
            case Content():
                over |= _cart_left(content, fact)
                content, voided = fact, False
            case Void():
                over |= _cart_left(content, None)
                content, returned, voided = None, NOTHING, True
            case Return():
                returned = basket.add(returned, fact)
    return Stands(content, returned, voided, frozenset([each for each in over if each is not None]))


def _cart_left(before: Content | None, after: Content | None) -> set[UUID | None]:
    """The cart of a content, where what is said in its place does not bear it."""
    carts = [None if each is None else _cart_of(each) for each in (before, after)]
    return {carts[0]} - {carts[1]}


def _cart_of(content: Content) -> UUID | None:
    token = content.purchase.cart
    return None if token is None else read_verified(token).cart_id


def facts_in_order(story: Story) -> list[Content | Void | Return]:
    """The facts that say what stands, as they are folded."""
    return sorted(_facts(story), key=_order)


def first_content(story: Story) -> Content | None:
    """The first that was said of what was bought; None when nothing was."""
    return min(story.contents, key=_order, default=None)


def repeats_purchase(story: Story, content: Content) -> bool:
    """Whether a purchase came under a number that another purchase has already, and does not count."""
    return not content.corrects and stands(story).content is not content


_RANKS: dict[type, int] = {Content: 0, Return: 1, Void: 2}


def _facts(story: Story) -> Iterator[Content | Void | Return]:
    yield from story.contents
    yield from story.voids
    yield from story.returns


def _order(fact: Content | Void | Return) -> tuple[datetime, int, bool, bytes]:
    corrects = isinstance(fact, Content) and fact.corrects
    return fact.at, _RANKS[type(fact)], corrects, fact.key.bytes


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Story).decode


def write_story(story: Story) -> bytes:
    """Return a story as it is stored."""
    return _encode(story)


def read_story(stored: bytes) -> Story:
    """Return what `write_story` wrote.

    Raises:
        msgspec.MsgspecError: it is no story.
    """
    return _decode(stored)


def account_of(story: Story, wallet: str) -> Account:
    """What the receipt has done to a wallet; an empty account when nothing."""
    return next((account for account in story.accounts if account.wallet == wallet), Account(wallet))


def with_account(accounts: Iterable[Account], changed: Account) -> tuple[Account, ...]:
    """Replace the account of one wallet, in the order of their names."""
    others = [account for account in accounts if account.wallet != changed.wallet]
    return tuple(sorted([*others, changed], key=lambda account: account.wallet))
