"""What the notifier may do with each table, written out: what is not here, it may not."""

from __future__ import annotations

NOTIFIER: dict[str, str] = {
    "SELECT UPDATE(paused_until) UPDATE(state) UPDATE(state_at)": "notifier.webhook_endpoint",
    (
        "DELETE INSERT SELECT UPDATE(attempts) UPDATE(due_at) UPDATE(ended_at) UPDATE(epoch) UPDATE(failed) "
        "UPDATE(lease_until) UPDATE(state)"
    ): "notifier.webhook_message",
    "INSERT SELECT UPDATE(refused) UPDATE(segments)": "notifier.sms_day",
    "USAGE": "earning ledger members notifier platform redemption stream vault",
    "SELECT": """
        earning.member_day ledger.debt ledger.journal ledger.lot ledger.lot_now ledger.member ledger.movement
        members.member members.segment_member members.tier_standing notifier.design notifier.mass_member
        notifier.provider notifier.template platform.exchange_rate platform.programme platform.programme_version
        platform.source platform.tenant redemption.reward redemption.reward_order redemption.reward_use
        redemption.stock vault.person vault.profile
        """,
    "INSERT SELECT UPDATE(present)": "vault.consent",
    "INSERT SELECT UPDATE(sealed_key)": "vault.member_key",
    "SELECT UPDATE(alive) UPDATE(changed_at) UPDATE(reached_at) UPDATE(reason)": "vault.contact",
    "DELETE INSERT SELECT": "notifier.captured notifier.inbox notifier.webhook_attempt notifier.webhook_topic",
    "INSERT SELECT": "stream.dead_letter stream.outbox",
    "INSERT SELECT UPDATE": "stream.outbox_shard",
    "DELETE INSERT SELECT UPDATE(applied_at)": "notifier.feedback",
    "INSERT SELECT UPDATE(members)": "notifier.mass_count",
    "SELECT UPDATE(next_at)": "notifier.result_mail",
    "SELECT UPDATE(begins_at) UPDATE(ended_at) UPDATE(state)": "notifier.post",
    (
        "INSERT SELECT UPDATE(attempts) UPDATE(detail) UPDATE(due_at) UPDATE(ended_at) UPDATE(lease_until) "
        "UPDATE(provider_id) UPDATE(reason) UPDATE(state) UPDATE(tried_at)"
    ): "notifier.post_page",
    (
        "INSERT SELECT UPDATE(attempts) UPDATE(detail) UPDATE(due_at) UPDATE(ended_at) UPDATE(lease_until) "
        "UPDATE(reason) UPDATE(sealed) UPDATE(state)"
    ): "notifier.own_letter",
    (
        "INSERT SELECT UPDATE(attempts) UPDATE(clicked_at) UPDATE(delivered_at) UPDATE(detail) UPDATE(digest) "
        "UPDATE(due_at) UPDATE(ended_at) UPDATE(epoch) UPDATE(follow_at) UPDATE(handed_at) UPDATE(holder) "
        "UPDATE(language) UPDATE(lapses) UPDATE(lease_until) UPDATE(opened_at) UPDATE(provider_id) "
        "UPDATE(reason) UPDATE(state) UPDATE(trail)"
    ): "notifier.delivery",
    "INSERT SELECT UPDATE(ended_at) UPDATE(reason) UPDATE(state)": "notifier.scenario_act",
    (
        "DELETE SELECT UPDATE(attempts) UPDATE(ended_at) UPDATE(lease_until) UPDATE(result) UPDATE(state)"
    ): "notifier.simulation",
    (
        "INSERT SELECT UPDATE(approval_above) UPDATE(begins_at) UPDATE(count_after) UPDATE(counted) "
        "UPDATE(counted_at) UPDATE(ended_at) UPDATE(laid) UPDATE(laid_at) UPDATE(lay_after) UPDATE(members) "
        "UPDATE(paced_at) UPDATE(paced_laid) UPDATE(sent_at) UPDATE(sent_by) UPDATE(state)"
    ): "notifier.mass",
}
