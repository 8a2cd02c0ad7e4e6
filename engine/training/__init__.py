"""Training: a graph, data and settings become a run, batch by batch, that can be looked into."""
