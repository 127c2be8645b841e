-- The notifier reads the mailbox to which mails come back, and tells what it finds as anybody does.
GRANT INSERT ON notifier.feedback TO pointstream_notifier;

-- Whoever erases a member also takes away the words that wait for the member, and what names an address.
GRANT SELECT, DELETE ON notifier.inbox, notifier.captured, notifier.feedback TO pointstream_operator;
GRANT UPDATE (digest, provider_id) ON notifier.delivery TO pointstream_operator;
