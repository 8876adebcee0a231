"""The leaderboard as a static site: no server, no network, nothing of a record is ever executed."""
