"""Kinds of problems that belong to one part of the API each, told beside that part."""

from __future__ import annotations

from services.gateway.backtests.problem_kinds import BACKTESTS
from services.gateway.blocking.problem_kinds import BLOCKS
from services.gateway.callbacks.problem_kinds import CALLBACKS
from services.gateway.carts.problem_kinds import CARTS
from services.gateway.chat.problem_kinds import CHATS
from services.gateway.choices.problem_kinds import CHOICES
from services.gateway.codes.problem_kinds import CARDS, CODES
from services.gateway.contacts.problem_kinds import CONTACTS
from services.gateway.designs.problem_kinds import DESIGNS
from services.gateway.expiry.reinstatement_problems import REINSTATEMENTS
from services.gateway.expiry.sweep_problems import SWEEPS
from services.gateway.feedback.problem_kinds import FEEDBACK
from services.gateway.games.problem_kinds import GAMES
from services.gateway.households.problem_kinds import HOUSEHOLDS
from services.gateway.invitations.problem_kinds import INVITATIONS
from services.gateway.mass.problem_kinds import MASS
from services.gateway.messages.problem_kinds import MESSAGES
from services.gateway.mine.problem_kinds import MINE
from services.gateway.own_letters.problem_kinds import OWN_LETTERS
from services.gateway.places.problem_kinds import PLACES
from services.gateway.posts.problem_kinds import POSTS
from services.gateway.questionnaires.problem_kinds import QUESTIONNAIRES
from services.gateway.redemptions.problem_kinds import REDEMPTIONS
from services.gateway.scenarios.problem_kinds import SIMULATIONS
from services.gateway.sharing.problem_kinds import SHARING
from services.gateway.templates.problem_kinds import TEMPLATES
from services.gateway.trades.problem_kinds import TRADES
from services.gateway.webhooks.problem_kinds import WEBHOOKS

FAMILIES = (
    *BACKTESTS,
    *SWEEPS,
    *REINSTATEMENTS,
    *REDEMPTIONS,
    *MESSAGES,
    *MASS,
    *POSTS,
    *OWN_LETTERS,
    *SIMULATIONS,
    *PLACES,
    *INVITATIONS,
    *TEMPLATES,
    *DESIGNS,
    *CONTACTS,
    *MINE,
    *CODES,
    *CARDS,
    *CARTS,
    *BLOCKS,
    *TRADES,
    *CHOICES,
    *GAMES,
    *FEEDBACK,
    *QUESTIONNAIRES,
    *SHARING,
    *CHATS,
    *HOUSEHOLDS,
    *WEBHOOKS,
    *CALLBACKS,
)
