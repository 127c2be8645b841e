"""Playing events into a topic: what is waited for is the last record, not the first of the last batch."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.embedded.play import PURCHASES, Sender
from deploy.embedded.receipts import DemoEvent
from tests.support.receipts import WHEN
from tests.support.stack import Stack


async def test_a_sender_knows_where_the_last_of_its_records_lies(stack: Stack) -> None:
    receipts = [
        DemoEvent("org.pointstream.purchase.completed.v1", f"card:{n % 50}", "/nobody", f"{stack.prefix}{n}", WHEN, {})
        for n in range(1_000)
    ]
    async with Sender(stack.bootstrap, PURCHASES, stack.prefix) as sender:
        for receipt in receipts:
            await sender.send(receipt)
        await sender.flush()

        consumer = AIOKafkaConsumer(bootstrap_servers=stack.bootstrap)
        await consumer.start()
        try:
            ends = await consumer.end_offsets([TopicPartition(stack.topic(PURCHASES), part) for part in range(12)])
        finally:
            await consumer.stop()
    assert sum(ends.values()) == len(receipts)
    assert {part.partition: end for part, end in ends.items() if end} == sender.ends
