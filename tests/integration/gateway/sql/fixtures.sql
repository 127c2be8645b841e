-- name: member
WITH head AS (
    INSERT INTO ledger.member (tenant_id, programme_id, member_id, spread, tier) VALUES ($1, $2, $3, 7, $4)
)
INSERT INTO members.member (tenant_id, programme_id, member_id, enrolled_at, recorded_at) VALUES ($1, $2, $3, $5, $5);

-- name: head
INSERT INTO ledger.member (tenant_id, programme_id, member_id, seq, spread) VALUES ($1, $2, $3, $4, 7)
ON CONFLICT (tenant_id, programme_id, member_id) DO UPDATE SET seq = excluded.seq;

-- name: identifier
INSERT INTO members.identifier (tenant_id, programme_id, identifier, member_id, recorded_at) VALUES ($1, $2, $3, $4, $5);

-- name: lot
INSERT INTO ledger.lot (tenant_id, programme_id, member_id, seq, wallet, amount, remaining, held, earned_at, active_from,
                        expires_at, recorded_at, policy_version, cause, opened_by, pending)
VALUES ($1, $2, $3, $4, $5, $6, $6, 0, $7, $8, $9, $10, 1, $11, $12::text::ledger.kind, $8::timestamptz > $7::timestamptz);

-- name: movement
INSERT INTO ledger.movement (tenant_id, programme_id, member_id, seq, wallet, kind, from_account, to_account, amount,
                             effective_at, recorded_at, cause, corrects, moves_expiry, new_expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12, $11, $13, $14, $15);

-- name: debt
INSERT INTO ledger.debt (tenant_id, programme_id, member_id, wallet, amount, since)
VALUES ($1, $2, $3, $4, greatest($5::bigint, 0), $6)
ON CONFLICT (tenant_id, programme_id, member_id, wallet)
    DO UPDATE SET amount = ledger.debt.amount + $5, since = excluded.since;

-- name: allocation
INSERT INTO ledger.allocation (tenant_id, programme_id, member_id, seq, lot_seq, amount) VALUES ($1, $2, $3, $4, $5, $6);

-- name: change_lot
UPDATE ledger.lot
SET remaining = remaining + $5, held = held + $6, pending = pending AND $7::timestamptz IS NULL,
    now_active_from = coalesce($7, now_active_from), now_expires_at = coalesce($8::timestamptz, now_expires_at)
WHERE tenant_id = $1 AND programme_id = $2 AND member_id = $3 AND seq = $4;

-- name: unpaid
INSERT INTO earning.unpaid_receipt (tenant_id, programme_id, member_id, after_seq, event_key, occurred_at, recorded_at,
                                    outcome)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7);

-- name: inbox
INSERT INTO earning.inbox (tenant_id, event_key, body_hash, page, recorded_at) VALUES ($1, $2, 0, $3, $4);

-- name: page
INSERT INTO earning.decision_page (tenant_id, page, recorded_at, body) VALUES ($1, $2, $3, $4);

