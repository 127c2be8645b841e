-- The notifier asks whether a member has reached the goal of a scenario, and is in the segments that a step is for.
CREATE POLICY pointstream_notifier_works ON ledger.movement TO pointstream_notifier USING (true);
CREATE POLICY pointstream_notifier_works ON members.segment_member TO pointstream_notifier USING (true);
GRANT SELECT ON ledger.movement, members.segment_member TO pointstream_notifier;
