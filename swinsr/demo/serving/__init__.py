"""The server of the page: its port, its guard, what answers first."""
