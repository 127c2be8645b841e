"""Real PostgreSQL and Kafka from packages, and the supervisor behind `pointstream up`."""
