"""What surrounds the application: image, neighbours, trust. Nothing imports this package."""
