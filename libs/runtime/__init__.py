"""Plumbing without a business noun: clock, settings, logs, metrics, Kafka, PostgreSQL, outbox."""
