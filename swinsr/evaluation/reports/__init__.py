"""Results as Markdown, CSV, JSON and HTML."""
