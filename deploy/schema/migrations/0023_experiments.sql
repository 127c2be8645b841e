-- Days are written about in the order in which they come, so whoever asks for some weeks of all members, as experiments do,
-- reads no others; such an index costs next to nothing to keep.
CREATE INDEX member_day_in_time ON earning.member_day
    USING brin (day) WITH (pages_per_range = 32, autosummarize = on);
