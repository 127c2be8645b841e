"""What scenarios do beside messages: points, rewards, webhooks and tags, when their time has come."""
