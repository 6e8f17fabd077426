"""Tissue mapping: AHA segments of a map, statistics of each, extracellular volume, ranges."""
