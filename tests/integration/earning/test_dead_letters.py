"""Records that can't be taken: quarantined, shown, halted at, and put back so that each posts once."""

from __future__ import annotations

from aiokafka import AIOKafkaProducer

from libs.contracts.events import DeadLetterHeadersV1
from libs.runtime.seal import Seal
from tests.support.command import Command, assert_sound
from tests.support.locks import transaction, waiting
from tests.support.receipts import POINTS, PURCHASES, Record, enrolment, member_id, purchase
from tests.support.stack import SEAL_KEY, Stack, Worker, until

SEAL = Seal.from_base64(SEAL_KEY)
OTHERS = ("1", "2", "3", "5", "6")
"""Cards whose receipts lie in other partitions than those of card 7."""


async def _letters(stack: Stack) -> int:
    return int((await stack.fetch("SELECT count(*) FROM stream.dead_letter"))[0][0])


async def _points(stack: Stack, card: str) -> int:
    query = "SELECT coalesce(sum(amount), 0)::bigint FROM ledger.lot WHERE member_id = $1"
    return int((await stack.fetch(query, member_id(card)))[0][0])


async def _enrol_by(stack: Stack, *cards: str) -> None:
    worker = await stack.start_ready(instance="enrolling")
    await _enrol(stack, *cards)
    assert worker.stop() == 0


async def _enrol(stack: Stack, *cards: str) -> None:
    await stack.produce([enrolment(card) for card in cards])
    await stack.drained("loyalty.profiles")


async def test_letter_keeps_the_original_to_the_byte(stack: Stack, command: Command) -> None:
    original = Record(PURCHASES, b"phone:+39 06 555 0199", b'{"type": "no", \xff "caller": "+39 06 555 0199"')
    await stack.start_ready()
    await stack.produce([original])
    await stack.drained()
    row = (await stack.fetch("SELECT * FROM stream.dead_letter"))[0]
    assert SEAL.open(row["sealed_value"], f"{row['letter_id']}/value") == original.value
    assert SEAL.open(row["sealed_key"], f"{row['letter_id']}/key") == original.key
    [record] = await stack.read(PURCHASES + ".dlq")
    headers = DeadLetterHeadersV1.from_record(record.headers)
    assert headers.letter_id == str(row["letter_id"]) == record.key.decode()
    assert SEAL.open(record.value, f"{headers.letter_id}/value") == original.value
    assert (headers.reason, headers.topic, headers.attempts) == ("not-json", PURCHASES, 1)
    assert (headers.partition, headers.offset) == (row["part"], row["record_offset"])
    assert headers.timestamp == int(row["record_time"].timestamp() * 1000)


async def test_show_masks_unless_asked_and_then_it_is_logged(stack: Stack, command: Command) -> None:
    bad = purchase("R-1", card="4711", currency="eur", channel="confidential")
    bad = bad._replace(value=bad.value.replace(b'"receipt_number"', b'"jo@example.org":1,"receipt_number"'))
    await stack.start_ready()
    await stack.produce([bad])
    await stack.drained()
    listed = await command.dlq("list")
    assert listed["reasons"] == {"field": 1}
    [letter] = listed["letters"]
    assert (letter["field"], letter["replayed_at"], letter["bytes"]) == ("/data/currency", None, len(bad.value))
    masked = await command.run(["dlq", "show", letter["letter_id"]])
    assert "receipt_number" in masked
    assert not any(secret in masked for secret in ("4711", "confidential", "R-1", "jo@example.org"))
    shown = await command.dlq("show", letter["letter_id"], "--reveal")
    assert shown["value"].encode() == bad.value
    assert shown["key"] == "card:4711"
    log = (stack.database.server.data / "logs" / "postgres.log").read_text(errors="replace")
    assert f"dead letter revealed: {letter['letter_id']} by " in log


