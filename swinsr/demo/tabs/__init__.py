"""The page's tabs, one module each: `build(page)` within a `gr.Tab`."""
