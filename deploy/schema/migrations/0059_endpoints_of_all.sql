-- What follows gives the endpoints of all companies a new column and fills it as the owner, who sees none of a company until then.
-- 0066_invitations_asked.sql takes that back.
ALTER TABLE notifier.webhook_endpoint NO FORCE ROW LEVEL SECURITY;
