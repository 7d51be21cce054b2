"""Rules, packs, the runner and findings."""
