"""What people design without a developer: styles of brands, templates and landing pages, with drafts and versions."""
