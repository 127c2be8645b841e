"""What to watch: the metrics of all services as a page, scrape settings and alerts."""
