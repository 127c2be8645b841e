-- Letters for the post are kept for months, whatever else is captured meanwhile: who forgets looks at each by itself.

CREATE INDEX captured_others ON notifier.captured (captured_at DESC) WHERE channel <> 'file';
CREATE INDEX captured_letters ON notifier.captured (captured_at) WHERE channel = 'file';