async def test_one_bad_in_a_thousand_stops_nobody(stack: Stack, command: Command) -> None:
    await stack.start_ready()
    await _enrol(stack, "1", "2", "3", "4")
    good = [purchase(f"G-{n}", 100, card=str(n % 4 + 1)) for n in range(2_000)]
    good[500:500] = [purchase("B-1", 100, card="1", source="/nobody/pos")]
    good[1500:1500] = [Record(PURCHASES, b"card:2", b"junk")]
    await stack.produce(good)
    await stack.drained()
    assert [await _points(stack, card) for card in "1234"] == [500] * 4
    assert (await command.dlq("list"))["reasons"] == {"not-json": 1, "unknown-source": 1}
    assert (await command.dlq("list"))["halted"] == []
    await assert_sound(stack)


async def test_poison_halts_its_partition_until_an_operator_resumes(stack: Stack, command: Command) -> None:
    """Thirty bad ones in a row; the halt survives the worker, and after the fix each of them posts once."""
    worker = await stack.start_ready()
    await _enrol(stack, *OTHERS, "7")
    poison = [purchase(f"B-{n}", 100, card="7", source="/acme/web/1") for n in range(30)]
    behind = [purchase(f"A-{n}", 100, card="7") for n in range(5)]
    await stack.produce(poison + behind)
    await until(lambda: _halted(worker), "the partition halts, and a metric says so")
    await stack.produce([purchase(f"O-{n}", 100, card=OTHERS[n % len(OTHERS)]) for n in range(50)])

    async def others_go_on() -> bool:
        return [await _points(stack, card) for card in OTHERS] == [10] * len(OTHERS)

    await until(others_go_on, "other partitions go on")
    [position] = await stack.fetch("SELECT * FROM stream.position WHERE halted_at IS NOT NULL")
    assert position["halt_reason"] == "20 bad records in a row"
    assert (await _letters(stack), await _points(stack, "7")) == (20, 0)
    await assert_sound(stack)

    worker.kill()
    worker = await stack.start_ready()
    await until(lambda: _halted(worker), "the halt survives the worker")
    assert (await _letters(stack), await _points(stack, "7")) == (20, 0)

    listed = await command.dlq("list")
    assert [(halt["topic"], halt["part"]) for halt in listed["halted"]] == [(position["topic"], position["part"])]
    resumed = await command.dlq("resume", "--topic", PURCHASES, "--partition", str(position["part"]))
    assert [each["reason"] for each in resumed["resumed"]] == ["20 bad records in a row"]
    await stack.drained()
    assert (await _letters(stack), await _points(stack, "7")) == (30, 5)
    await until(lambda: _halted(worker, 0), "the metric falls")

    await _register(stack, worker, "/acme/web")
    dry = await command.dlq("replay", "--reason", "unknown-source", "--dry-run")
    assert (dry["found"], dry["replayed"]) == (30, 0)
    replayed = await command.dlq("replay", "--reason", "unknown-source")
    assert (replayed["found"], replayed["replayed"]) == (30, 30)
    await stack.drained()
    assert (await _letters(stack), await _points(stack, "7")) == (30, 35)
    assert (await command.dlq("replay", "--all"))["found"] == 0
    assert (await command.dlq("list", "--open"))["total"] == 0
    again = await command.dlq("replay", *dry["ids"])
    assert again["replayed"] == 30
    await stack.drained()
    assert (await _letters(stack), await _points(stack, "7")) == (30, 35)
    credited = [e for e in await stack.events(POINTS) if "credited" in str(e["type"])]
    assert len({event["id"] for event in credited}) == 50 + 5 + 30
    await assert_sound(stack)


async def _halted(worker: Worker, partitions: int = 1) -> bool:
    return worker.metric("loyalty_stream_halted_partitions") == partitions


async def _register(stack: Stack, worker: Worker, source: str) -> None:
    """Register a source of acme's, and wait until the worker has heard of it."""
    before = worker.log.read_text().count("programmes.loaded")
    await stack.fetch("INSERT INTO platform.source VALUES ($1, 1, 1)", source)

    async def heard() -> bool:
        return worker.log.read_text().count("programmes.loaded") > before

    await until(heard, "the worker knows the source")


