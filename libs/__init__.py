"""Libraries that more than one service needs; none of them imports a service."""