-- name: api_key
INSERT INTO gateway.api_key (key_id, tenant_id, name, digest, scopes, created_at, expires_at, revoked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: revoke
UPDATE gateway.api_key SET revoked_at = $2 WHERE key_id = $1;

-- name: ended_sessions
SELECT count(*) FROM gateway.session_ended;

-- name: last_used
SELECT last_used_at FROM gateway.api_key WHERE key_id = $1;

-- name: tables_with_tenant
SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relrowsecurity, c.relforcerowsecurity
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
WHERE a.attname = 'tenant_id' AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'
ORDER BY 1;

-- name: readable_by
SELECT has_table_privilege($1, $2, 'SELECT');

-- name: see_tenant
SELECT set_config('pointstream.tenant', $1, $2);

-- name: bypassing_roles
SELECT rolname FROM pg_roles WHERE rolname ~ '^pointstream_' AND (rolsuper OR rolbypassrls);

-- name: tenants_seen
-- Returns the statement to run: a table's name can't be a parameter.
SELECT format('SELECT DISTINCT tenant_id FROM %s', $1::text);

-- name: own_tables
SET ROLE pointstream_owner;

-- name: spoil
UPDATE ledger.lot SET remaining = remaining - 1 WHERE tenant_id = $1 AND remaining > held;

-- name: position
INSERT INTO stream.position (consumer, topic, part, cluster_id, topic_id, next_offset, epoch, owner, halted_at, halt_reason,
                             moved_at)
VALUES ('earning.purchases', $1, $2, 'c', 't', $3, 1, 'one', CASE WHEN $5::text IS NOT NULL THEN $4::timestamptz END, $5, $4);

-- name: shard
INSERT INTO stream.outbox_shard (shard, next_seq, published_seq) VALUES ($1, $2, $3);

-- name: letter
INSERT INTO stream.dead_letter (letter_id, consumer, tenant_id, topic, part, record_offset, record_time, reason, field,
                                detail, attempts, sealed_value, recorded_at)
VALUES (gen_random_uuid(), 'earning.purchases', $1, 'loyalty.purchases', 0, 0, $2, 'payload-invalid', '', '', 1, '', $2);

-- name: parked
INSERT INTO earning.parked_receipt (tenant_id, programme_id, receipt_key, event_key, reason, currency, store,
                                    receipt_number, occurred_at, recorded_at)
VALUES ($1, $2, gen_random_uuid(), $4, 'no-exchange-rate', 'CHF', '12', '000123', $3, $3);

-- name: unclaimed
INSERT INTO earning.unclaimed_receipt (tenant_id, programme_id, receipt_key, event_key, identifiers, receipt_number,
                                       occurred_at, recorded_at)
VALUES ($1, $2, gen_random_uuid(), gen_random_uuid(), $3, $4, $5, $5);

-- name: rate
INSERT INTO platform.exchange_rate (tenant_id, programme_id, currency, version, rate_e9, valid_from, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $6);

-- name: receipt
INSERT INTO earning.receipt (tenant_id, receipt_key, programme_id, event_key, member_id, story) VALUES ($1, $2, $3, $4, $5, $6);

-- name: receipt_event
INSERT INTO earning.receipt_event (tenant_id, receipt_key, event_key) VALUES ($1, $2, $3);

-- name: waiting
INSERT INTO earning.parked_receipt (tenant_id, programme_id, receipt_key, event_key, reason, currency, receipt_number,
                                    occurred_at, recorded_at)
VALUES ($1, $2, $3, $4, $5, 'EUR', $6, $7, $7);

-- name: counter
INSERT INTO earning.counter (tenant_id, programme_id, counter_key, used) VALUES ($1, $2, $3, $4);

-- name: used
SELECT used FROM earning.counter WHERE tenant_id = $1 AND counter_key = $2;

-- name: file
INSERT INTO gateway.file (tenant_id, file_id, name, source, form, encoding, enrols, digest, sameness, size, received_at,
                          state, ended_at)
VALUES ($1, $2, 'a.jsonl', '/a', 'jsonl', 'utf-8', false, sha256(''), sha256(''), 0, $3, 'done', $3);

-- name: backtest
INSERT INTO gateway.backtest
    (tenant_id, backtest_id, programme_id, programme, document, hash, since, until, point_values, sameness, asked_by,
     asked_at, state, ended_at, summary)
VALUES ($1, $2, 1, 'main', '{}', '', $3, $3::timestamptz + interval '1 day', '{}', sha256(''), '', $3, 'done', $3, '{}');

-- name: backtest_part
INSERT INTO gateway.backtest_part (tenant_id, backtest_id, name, number, body) VALUES ($1, $2, $3, 0, 'none');

-- name: mapping
UPDATE platform.source SET mapping = $2::jsonb WHERE source_prefix = $1;

-- name: lease_over
UPDATE gateway.file SET lease_until = received_at;

-- name: referral
INSERT INTO earning.referral (tenant_id, programme_id, friend_id, referrer_id, claimed_at, enrolled_at, version, consented,
                              suspicions, state, reasons, converted_at, counted, changes, changed_at)
VALUES ($1, $2, $3, $4, $5, $5, 1, false, '{}', $6, $7, $8, '{}', 1, $5);

-- name: referral_change
INSERT INTO earning.referral_change (tenant_id, programme_id, friend_id, number, state, reason, decided_by, note, cause,
                                     recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $3, $9);

-- name: segment_member
INSERT INTO members.segment_member (tenant_id, programme_id, member_id, segment, entered_at, programme_version)
VALUES ($1, $2, $3, $4, $5, 1);

-- name: segment_looks
SELECT tenant_id, member_id, reason, urgent FROM members.segment_look ORDER BY member_id;

-- name: redemption
-- One point of the first lot, redeemed.
INSERT INTO redemption.redemption (tenant_id, programme_id, member_id, redemption_id, state, points, shares, counted_on,
                                   asked_at, changed_at)
VALUES ($1, $2, $3, $4, 'redeemed', 1, '[[2, "points", 1, 1, 0]]', $5::date, $5, $5);

-- name: donation
INSERT INTO redemption.trade (tenant_id, programme_id, member_id, redemption_id, kind, wallet, points, other, rate_points,
                              rate_other, programme_version, currency, party, traded_at)
VALUES ($1, $2, $3, $4, 'donate', 'points', 10, 5, 10, 5, 1, $5, 'reef', $6);

-- name: reward
INSERT INTO redemption.reward (tenant_id, programme_id, reference, version, document, author, recorded_at)
VALUES ($1, $2, $3::text, 1, jsonb_set($4::text::jsonb, '{reference}', to_jsonb($3::text))::text, 'test', $5);

-- name: reward_order
INSERT INTO redemption.reward_order (
    tenant_id, programme_id, member_id, order_id, reference, version, kind, category, state, quantity, cancelled,
    restocked, plan, points, money_minor, points_back, money_back, answers, issued, asked_at, ordered_at, changed_at)
VALUES ($1, $2, $3, $4, $5, 1, 'merchandise', 'home', 'ordered', 1, 0, 0, 'standard', 1, 0, 0, 0, '{}', '[]', $6, $6, $6);

-- name: rating
INSERT INTO redemption.rating (tenant_id, programme_id, member_id, order_id, reference, kind, stars, rated_at)
VALUES ($1, $2, $3, $4, $5, 'merchandise', 4, $6);

-- name: code_pool
INSERT INTO redemption.code_pool (tenant_id, programme_id, name, kind, rules, codes, created_at, changed_at)
VALUES ($1, $2, $3, 'coupon', '{}', 1, $4, $4) RETURNING pool_id;

-- name: code
INSERT INTO redemption.code (tenant_id, code_id, sealed, pool_id, number, state, member_id, created_at, assigned_at)
VALUES ($1, $2, $3, $4, 1, 'assigned', $5, $6, $6);

-- name: gift_card
-- A card with ten in its first entry.
WITH entry AS (
    INSERT INTO redemption.gift_card_entry (tenant_id, card_id, seq, kind, source, target, amount_minor, at, cause)
    VALUES ($1, $4, 1, 'issue', 'sold', 'card', 1000, $7, $4)
)
INSERT INTO redemption.gift_card (tenant_id, programme_id, member_id, card_id, sealed, currency, law, law_version,
                                  initial_minor, balance_minor, seq, issued_at, last_load_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, 'none', 1, 1000, 1000, 1, $7, $7, $7);

-- name: cart
INSERT INTO redemption.cart (tenant_id, programme_id, member_id, cart_id, receipt_key, receipt_number, state, fingerprint,
                             held_until, currency, total_minor, parts, told, asked_at, changed_at)
VALUES ($1, $2, $3, $4, $4, 'R-1', 'held', '', $5, 'EUR', 1000, '{"codes": [], "cards": [], "points": null}', 'null', $5, $5);

-- name: member_day
INSERT INTO earning.member_day (tenant_id, programme_id, member_id, day, visits, spend_minor, points, parts)
VALUES ($1, $1, $2, $3, $4, $5, 0, $6::text::jsonb);

-- name: sweep
INSERT INTO expiry.sweep (tenant_id, programme_id, boundary, sweep_id, local_date, zone, tzdata, wallets, cause, state, preview,
                          announced_at)
VALUES ($1, $1, $3, $2, '2024-03-01', 'Europe/Rome', '2026b', '{points}', $2, 'announced',
        '[{"tier": null, "wallet": "points", "members": 1, "lots": 1, "points": 5}]', $3);

-- name: asked
SELECT asked, asked_by FROM expiry.sweep WHERE tenant_id = $1;

-- name: reminder
INSERT INTO expiry.reminder (tenant_id, programme_id, wallet, boundary, step, days, due_at, since, local_date, zone,
                             programme_version, min_points, tiers, segments, state, started_at)
VALUES ($1, $1, 'points', $2::timestamptz + interval '7 days', $3, 7, $2, $2, '2024-03-31', 'Europe/Rome', 1, 100, '{}', '{}',
        'running', $2);

-- name: reminder_chunk
INSERT INTO expiry.reminder_chunk (tenant_id, programme_id, wallet, boundary, step, number, after, last, finished, told)
VALUES ($1, $1, 'points', $2::timestamptz + interval '7 days', $3, 0, gen_random_uuid(), gen_random_uuid(), true,
        '[{"tier": "gold", "members": 2, "lots": 3, "points": 250}]');

-- name: reinstatement
INSERT INTO expiry.reinstatement (tenant_id, programme_id, reinstatement_id, digest, lapsed_after, lapsed_until, reason, members,
                                  points, state, asked_by, asked_at)
VALUES ($1, $1, $2, '\x00', $3::timestamptz - interval '9 days', $3, 'goodwill', 1, 5, 'awaiting_approval', 'eva', $3);

-- name: mass
INSERT INTO notifier.mass (tenant_id, programme_id, mass_id, digest, name, wanted, state, made_by, made_at)
VALUES ($1, $2, $3, '\x00', 'Spring', '{"name": "Spring", "everyone": true, "words": [{"title": "Spring", "text": "Come."}]}',
        'counting', 'eva', $4);

-- name: post
INSERT INTO notifier.post (tenant_id, programme_id, post_id, digest, name, wanted, state, made_by, made_at)
VALUES ($1, $2, $3, '\x00', 'Spring', '{"name": "Spring", "words": [{"text": "Come."}]}', 'draft', 'eva', $4);

-- name: simulation
INSERT INTO notifier.simulation (tenant_id, simulation_id, programme_id, days, scenarios, asked_by, asked_at)
VALUES ($1, $3, $2, 30, '[]', 'test', $4);

-- name: own_letter
INSERT INTO notifier.own_letter (tenant_id, letter_id, programme_id, kind, channel, message, digest, state, due_at, asked_by,
                                 asked_at)
VALUES ($1, $3, $2, 'test', 'email', 'welcome', '\x00', 'waiting', $4, 'eva', $4);

-- name: webhook
INSERT INTO notifier.webhook_endpoint (tenant_id, endpoint_id, url, event_types, style, description, secret, state_at,
                                       asked_at, created_at, created_by)
VALUES ($1, $2, 'https://hook.example.com/', '{*}', 'thin', '', '\x00', $3, $3, $3, 'eva');

-- name: webhook_message
INSERT INTO notifier.webhook_message (tenant_id, endpoint_id, message_id, event_type, occurred_at, queued_at, body, due_at)
VALUES ($1, $2, $2, 'webhook.test', $3, $3, '{}', $3);

-- name: message
INSERT INTO notifier.delivery (tenant_id, programme_id, member_id, message, occasion, channel, occasion_on, delivery_id, purpose,
                               route, place, spread, facts, state, due_at, queued_at, ended_at, reason, trail)
VALUES ($1, $2, $3, 'expiry_reminder', 'points@x/7d', 'email', $5::timestamptz::date, $4, 'service', '{sms}', 0, 0, '{"points": 5}',
        'suppressed', $5, $5, $5, 'no_address',
        '[{"at": "2024-03-01T10:00:00Z", "state": "suppressed", "reason": "no_address"}]')
ON CONFLICT DO NOTHING;

-- name: game
INSERT INTO redemption.game (tenant_id, programme_id, game_id, name, kind, document, state, opens_at, closes_at, commitment, seed,
                             entries_digest, changed_at, ended_at)
VALUES ($1, $2, $3, $4, 'lottery', $6, 'ended', $5, $5, sha256(decode(repeat('00', 32), 'hex')),
        decode(repeat('00', 32), 'hex'), sha256(''), $5, $5);

-- name: household
WITH made AS (
    INSERT INTO redemption.household (tenant_id, programme_id, household_id, founded_at) VALUES ($1, $2, $4, $5)
)
INSERT INTO redemption.housemate (tenant_id, programme_id, member_id, household_id, invited_at, role, state, answered_at)
VALUES ($1, $2, $3, $4, $5, 'owner', 'joined', $5);

-- name: questionnaire
INSERT INTO gateway.questionnaire (tenant_id, programme_id, name, document, kept_by, kept_at)
VALUES ($1, $2, $3, $5::text::jsonb, 'test', $4);

-- name: profile
INSERT INTO vault.profile (tenant_id, programme_id, member_id, revision, present, birthday, attributes, recorded_at)
VALUES ($1, $2, $3, 1, true, NULL, $4::text::jsonb, $5);

-- name: chat
INSERT INTO gateway.chat (tenant_id, programme_id, member_id, state, state_at, unread, last_at, member_read, change)
VALUES ($1, $2, $3, 'open', $4, 0, $4, 0, 1);