async def test_true_repeat_behind_another_body_is_no_letter(stack: Stack, command: Command) -> None:
    """In one batch: a body that is not the one known under the id, then the known one again."""
    await _enrol_by(stack, "7")
    worker = await stack.start_ready()
    await stack.produce([purchase("R-1", 500, card="7")])
    await stack.drained()
    async with transaction(stack) as lock:
        await lock.execute("LOCK TABLE earning.inbox IN SHARE ROW EXCLUSIVE MODE")
        await stack.produce([purchase("R-0", 500, card="7")])

        async def held() -> bool:
            return await waiting(stack) == 1

        await until(held, "a batch is in hand, so that what comes now comes together")
        await stack.produce([purchase("R-1", total, card="7") for total in (900, 500, 900, 700, 500)])
    await stack.drained()
    assert (await command.dlq("list"))["reasons"] == {"other-body": 3}
    assert worker.metric("loyalty_stream_records_total", outcome="repeated") == 2
    assert await _points(stack, "7") == 10
    await assert_sound(stack)


async def test_what_is_rejected_inside_the_transaction_halts_too(stack: Stack, command: Command) -> None:
    """A till that gives all its receipts one id: nothing of it is decoded wrong, and still it must not go on."""
    await _enrol_by(stack, "7", *OTHERS)
    worker = await stack.start_ready()
    await stack.produce([purchase("R-1", 500, card="7")])
    await stack.drained()
    await stack.produce([purchase("R-1", 1_000 + number, card="7") for number in range(25)])

    async def halted() -> bool:
        return len((await command.dlq("list"))["halted"]) == 1

    await until(halted, "the partition halts")
    [halt] = (await command.dlq("list"))["halted"]
    assert halt["halt_reason"] == "20 bad records in a row"
    await stack.produce([purchase("R-2", 500, card="7"), *(purchase(f"O-{card}", 500, card=card) for card in OTHERS)])

    async def others_go_on() -> bool:
        return [await _points(stack, card) for card in OTHERS] == [5] * len(OTHERS)

    await until(others_go_on, "the other partitions go on")
    assert await _points(stack, "7") == 5

    async def told() -> bool:
        return worker.metric("loyalty_stream_halted_partitions", topic=stack.topic(PURCHASES)) == 1

    await until(told, "the worker tells of the halt")
    await command.dlq("resume", "--all")
    await stack.drained()
    assert await _points(stack, "7") == 10
    assert (await command.dlq("list"))["reasons"] == {"other-body": 25}
    await assert_sound(stack)


async def test_replay_brings_the_headers_back(stack: Stack, command: Command) -> None:
    """What a producer says in headers is sealed like the rest, and said again, time after time."""
    bad = purchase("R-1", source="/nobody/pos")
    told = [("traceparent", b"00-1-2-01"), ("till", b"secret of the till"), ("empty", None)]
    await stack.start_ready()
    async with AIOKafkaProducer(bootstrap_servers=stack.bootstrap) as producer:
        await producer.send_and_wait(stack.topic(PURCHASES), bad.value, key=bad.key, headers=told)
    await stack.drained()
    for _ in range(2):
        await command.dlq("replay", "--all")
        await stack.drained()
    records = await stack.read(PURCHASES)
    assert [list(record.headers[:3]) for record in records] == [told] * 3
    assert [[name for name, _ in record.headers[3:]] for record in records] == [
        [],
        ["attempts", "first-arrival"],
        ["attempts", "first-arrival"],
    ]
    announced = await stack.read(PURCHASES + ".dlq")
    assert not any(b"secret of the till" in value for each in announced for _, value in each.headers)
    [letter] = (await command.dlq("list", "--open"))["letters"]
    assert (await command.dlq("show", letter["letter_id"]))["headers"] == [name for name, _ in told]


