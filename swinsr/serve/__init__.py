"""Pictures upscaled and restored over HTTP, for programs; there is no page."""
