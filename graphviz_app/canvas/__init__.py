"""The canvas: one graph, drawn and touched.  Knows the engine's graph, but no document."""
