"""The set of templates that comes with the platform: every message, on every channel, in English and German."""
