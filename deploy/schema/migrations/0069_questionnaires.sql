-- Questionnaires, and who filled one in when. Answers are attributes of members, and lie with these alone.

CREATE TABLE gateway.questionnaire (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    name text NOT NULL,
    document jsonb NOT NULL,
    kept_by text NOT NULL,
    kept_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, name)
);

CREATE TABLE gateway.questionnaire_filled (
    tenant_id int NOT NULL,
    programme_id int NOT NULL,
    name text NOT NULL,
    member_id uuid NOT NULL,
    filled_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, programme_id, name, member_id)
);
CREATE INDEX questionnaire_filled_by_member ON gateway.questionnaire_filled (tenant_id, programme_id, member_id);

SELECT platform.protect('gateway.questionnaire', ARRAY['pointstream_operator']);
SELECT platform.protect('gateway.questionnaire_filled', ARRAY['pointstream_operator']);

GRANT SELECT, INSERT, UPDATE (document, kept_by, kept_at) ON gateway.questionnaire
    TO pointstream_gateway, pointstream_operator;
GRANT SELECT, INSERT, UPDATE (filled_at) ON gateway.questionnaire_filled TO pointstream_gateway;
GRANT SELECT ON gateway.questionnaire_filled TO pointstream_operator;
