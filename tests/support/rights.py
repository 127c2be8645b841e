"""What each role may do with each table, written out: what is not here, nobody may."""

from __future__ import annotations

from tests.support.notifier_rights import NOTIFIER

RIGHTS: dict[str, dict[str, str]] = {
    "earning": {
        "USAGE": "earning earning.page ledger members platform redemption stream vault",
        "SELECT": """
            ledger.journal ledger.lot_now members.block members.exemption members.list_member members.referral_code
            platform.exchange_rate platform.programme platform.programme_version platform.source platform.tenant
            redemption.code_pool
            """,
        "SELECT UPDATE(redeemed_at) UPDATE(state) UPDATE(uses)": "redemption.code",
        "SELECT UPDATE(said_at) UPDATE(word)": "redemption.cart_word",
        (
            "INSERT SELECT UPDATE(changed_at) UPDATE(changes) UPDATE(consented) UPDATE(converted_at) "
            "UPDATE(counted) UPDATE(reasons) UPDATE(state) UPDATE(word)"
        ): "earning.referral",
        "INSERT SELECT UPDATE(story)": "earning.referral_account",
        "INSERT SELECT UPDATE(rules) UPDATE(seen_at) UPDATE(switches)": "earning.worker",
        "INSERT SELECT UPDATE(until) UPDATE(version)": "earning.told_programme",
        "INSERT SELECT": """
            earning.decision_page earning.decision_page_rest earning.receipt_event earning.referral_change
            earning.unpaid_receipt ledger.allocation ledger.movement ledger.waiver members.mark members.member
            members.same_person members.tier_change platform.kill_switch redemption.code_use stream.dead_letter
            stream.outbox
            """,
        "INSERT SELECT UPDATE(page)": "earning.inbox",
        (
            "INSERT SELECT UPDATE(event_key) UPDATE(member_id) UPDATE(page) UPDATE(programme_id) UPDATE(story)"
        ): "earning.receipt",
        "INSERT SELECT UPDATE": "stream.outbox_shard stream.position",
        (
            "INSERT SELECT UPDATE(at) UPDATE(enrolled_at) UPDATE(member_id) UPDATE(open) UPDATE(place)"
        ): "earning.occasion_clock",
        "INSERT SELECT UPDATE(present)": "vault.consent vault.profile",
        "INSERT SELECT UPDATE(sealed_key)": "vault.member_key",
        (
            "INSERT SELECT UPDATE(country) UPDATE(family_name) UPDATE(given_name) UPDATE(language) "
            "UPDATE(recorded_at) UPDATE(zone)"
        ): "vault.person",
        "DELETE INSERT SELECT UPDATE(address) UPDATE(told_at)": "vault.contact",
        "INSERT SELECT UPDATE(used)": "earning.counter",
        "INSERT SELECT UPDATE(told_at)": "earning.budget_reached members.segment_change",
        (
            "INSERT SELECT UPDATE(held) UPDATE(now_active_from) UPDATE(now_expires_at) UPDATE(pending) "
            "UPDATE(remaining)"
        ): "ledger.lot",
        "DELETE INSERT SELECT UPDATE(cause)": "earning.referral_waiting",
        "DELETE INSERT SELECT": "earning.parked_receipt earning.unclaimed_receipt members.segment_member",
        "DELETE INSERT SELECT UPDATE(due_at) UPDATE(reason) UPDATE(urgent)": "members.segment_look",
        "INSERT SELECT UPDATE(after_member) UPDATE(done) UPDATE(programme_version) UPDATE(rules)": """
            members.exemption_pass members.segment_pass
            """,
        (
            "INSERT SELECT UPDATE(activates_at) UPDATE(keeps) UPDATE(lapses_at) UPDATE(merged) UPDATE(owing) "
            "UPDATE(seq) UPDATE(tier)"
        ): "ledger.member",
        (
            "INSERT SELECT UPDATE(leads_to) UPDATE(passed) UPDATE(returned) UPDATE(undone_at) UPDATE(undone_by)"
        ): "members.merge",
        "INSERT SELECT UPDATE(member_id) UPDATE(recorded_at)": "members.identifier",
        (
            "INSERT SELECT UPDATE(changes) UPDATE(due_at) UPDATE(given) UPDATE(level) UPDATE(seen_on) "
            "UPDATE(since) UPDATE(until) UPDATE(warned)"
        ): "members.tier_standing",
        "DELETE INSERT SELECT UPDATE(parts) UPDATE(points) UPDATE(spend_minor) UPDATE(visits)": "earning.member_day",
        "INSERT": "ledger.loan",
        "INSERT SELECT UPDATE(amount) UPDATE(due_at) UPDATE(lent) UPDATE(share) UPDATE(since)": "ledger.debt",
    },
    "expiry": {
        "USAGE": "earning expiry ledger members platform stream",
        "SELECT": """
            earning.decision_page earning.inbox ledger.debt ledger.loan ledger.lot_now members.exemption_pass
            members.segment_member platform.exchange_rate platform.programme platform.programme_version platform.source
            platform.tenant
            """,
        "INSERT SELECT": """
            expiry.boundary expiry.forecast expiry.origin_mix expiry.origin_place ledger.allocation ledger.movement
            ledger.waiver stream.outbox
            """,
        "INSERT SELECT UPDATE": "expiry.followed expiry.origin stream.outbox_shard",
        "INSERT SELECT UPDATE(as_of) UPDATE(outlook)": "expiry.latest_forecast",
        "SELECT UPDATE(now_expires_at) UPDATE(remaining)": "ledger.lot",
        "SELECT UPDATE(lapses_at) UPDATE(seq)": "ledger.member",
        (
            "INSERT SELECT UPDATE(approved_at) UPDATE(approved_by) UPDATE(asked) UPDATE(asked_by) "
            "UPDATE(ended_at) UPDATE(lapsed) UPDATE(members) UPDATE(spared) UPDATE(started_at) UPDATE(state) "
            "UPDATE(told_at) UPDATE(waived)"
        ): "expiry.sweep",
        "SELECT UPDATE(state)": "expiry.reinstatement",
        "SELECT UPDATE(sent)": "expiry.reinstatement_share",
        (
            "INSERT SELECT UPDATE(after) UPDATE(done) UPDATE(epoch) UPDATE(finished) UPDATE(holder) "
            "UPDATE(lease_until) UPDATE(left_alone) UPDATE(members)"
        ): "expiry.chunk",
        "INSERT SELECT UPDATE(ended_at) UPDATE(state)": "expiry.reminder",
        (
            "INSERT SELECT UPDATE(epoch) UPDATE(finished) UPDATE(holder) UPDATE(lease_until) UPDATE(told)"
        ): "expiry.reminder_chunk",
        (
            "DELETE INSERT SELECT UPDATE(held) UPDATE(lots) UPDATE(points) UPDATE(repays) UPDATE(spared)"
        ): "expiry.foreseen",
    },
    "gateway": {
        (
            "INSERT SELECT UPDATE(again_at) UPDATE(asked_at) UPDATE(asked_by) UPDATE(at_points) UPDATE(barred) "
            "UPDATE(barred_at) UPDATE(is_on) UPDATE(repeats) UPDATE(seen)"
        ): "redemption.standing_order",
        "USAGE": "earning expiry gateway ledger members notifier platform redemption stream vault",
        "SELECT": """
            earning.budget_reached earning.counter earning.decision_page earning.inbox earning.member_day
            earning.parked_receipt earning.receipt earning.receipt_event earning.referral earning.referral_change
            earning.unclaimed_receipt earning.unpaid_receipt expiry.chunk expiry.followed expiry.forecast
            expiry.foreseen expiry.latest_forecast expiry.origin expiry.origin_mix expiry.origin_place expiry.reminder
            expiry.reminder_chunk ledger.allocation ledger.debt ledger.journal ledger.loan ledger.lot ledger.lot_now
            ledger.movement ledger.waiver members.identifier members.member members.merge members.segment_change
            members.segment_member members.tier_change members.tier_standing notifier.captured notifier.delivery
            notifier.scenario_act notifier.sms_day platform.programme platform.source platform.tenant redemption.badge
            redemption.badge_award redemption.bill redemption.cart redemption.choice redemption.code
            redemption.code_miss redemption.code_use redemption.game redemption.game_bid redemption.game_spin
            redemption.game_stock redemption.game_ticket redemption.game_win redemption.gift_card
            redemption.gift_card_entry redemption.household redemption.household_part redemption.housemate
            redemption.redemption redemption.reward_answer redemption.reward_order redemption.reward_step
            redemption.reward_use redemption.trade stream.outbox_shard stream.position vault.profile
            """,
        "INSERT SELECT UPDATE(lifted_at) UPDATE(lifted_by) UPDATE(note)": "members.block",
        "SELECT UPDATE(changed_at) UPDATE(paused) UPDATE(revision)": "redemption.code_pool",
        "INSERT SELECT": """
            expiry.reinstatement_share gateway.invitation_asked gateway.page_opened members.referral_code
            notifier.design notifier.feedback notifier.mass_member notifier.media notifier.own_letter
            notifier.simulation notifier.template platform.exchange_rate platform.programme_version redemption.reward
            """,
        "INSERT SELECT UPDATE(free)": "redemption.stock",
        "INSERT SELECT UPDATE(rated_at) UPDATE(sealed) UPDATE(stars)": "redemption.rating",
        "INSERT SELECT UPDATE(document) UPDATE(kept_at) UPDATE(kept_by)": "gateway.chat_desk gateway.questionnaire",
        (
            "DELETE INSERT SELECT UPDATE(assigned_key) UPDATE(assigned_to) UPDATE(change) UPDATE(last_at) "
            "UPDATE(member_read) UPDATE(member_told) UPDATE(seen_at) UPDATE(state) UPDATE(state_at) "
            "UPDATE(state_by) UPDATE(unread) UPDATE(unread_since)"
        ): "gateway.chat",
        "INSERT SELECT UPDATE(filled_at)": "gateway.questionnaire_filled",
        "INSERT SELECT UPDATE(decided_at) UPDATE(decided_by) UPDATE(state)": "expiry.reinstatement",
        "INSERT SELECT UPDATE(ended_at) UPDATE(ended_by)": "members.exemption",
        "SELECT UPDATE(keeps)": "ledger.member",
        "INSERT SELECT UPDATE(on_at) UPDATE(on_by) UPDATE(on_note)": "platform.kill_switch",
        "SELECT(reason) SELECT(recorded_at) SELECT(tenant_id) SELECT(topic)": "stream.dead_letter",
        "SELECT UPDATE(asked) UPDATE(asked_by)": "expiry.sweep",
        "INSERT SELECT UPDATE(answer) UPDATE(answered_at) UPDATE(text_version)": "gateway.invitation",
        "SELECT UPDATE(last_used_at)": "gateway.api_key",
        "SELECT UPDATE(read_at)": "notifier.inbox",
        "INSERT SELECT UPDATE(signups) UPDATE(visits)": "gateway.page_day",
        "DELETE INSERT SELECT UPDATE(revision) UPDATE(saved_at) UPDATE(saved_by) UPDATE(source)": (
            "notifier.design_draft"
        ),
        "DELETE INSERT SELECT UPDATE(due_at) UPDATE(ended_at) UPDATE(failed) UPDATE(state)": "notifier.webhook_message",
        "DELETE SELECT": "notifier.mass_count notifier.webhook_attempt",
        (
            "INSERT SELECT UPDATE(approval_above) UPDATE(count_after) UPDATE(counted) UPDATE(counted_at) "
            "UPDATE(decided_at) UPDATE(decided_by) UPDATE(ended_at) UPDATE(members) UPDATE(paced_at) "
            "UPDATE(sent_at) UPDATE(sent_by) UPDATE(starts_at) UPDATE(state)"
        ): "notifier.mass",
        (
            "DELETE INSERT SELECT UPDATE(kind) UPDATE(set_at) UPDATE(set_by) UPDATE(settings) UPDATE(version)"
        ): "notifier.provider",
        (
            "INSERT SELECT UPDATE(decided_at) UPDATE(decided_by) UPDATE(ended_at) UPDATE(sent_at) UPDATE(sent_by) "
            "UPDATE(state) UPDATE(two_people)"
        ): "notifier.post",
        "SELECT UPDATE(attempts) UPDATE(due_at) UPDATE(ended_at) UPDATE(state)": "notifier.post_page",
        "INSERT SELECT UPDATE(present)": "vault.consent",
        "INSERT SELECT UPDATE(sealed_key)": "vault.member_key",
        (
            "INSERT SELECT UPDATE(country) UPDATE(family_name) UPDATE(given_name) UPDATE(language) "
            "UPDATE(recorded_at) UPDATE(zone)"
        ): "vault.person",
        (
            "DELETE INSERT SELECT UPDATE(address) UPDATE(alive) UPDATE(changed_at) UPDATE(reason) UPDATE(told_at)"
        ): "vault.contact",
        (
            "DELETE INSERT SELECT UPDATE(attempt) UPDATE(body) UPDATE(fingerprint) UPDATE(location) "
            "UPDATE(started_at) UPDATE(status)"
        ): "gateway.idempotency",
        "DELETE INSERT SELECT": """
            gateway.backtest_part gateway.chat_message gateway.file_reject gateway.session_ended members.list_member
            notifier.result_mail redemption.wish
            """,
        (
            "DELETE INSERT SELECT UPDATE(done) UPDATE(ended_at) UPDATE(epoch) UPDATE(failure) UPDATE(items) "
            "UPDATE(lease_until) UPDATE(stage) UPDATE(state) UPDATE(summary) UPDATE(total)"
        ): "gateway.backtest",
        "INSERT SELECT UPDATE(due_at) UPDATE(reason) UPDATE(urgent)": "members.segment_look",
        (
            "DELETE INSERT SELECT UPDATE(began_at) UPDATE(began_bytes) UPDATE(began_read) UPDATE(bytes_read) "
            "UPDATE(ended_at) UPDATE(epoch) UPDATE(failure) UPDATE(lease_until) UPDATE(line) UPDATE(moved_at) "
            "UPDATE(place) UPDATE(published) UPDATE(read) UPDATE(rejected) UPDATE(state)"
        ): "gateway.file",
        (
            "DELETE INSERT SELECT UPDATE(asked_at) UPDATE(description) UPDATE(event_types) UPDATE(old_secret) "
            "UPDATE(old_until) UPDATE(paused_until) UPDATE(secret) UPDATE(state) UPDATE(state_at) UPDATE(style) "
            "UPDATE(url)"
        ): "notifier.webhook_endpoint",
        "INSERT SELECT UPDATE(opened) UPDATE(shared_at)": "gateway.share",
        "DELETE INSERT SELECT UPDATE(confirmed_at) UPDATE(confirmed_text)": "vault.consent_asked",
    },
    "redemption": {
        "USAGE": "earning ledger members platform redemption stream",
        "SELECT": """
            earning.referral ledger.lot_now members.block members.list_member members.member members.segment_member
            members.tier_standing platform.exchange_rate platform.programme platform.programme_version platform.source
            platform.tenant redemption.reward
            """,
        "SELECT UPDATE(passed)": "members.merge",
        "INSERT": "ledger.allocation ledger.loan ledger.movement ledger.waiver",
        "INSERT SELECT": """
            redemption.game_seed redemption.game_spin redemption.game_win redemption.gift_card_entry
            redemption.reward_answer redemption.reward_step redemption.trade stream.dead_letter stream.outbox
            """,
        "SELECT UPDATE(free) UPDATE(reserved)": "redemption.stock",
        (
            "SELECT UPDATE(again_at) UPDATE(barred) UPDATE(barred_at) UPDATE(done) UPDATE(done_at) UPDATE(is_on) "
            "UPDATE(order_id) UPDATE(seen)"
        ): "redemption.standing_order",
        "SELECT UPDATE(seen) UPDATE(told_at)": "redemption.wish",
        "INSERT SELECT UPDATE(used)": "redemption.reward_use redemption.trade_use",
        (
            "INSERT SELECT UPDATE(cancelled) UPDATE(changed_at) UPDATE(issued) UPDATE(money_back) "
            "UPDATE(ordered_at) UPDATE(points_back) UPDATE(restocked) UPDATE(state)"
        ): "redemption.reward_order",
        "INSERT SELECT UPDATE(outcome)": "redemption.inbox",
        "INSERT SELECT UPDATE(paid_minor) UPDATE(returned_minor)": "redemption.bill",
        "INSERT SELECT UPDATE": "stream.outbox_shard stream.position",
        (
            "INSERT SELECT UPDATE(held) UPDATE(now_active_from) UPDATE(now_expires_at) UPDATE(pending) "
            "UPDATE(remaining)"
        ): "ledger.lot",
        "SELECT UPDATE(activates_at) UPDATE(lapses_at) UPDATE(owing) UPDATE(seq)": "ledger.member",
        "DELETE INSERT SELECT UPDATE(parts) UPDATE(points) UPDATE(spend_minor) UPDATE(visits)": "earning.member_day",
        (
            "INSERT SELECT UPDATE(changed_at) UPDATE(counted_on) UPDATE(extended) UPDATE(hold_until) "
            "UPDATE(points) UPDATE(restored) UPDATE(shares) UPDATE(state)"
        ): "redemption.redemption",
        "DELETE INSERT SELECT UPDATE(answer) UPDATE(fingerprint)": "redemption.request",
        (
            "INSERT SELECT UPDATE(changed_at) UPDATE(codes) UPDATE(exhausted_at) UPDATE(last_number) "
            "UPDATE(paused) UPDATE(revision) UPDATE(rules)"
        ): "redemption.code_pool",
        (
            "INSERT SELECT UPDATE(assigned_at) UPDATE(expires_at) UPDATE(issue) UPDATE(member_id) "
            "UPDATE(published_at) UPDATE(redeemed_at) UPDATE(state) UPDATE(uses) UPDATE(voided_at)"
        ): "redemption.code",
        "INSERT SELECT UPDATE(returned_at)": "redemption.code_use",
        "INSERT SELECT UPDATE(revoked_at) UPDATE(revoked_by)": "redemption.choice",
        (
            "INSERT SELECT UPDATE(balance_minor) UPDATE(changed_at) UPDATE(expires_at) UPDATE(last_load_at) "
            "UPDATE(member_id) UPDATE(seq) UPDATE(state)"
        ): "redemption.gift_card",
        "DELETE INSERT SELECT UPDATE(misses)": "redemption.code_miss",
        (
            "DELETE INSERT SELECT UPDATE(changed_at) UPDATE(late) UPDATE(parts) UPDATE(returned_minor) "
            "UPDATE(state) UPDATE(total_minor) UPDATE(whole)"
        ): "redemption.cart",
        "DELETE INSERT SELECT UPDATE(said_at) UPDATE(word)": "redemption.cart_word",
        (
            "INSERT SELECT UPDATE(best) UPDATE(changed_at) UPDATE(closes_at) UPDATE(commitment) UPDATE(document) "
            "UPDATE(ended_at) UPDATE(entries_digest) UPDATE(kind) UPDATE(opens_at) UPDATE(seed) UPDATE(spins) "
            "UPDATE(state) UPDATE(tickets) UPDATE(version)"
        ): "redemption.game",
        "INSERT SELECT UPDATE(drawn_for) UPDATE(used) UPDATE(voided)": "redemption.game_ticket",
        "INSERT SELECT UPDATE(free)": "redemption.game_stock",
        "INSERT SELECT UPDATE(state)": "redemption.game_bid",
        "INSERT SELECT UPDATE(changed_at) UPDATE(document)": "redemption.badge",
        "INSERT SELECT UPDATE(taken_back)": "redemption.badge_award",
        "INSERT SELECT UPDATE(amount) UPDATE(due_at) UPDATE(lent) UPDATE(share) UPDATE(since)": "ledger.debt",
        "INSERT SELECT UPDATE(dissolved_at)": "redemption.household",
        "INSERT SELECT UPDATE(answered_at) UPDATE(ended_at) UPDATE(role) UPDATE(state)": "redemption.housemate",
        "INSERT SELECT UPDATE(points)": "redemption.household_part",
    },
    "operator": {
        (
            "INSERT SELECT UPDATE(again_at) UPDATE(asked_at) UPDATE(asked_by) UPDATE(at_points) UPDATE(barred) "
            "UPDATE(barred_at) UPDATE(is_on) UPDATE(repeats) UPDATE(seen)"
        ): "redemption.standing_order",
        "USAGE": "earning expiry gateway ledger members notifier platform redemption stream vault",
        "SELECT": """
            earning.budget_reached earning.counter earning.decision_page earning.decision_page_rest earning.inbox
            earning.occasion_clock earning.parked_receipt earning.receipt earning.receipt_event earning.referral
            earning.referral_account earning.referral_change earning.referral_waiting earning.told_programme
            earning.unclaimed_receipt earning.unpaid_receipt earning.worker expiry.boundary expiry.chunk expiry.forecast
            expiry.latest_forecast expiry.origin_mix expiry.origin_place expiry.reminder expiry.reminder_chunk
            gateway.page_day gateway.page_opened gateway.questionnaire_filled ledger.allocation ledger.journal
            ledger.loan ledger.lot_now ledger.movement ledger.owed ledger.waiver members.exemption_pass
            members.identifier members.mark members.member members.merge members.referral_code members.same_person
            members.segment_change members.segment_member members.tier_change members.tier_standing
            notifier.scenario_act notifier.sms_day redemption.badge redemption.badge_award redemption.bill
            redemption.cart redemption.cart_word redemption.choice redemption.code_miss redemption.code_use
            redemption.game redemption.game_bid redemption.game_spin redemption.game_stock redemption.game_ticket
            redemption.game_win redemption.gift_card redemption.gift_card_entry redemption.household
            redemption.household_part redemption.housemate redemption.inbox redemption.rating redemption.redemption
            redemption.request redemption.reward_order redemption.reward_step redemption.reward_use redemption.trade
            redemption.wish stream.outbox stream.outbox_rest stream.outbox_shard vault.profile
            """,
        "INSERT SELECT UPDATE": """
            gateway.api_key platform.exchange_rate platform.programme platform.programme_version platform.tenant
            """,
        "DELETE INSERT SELECT UPDATE": "platform.source",
        "INSERT SELECT": """
            expiry.reinstatement_share notifier.design notifier.mass_member notifier.media notifier.own_letter
            notifier.template redemption.code redemption.reward
            """,
        "INSERT SELECT UPDATE(document) UPDATE(kept_at) UPDATE(kept_by)": "gateway.questionnaire",
        "INSERT SELECT UPDATE(free)": "redemption.stock",
        "DELETE INSERT SELECT UPDATE(due_at) UPDATE(ended_at) UPDATE(failed) UPDATE(state)": "notifier.webhook_message",
        "DELETE SELECT": """
            expiry.followed expiry.foreseen expiry.origin gateway.chat gateway.chat_message gateway.invitation_asked
            gateway.share notifier.captured notifier.feedback notifier.inbox notifier.mass_count
            notifier.webhook_attempt
            """,
        "SELECT UPDATE(digest) UPDATE(provider_id)": "notifier.delivery",
        (
            "INSERT SELECT UPDATE(approval_above) UPDATE(count_after) UPDATE(counted) UPDATE(counted_at) "
            "UPDATE(decided_at) UPDATE(decided_by) UPDATE(ended_at) UPDATE(members) UPDATE(paced_at) "
            "UPDATE(sent_at) UPDATE(sent_by) UPDATE(starts_at) UPDATE(state)"
        ): "notifier.mass",
        (
            "DELETE INSERT SELECT UPDATE(kind) UPDATE(set_at) UPDATE(set_by) UPDATE(settings) UPDATE(version)"
        ): "notifier.provider",
        (
            "INSERT SELECT UPDATE(decided_at) UPDATE(decided_by) UPDATE(ended_at) UPDATE(sent_at) UPDATE(sent_by) "
            "UPDATE(state) UPDATE(two_people)"
        ): "notifier.post",
        "SELECT UPDATE(attempts) UPDATE(due_at) UPDATE(ended_at) UPDATE(state)": "notifier.post_page",
        (
            "INSERT SELECT UPDATE(changed_at) UPDATE(codes) UPDATE(exhausted_at) UPDATE(last_number) "
            "UPDATE(paused) UPDATE(revision) UPDATE(rules)"
        ): "redemption.code_pool",
        "INSERT SELECT UPDATE(decided_at) UPDATE(decided_by) UPDATE(state)": "expiry.reinstatement",
        "INSERT SELECT UPDATE(lifted_at) UPDATE(lifted_by) UPDATE(note)": "members.block",
        "INSERT SELECT UPDATE(on_at) UPDATE(on_by) UPDATE(on_note)": "platform.kill_switch",
        "DELETE INSERT SELECT": "earning.member_day ledger.debt members.list_member notifier.result_mail",
        "INSERT SELECT UPDATE(due_at) UPDATE(reason) UPDATE(urgent)": "members.segment_look",
        "SELECT UPDATE(rules)": "members.segment_pass",
        "SELECT UPDATE(asked) UPDATE(asked_by)": "expiry.sweep",
        (
            "SELECT UPDATE(held) UPDATE(now_active_from) UPDATE(now_expires_at) UPDATE(pending) UPDATE(remaining)"
        ): "ledger.lot",
        "INSERT SELECT UPDATE(ended_at) UPDATE(ended_by)": "members.exemption",
        "SELECT UPDATE(activates_at) UPDATE(keeps) UPDATE(lapses_at) UPDATE(owing) UPDATE(seq)": "ledger.member",
        "SELECT UPDATE(replayed_at)": "stream.dead_letter",
        "DELETE INSERT SELECT UPDATE(revision) UPDATE(saved_at) UPDATE(saved_by) UPDATE(source)": (
            "notifier.design_draft"
        ),
        "INSERT SELECT UPDATE(present)": "vault.consent",
        "INSERT SELECT UPDATE(destroyed_at) UPDATE(sealed_key)": "vault.member_key",
        (
            "DELETE INSERT SELECT UPDATE(country) UPDATE(family_name) UPDATE(given_name) UPDATE(language) "
            "UPDATE(recorded_at) UPDATE(zone)"
        ): "vault.person",
        (
            "DELETE INSERT SELECT UPDATE(address) UPDATE(alive) UPDATE(changed_at) UPDATE(reason) UPDATE(told_at)"
        ): "vault.contact",
        (
            "SELECT UPDATE(bad_streak) UPDATE(halt_reason) UPDATE(halted_at) UPDATE(recent_bad) UPDATE(recent_seen)"
        ): "stream.position",
        (
            "DELETE INSERT SELECT UPDATE(asked_at) UPDATE(description) UPDATE(event_types) UPDATE(old_secret) "
            "UPDATE(old_until) UPDATE(paused_until) UPDATE(secret) UPDATE(state) UPDATE(state_at) UPDATE(style) "
            "UPDATE(url)"
        ): "notifier.webhook_endpoint",
        "DELETE SELECT UPDATE(member_id)": "gateway.invitation",
        "SELECT UPDATE(digest)": "vault.consent_asked",
    },
    "notifier": NOTIFIER,
}
