"""Letters to people of the company: templates that are tried, and figures for operators."""