async def test_replay_that_fails_again_makes_a_new_letter(stack: Stack, command: Command) -> None:
    await stack.start_ready()
    await stack.produce([purchase("R-1", source="/nobody/pos")])
    await stack.drained()
    await command.dlq("replay", "--all")
    await stack.drained()
    letters = (await command.dlq("list"))["letters"]
    assert sorted((letter["attempts"], letter["replayed_at"] is not None) for letter in letters) == [
        (1, True),
        (2, False),
    ]
    assert letters[0]["record_time"] == letters[1]["record_time"]  # lateness is judged by the first arrival


async def test_record_that_postgresql_refuses_is_found_and_the_rest_goes_on(stack: Stack, command: Command) -> None:
    """The decoder leaves no way in that PostgreSQL closes, so a test makes one."""
    await stack.fetch(
        "ALTER TABLE earning.unclaimed_receipt ADD CONSTRAINT cursed CHECK (receipt_number NOT LIKE 'cursed-%')"
    )
    await _work_while_stopped(stack, [purchase(f"R-{n}", 100, card="1") for n in range(300)])
    cursed = [purchase(f"cursed-{n}", 100, card="stranger") for n in (1, 2)]
    good = [purchase(f"S-{n}", 100, card="1") for n in range(300)]
    await stack.produce([*good[:137], cursed[0], *good[137:200], cursed[1], *good[200:]])
    worker = await stack.start_ready()
    await stack.drained()
    assert await _points(stack, "1") == 600
    assert worker.metric("loyalty_stream_retries_total", cause="refused") >= 2
    listed = await command.dlq("list")
    assert listed["reasons"] == {"refused-by-database": 2}
    assert all("23514" in letter["detail"] for letter in listed["letters"])
    assert "stranger" not in worker.log.read_text()
    await assert_sound(stack)

    await stack.fetch("ALTER TABLE earning.unclaimed_receipt DROP CONSTRAINT cursed")
    await command.dlq("replay", "--reason", "refused-by-database")
    await stack.drained()
    assert len(await stack.fetch("SELECT FROM earning.unclaimed_receipt")) == 2
    await assert_sound(stack)


async def _work_while_stopped(stack: Stack, records: list[Record]) -> None:
    """Enrol and take a first load, then stop, so that what comes next is one batch."""
    worker = await stack.start_ready()
    await _enrol(stack, "1")
    await stack.produce(records)
    await stack.drained()
    assert worker.stop() == 0


async def test_same_id_with_another_body(stack: Stack, command: Command) -> None:
    """In one batch, in a later batch, and in another partition: the first counts, the others are dead letters."""
    await stack.start_ready()
    await _enrol(stack, "1", "2")
    await stack.produce([purchase("R-1", 1_000), purchase("R-1", 2_000), purchase("R-1", 1_000)])
    await stack.drained()
    await stack.produce([purchase("R-1", 3_000), purchase("R-1", 9_900, card="2")])
    await stack.drained()
    await stack.produce([purchase("R-1", 1_000)])
    await stack.drained()
    assert (await _points(stack, "1"), await _points(stack, "2")) == (10, 0)
    listed = await command.dlq("list")
    assert listed["reasons"] == {"other-body": 3}
    assert {letter["field"] for letter in listed["letters"]} == {"/id"}
    assert len({letter["part"] for letter in listed["letters"]}) == 2
    await assert_sound(stack)


async def test_enrolment_under_a_taken_card(stack: Stack, command: Command) -> None:
    """Nothing of it is applied, so that a replay can still do it all; the card stays whose it was."""
    await stack.start_ready()
    await _enrol(stack, "1")
    await stack.produce([enrolment("2", also=["1"])])
    await stack.drained("loyalty.profiles")
    assert (await command.dlq("list"))["reasons"] == {"identifier-taken": 1}
    await stack.produce([purchase("R-1", 100, card="1"), purchase("R-2", 200, card="2")])
    await stack.drained()
    assert (await _points(stack, "1"), await _points(stack, "2")) == (1, 0)
    assert len(await stack.fetch("SELECT FROM members.member")) == 1
    assert len(await stack.fetch("SELECT FROM earning.unclaimed_receipt")) == 1
    await assert_sound(stack)
