"""All that the gateway serves, part by part: routes are tried in this order."""

from __future__ import annotations

from services.gateway import api
from services.gateway.backtests import pages as pages_of_backtests
from services.gateway.backtests import routes as ways_to_backtests
from services.gateway.blocking import console as console_of_blocks
from services.gateway.blocking import routes as ways_to_blocks
from services.gateway.calculator import api as calculator_api
from services.gateway.callbacks import routes as ways_back
from services.gateway.carts import routes as ways_to_carts
from services.gateway.catalogue import console as catalogue_console
from services.gateway.catalogue import keeping_api, orders_api, reward_console, rewards_api, standing_api
from services.gateway.chat import console as console_of_chats
from services.gateway.chat import own_page as own_page_of_chats
from services.gateway.chat import routes as ways_to_chats
from services.gateway.choices import routes as ways_to_choices
from services.gateway.codes import card_routes as ways_to_gift_cards
from services.gateway.codes import console as console_of_codes
from services.gateway.codes import routes as ways_to_codes
from services.gateway.codes import stopping as ways_to_stop_codes
from services.gateway.confirming import routes as consents_confirmed
from services.gateway.contacts import export as ways_to_export
from services.gateway.contacts import preferences
from services.gateway.contacts import routes as ways_to_contacts
from services.gateway.designs import console as designer
from services.gateway.designs import looks as ways_to_looks
from services.gateway.designs import routes as ways_to_designs
from services.gateway.experiments import api as experiments_api
from services.gateway.experiments import console as experiments_console
from services.gateway.expiry import (
    approvals_console,
    boundary_api,
    breakage_api,
    exemptions_api,
    extension_api,
    forecast_api,
    reinstatement_api,
    reminder_api,
    sweep_api,
    sweep_plan_api,
    sweeps_console,
)
from services.gateway.feedback import console as console_of_feedback
from services.gateway.feedback import routes as ways_to_feedback
from services.gateway.files import routes as ways_in_for_files
from services.gateway.games import console as console_of_games
from services.gateway.games import ranking_api
from services.gateway.games import routes as ways_to_games
from services.gateway.households import routes as ways_to_households
from services.gateway.inbox import routes as inbox_api
from services.gateway.intake import console
from services.gateway.intake import routes as ways_in
from services.gateway.invitations import routes as invitations_routes
from services.gateway.landing import routes as landing_pages
from services.gateway.lapsing import routes as ways_of_lapsing
from services.gateway.live import routes as live
from services.gateway.mass import console as console_of_mass
from services.gateway.mass import routes as ways_to_mass
from services.gateway.members import challenges_api, merge_api, shopping_api
from services.gateway.members import console as members_console
from services.gateway.messages import letters as letters_by_post
from services.gateway.messages import outbox
from services.gateway.messages import routes as ways_to_messages
from services.gateway.mine import for_them as redeeming_for_members
from services.gateway.mine import opening as ways_to_own_pages
from services.gateway.mine import routes as own_pages
from services.gateway.mix import routes as mix_of_rewards
from services.gateway.own_letters import result_routes as ways_to_results
from services.gateway.own_letters import routes as ways_to_own_letters
from services.gateway.places import routes as places_routes
from services.gateway.planning import calendar_api, calendar_console, wizard
from services.gateway.posts import console as console_of_posts
from services.gateway.posts import routes as ways_to_posts
from services.gateway.public import routes as public
from services.gateway.questionnaires import routes as ways_to_questionnaires
from services.gateway.quotes import api as quote_api
from services.gateway.receipts import api as receipt_api
from services.gateway.receipts import parked_api
from services.gateway.redemptions import routes as ways_to_redemptions
from services.gateway.referrals import api as referral_api
from services.gateway.referrals import console as referral_console
from services.gateway.rules import campaign_api, programme_api, switch_api
from services.gateway.scenarios import console as scenarios_console
from services.gateway.scenarios import simulation_api
from services.gateway.segments import api as segments_api
from services.gateway.segments import console as segments_console
from services.gateway.sharing import routes as ways_to_share
from services.gateway.shelf import routes as shelf
from services.gateway.site import routes as site
from services.gateway.templates import api as templates_api
from services.gateway.templates import console as templates_console
from services.gateway.templates import media as ways_to_media
from services.gateway.trades import routes as ways_to_trades
from services.gateway.webhooks import console as pages_of_webhooks
from services.gateway.webhooks import routes as ways_to_webhooks

WAYS = (
    quote_api,  # first, for routes are tried in order and a till waits for this one
    ways_in,
    console,
    ways_in_for_files,
    ways_to_redemptions,
    rewards_api,
    standing_api,
    keeping_api,
    orders_api,
    ways_to_feedback,
    ways_to_questionnaires,
    mix_of_rewards,
    ways_to_codes,
    ways_to_stop_codes,
    ways_to_gift_cards,
    ways_to_carts,
    ways_to_own_pages,
    own_pages,
    own_page_of_chats,
    ways_to_trades,
    ways_to_households,
    ways_to_choices,
    ways_to_games,
    ranking_api,
    ways_to_share,
    ways_to_messages,
    ways_to_chats,
    letters_by_post,
    ways_to_mass,
    ways_to_posts,
    ways_to_own_letters,
    ways_to_results,
    api,
    merge_api,
    ways_to_blocks,
    extension_api,
    ways_of_lapsing,
    shopping_api,
    segments_api,
    challenges_api,
    experiments_api,
    parked_api,
    referral_api,
    referral_console,
    receipt_api,
    calculator_api,
    public,
    shelf,
    programme_api,
    campaign_api,
    switch_api,
    calendar_api,
    calendar_console,
    wizard,
    ways_to_webhooks,
    ways_back,
    inbox_api,
    ways_to_backtests,
    pages_of_backtests,
    pages_of_webhooks,
    outbox,
    live,
    members_console,
    redeeming_for_members,
    console_of_blocks,
    segments_console,
    console_of_feedback,
    catalogue_console,
    reward_console,
    experiments_console,
    scenarios_console,
    console_of_codes,
    console_of_games,
    console_of_mass,
    console_of_posts,
    console_of_chats,
    reminder_api,
    sweep_plan_api,
    sweep_api,
    reinstatement_api,
    approvals_console,
    exemptions_api,
    ways_to_contacts,
    ways_to_export,
    preferences,
    consents_confirmed,
    forecast_api,
    breakage_api,
    boundary_api,
    sweeps_console,
    templates_api,
    templates_console,
    simulation_api,
    places_routes,
    invitations_routes,
    ways_to_media,
    ways_to_designs,
    ways_to_looks,
    designer,
    landing_pages,
    site,
)
