"""Posts on a company's own pages: over HTTP and on the console's pages."""
