-- Whoever folds journals reads the terms of what was lent: for liability at a past instant, and for what a boundary did.
CREATE POLICY pointstream_expiry_works ON ledger.loan TO pointstream_expiry USING (true);
GRANT SELECT ON ledger.loan TO pointstream_expiry, pointstream_gateway;
