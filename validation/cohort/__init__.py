"""A site's validation run: manifest in; summary, cases, report and verdict out."""
