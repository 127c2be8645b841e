-- Whoever may publish rules adds the exchange rates that they bring along.

GRANT INSERT ON platform.exchange_rate TO pointstream_gateway;
