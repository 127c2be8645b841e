-- What finance knows beforehand: looks at all that lapses, kept one after the other.

-- A look at a programme: what of everything free at an instant lapses when, and where it came from. Never changed.
CREATE TABLE expiry.forecast (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    as_of timestamptz NOT NULL,
    outlook jsonb NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, as_of)
);

SELECT platform.protect('expiry.forecast', ARRAY['pointstream_operator', 'pointstream_expiry']);
GRANT SELECT, INSERT ON expiry.forecast TO pointstream_expiry;
GRANT SELECT ON expiry.forecast TO pointstream_gateway, pointstream_operator;

-- Which campaign, store and partner brought points is told by the decisions.
CREATE POLICY pointstream_expiry_reads ON earning.inbox FOR SELECT TO pointstream_expiry USING (true);
CREATE POLICY pointstream_expiry_reads ON earning.decision_page FOR SELECT TO pointstream_expiry USING (true);
GRANT USAGE ON SCHEMA earning TO pointstream_expiry;
GRANT SELECT ON earning.inbox, earning.decision_page TO pointstream_expiry;
