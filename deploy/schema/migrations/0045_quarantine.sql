-- Earning switches off campaigns whose expressions run out of what they may cost.

GRANT INSERT ON platform.kill_switch TO pointstream_earning;
