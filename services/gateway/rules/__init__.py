"""The programme over HTTP: its versions, its campaigns, its kill switches; each change a new version."""
