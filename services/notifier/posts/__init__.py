"""Posts on a company's own pages, from their hour to the page."""
